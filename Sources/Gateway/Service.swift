import FoundationEssentials
package import HTTP
package import Reactor
import Secure
import Store
import Synchronization
import WeChat

/// The gateway as a whole: two listeners and the work in the background. `magpie serve` starts, reloads and stops it.
package final class Service: Sendable {
    /// As it was opened, for its end; everybody else has the measured one.
    private let store: any Store
    private let fixtures: Fixtures
    private let current: CurrentWiring
    private let publicServer: Server
    private let adminServer: Server
    private let background = Mutex(Background())

    private struct Background {
        var keepers: [(keeper: Keeper, task: Task<Void, Never>)] = []
        /// Those of former wirings, as long as a request holds them.
        var former: [Former] = []
        /// The sweeper, and what watches the loops.
        var chores: [Task<Void, Never>] = []
        var isServing = false
        var isStopping = false
    }

    private struct Former {
        weak var keeper: Keeper?
    }

    /// Between two looks for expired records.
    private static let sweepInterval = Duration.seconds(60)

    /// Opens the store and builds every part; nothing listens yet. Throws `StoreError`, `SecureError` or `ClientError`
    /// for files that cannot be used.
    ///
    /// - Parameter sandboxSDK: where the demo page loads its JS-SDK from, when that is a sandbox's.
    package init(
        _ configuration: Configuration, log: EventLog, group: LoopGroup, sandboxSDK: String? = nil
    ) throws {
        store = try OpenedStore.open(configuration.store, log: log)
        let reloads = Reloads(loadedAt: Date())
        let metrics = Metrics(
            routes: Routes.publicPaths + Routes.adminPaths + ["files"], accounts: configuration.accountNames,
            log: log, reloads: reloads, loops: group.loops.count)
        fixtures = Fixtures(
            store: MeasuredStore(store: store, metrics: metrics), metrics: metrics, log: log, group: group,
            reloads: reloads, upstream: UpstreamJournal(metrics: metrics, now: { Date() }), sandboxSDK: sandboxSDK,
            startedAt: Date(), now: { Date() })
        current = CurrentWiring(try Wiring(configuration, fixtures))
        publicServer = current.publicServer(at: configuration.listen, on: group)
        adminServer = current.adminServer(at: configuration.adminListen, on: group)
    }

    package var publicAddress: SocketAddress { publicServer.boundAddress }
    package var adminAddress: SocketAddress { adminServer.boundAddress }

    /// Listens, and starts keeping tokens and tickets. Returns when requests are served.
    ///
    /// - Parameter takingOver: whether another process may serve the same addresses, which is about to stop.
    package func start(takingOver: Bool = false) async throws(ServerError) {
        // The public one last: a start that fails has not touched a visitor. Nobody is answered before both listen:
        // who asks `/health` may come.
        try adminServer.listen(besideOthers: takingOver)
        do throws(ServerError) {
            try publicServer.listen(besideOthers: takingOver)
        } catch {
            // Who has come to it meanwhile, by a takeover, gets an answer.
            if takingOver { adminServer.start() }
            await adminServer.stop(within: .zero)
            throw error
        }
        adminServer.start()
        publicServer.start()
        background.withLock { $0.isServing = true }
        let log = fixtures.log
        log.info(
            "listening", [.listener("public"), .address(publicAddress.description), .version(Version.current)])
        log.info("listening", [.listener("admin"), .address(adminAddress.description)])
        tend(current.value)
        let store = fixtures.store
        let sweeper = Task(executorPreference: fixtures.group.next()) {
            while (try? await sleep(for: Self.sweepInterval)) != nil {
                do throws(StoreError) {
                    _ = try await store.sweep()
                } catch {
                    log.warn("sweep failed", [.reason(error.description)])
                }
            }
        }
        background.withLock { $0.chores = [sweeper] + LoopWatch.start(on: fixtures.group, fixtures.metrics) }
    }

    /// Keeps tokens and tickets, without serving anybody yet, until there is a ticket for each account and the store is
    /// found to work. What is missing when the time is over, or `end` opens; nil when nothing is.
    package func becomeReady(within limit: Duration, orUntil end: Gate) async -> String? {
        tend(current.value)
        let deadline = Deadline.after(limit)
        while true {
            let report = await current.value.readiness.report()
            if report.ready { return nil }
            if deadline.hasPassed || end.isOpen {
                return ([report.store] + report.accounts).filter { !$0.ready }
                    .map { "\($0.name): \($0.reason ?? "not ready")" }.joined(separator: "; ")
            }
            // Each look writes to the store. It ends by the time, as a rule.
            try? await end.wait(until: min(deadline, .after(.milliseconds(500))))
        }
    }

    /// Runs the keepers of this wiring, and no others.
    private func tend(_ wiring: Wiring) {
        background.withLock { background in
            guard !background.isStopping else { return }
            let wanted = wiring.accounts.all.map(\.keeper)
            background.former.removeAll { $0.keeper == nil }
            for (keeper, task) in background.keepers where !wanted.contains(where: { $0 === keeper }) {
                task.cancel()
                background.former.append(Former(keeper: keeper))
            }
            let tended = background.keepers
            background.keepers = wanted.map { keeper in
                tended.first { $0.keeper === keeper }
                    ?? (keeper, Task(executorPreference: fixtures.group.next()) { await keeper.run() })
            }
        }
    }

    /// Says no to `/ready` for `limits.drain` while everything is still served, then takes no more connections, lets the
    /// last requests finish, and closes the store. Takes `limits.shutdown` at most; after a start that failed, nobody
    /// has to notice anything first.
    package func stop() async {
        // No reload replaces it any more.
        let hasServed = background.withLock { background in
            background.isStopping = true
            return background.isServing
        }
        let wiring = current.value
        let limits = wiring.configuration.limits
        wiring.readiness.leave()
        // Where another process has taken this one's place, it answers for `/ready`, too.
        publicServer.drain()
        adminServer.drain()
        let drain = hasServed ? limits.drain : .zero
        try? await sleep(for: drain)
        let rest = max(limits.shutdown - drain, .zero)
        // For whoever is cut, for the admin listener and for the keepers: within the limit, like all else.
        let spare = min(.seconds(3), rest / 2)
        await publicServer.stop(within: rest - spare)
        await adminServer.stop(within: spare / 3)
        await endBackground(within: spare / 3)
        await OpenedStore.close(store)
    }

    /// Ends the work in the background before the store closes: a token that WeChat has just made must get there, and
    /// a lease that is not given back holds up other processes.
    private func endBackground(within limit: Duration) async {
        let background = background.withLock { $0 }
        let keepers = background.keepers.map(\.keeper) + background.former.compactMap(\.keeper)
        let tasks = background.keepers.map(\.task) + background.chores
        for task in tasks { task.cancel() }
        let ended = Gate()
        Task(executorPreference: fixtures.group.next()) {
            for task in tasks { await task.value }
            for keeper in keepers { await keeper.finish() }
            ended.open()
        }
        do throws(IOError) {
            try await ended.wait(until: .after(limit))
        } catch {
            for keeper in keepers { keeper.abandon() }
            try? await ended.wait(until: .after(.seconds(1)))
        }
    }
}

extension Service {
    /// Reads the configuration again, and serves with it whoever asks from now on. One that cannot be used, or that
    /// changes what only a restart can, changes nothing; the log says why.
    ///
    /// - Parameter source: the file's name, for the log.
    package func reload(
        from source: String,
        _ read: @escaping @Sendable () throws(ConfigurationRefusal) -> ConfigurationLoader.Loaded
    ) async {
        let (former, fixtures) = (current.value, fixtures)
        do throws(ConfigurationRefusal) {
            // Reading files may block.
            let (next, warnings) = try await offLoop { () throws(ConfigurationRefusal) in
                let loaded = try read()
                let fixed = loaded.configuration.fixedSettings(changedSince: former.configuration)
                guard fixed.isEmpty else { throw ConfigurationRefusal(source: source, complaints: fixed) }
                return (try Self.wire(loaded.configuration, fixtures, source, former: former), loaded.warnings)
            }
            for warning in warnings { fixtures.log.warn("configuration", Self.fields(of: warning, source)) }
            adopt(next, in: former, source)
        } catch {
            for complaint in error.complaints {
                fixtures.log.error("configuration", Self.fields(of: complaint, source))
            }
            refuseReload("the former one goes on", from: source, problems: error.complaints.count)
        }
    }

    /// Notes that there will be no other configuration, and why.
    package func refuseReload(_ reason: String, from source: String? = nil, problems: Int = 1) {
        fixtures.reloads.note(.refused, problems: problems, at: fixtures.now())
        let file = source.map { [LogField.file($0)] } ?? []
        fixtures.log.error("reload", [.outcome("refused"), .count(problems), .reason(reason)] + file)
    }

    private static func wire(
        _ configuration: Configuration, _ fixtures: Fixtures, _ source: String, former: Wiring
    ) throws(ConfigurationRefusal) -> Wiring {
        let (names, formerNames) = (configuration.accountNames, former.configuration.accountNames)
        // Those of both until it is decided: an account finds its figures when its desk is made.
        fixtures.metrics.cover(accounts: names + formerNames.filter { !names.contains($0) })
        do {
            return try Wiring(configuration, fixtures, former: former)
        } catch {
            fixtures.metrics.cover(accounts: formerNames)
            let reason = (error as? SecureError)?.description ?? "an unexpected \(type(of: error))"
            throw ConfigurationRefusal(
                source: source,
                complaints: [
                    Complaint(path: "", problem: "the files of tls or upstream.caFile cannot be used: \(reason)")
                ])
        }
    }

    private static func fields(of complaint: Complaint, _ source: String) -> [LogField] {
        let reason = [complaint.problem, complaint.expected].filter { !$0.isEmpty }.joined(separator: "; expected ")
        return [.file(source), .setting(complaint.path), .reason(reason)]
    }

    /// The moment of change. Nothing here can fail.
    private func adopt(_ next: Wiring, in former: Wiring, _ source: String) {
        let outcome = next.isSame(as: former) ? Reloads.Outcome.unchanged : .applied
        // In one step: none comes into force after the one that `stop` has say no to `/ready`.
        let isStopping = background.withLock { background in
            if !background.isStopping, outcome == .applied {
                let configuration = next.configuration
                fixtures.metrics.cover(accounts: configuration.accountNames)
                fixtures.log.change(to: configuration.log)
                current.change(to: next)
            }
            return background.isStopping
        }
        guard !isStopping else { return }
        if outcome == .applied {
            publicServer.change(to: next.publicSide.options)
            adminServer.change(to: next.adminSide.options)
            tend(next)
            if next.client.product !== former.client.product { former.client.product.closeIdle() }
            // A loop that has nothing to do holds the former wiring until it has.
            if next.sessionCache !== former.sessionCache { former.sessionCache?.forgetAll() }
        }
        fixtures.reloads.note(outcome, at: fixtures.now())
        fixtures.log.info("reload", [.outcome(outcome.rawValue), .file(source)])
    }
}
