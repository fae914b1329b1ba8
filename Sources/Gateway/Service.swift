import FoundationEssentials
package import HTTP
package import Reactor
import Store
import Synchronization
import WeChat

/// The gateway as a whole: two listeners and the work in the background. `magpie serve` starts and stops it.
package final class Service: Sendable {
    private let configuration: Configuration
    private let store: any Store
    private let wiring: Wiring
    private let log: EventLog
    private let group: LoopGroup
    private let background = Mutex<[Task<Void, Never>]>([])

    /// Between two looks for expired records.
    private static let sweepInterval = Duration.seconds(60)

    /// Opens the store and builds every part; nothing listens yet. Throws `StoreError`, `SecureError` or `ClientError`
    /// for files that cannot be used.
    ///
    /// - Parameter sandboxSDK: where the demo page loads its JS-SDK from, when that is a sandbox's.
    package init(
        _ configuration: Configuration, log: EventLog, group: LoopGroup, sandboxSDK: String? = nil
    ) throws {
        self.configuration = configuration
        self.log = log
        self.group = group
        store = try OpenedStore.open(configuration.store, log: log)
        wiring = try Wiring(configuration, store: store, log: log, group: group, sandboxSDK: sandboxSDK)
    }

    package var publicAddress: SocketAddress { wiring.publicServer.boundAddress }
    package var adminAddress: SocketAddress { wiring.adminServer.boundAddress }

    /// Listens, and starts keeping tokens and tickets. Returns when requests are served.
    package func start() async throws(ServerError) {
        try await wiring.publicServer.start()
        do throws(ServerError) {
            try await wiring.adminServer.start()
        } catch {
            await wiring.publicServer.stop(within: .zero)
            throw error
        }
        log.info(
            "listening", [.listener("public"), .address(publicAddress.description), .version(Version.current)])
        log.info("listening", [.listener("admin"), .address(adminAddress.description)])
        var tasks = wiring.accounts.all.map { desk in
            Task(executorPreference: group.next()) { await desk.keeper.run() }
        }
        let (store, log) = (store, log)
        tasks.append(
            Task(executorPreference: group.next()) {
                while (try? await sleep(for: Self.sweepInterval)) != nil {
                    do throws(StoreError) {
                        _ = try await store.sweep()
                    } catch {
                        log.warn("sweep failed", [.reason(error.description)])
                    }
                }
            })
        background.withLock { $0 = tasks }
    }

    /// Says no to `/ready` for `limits.drain` while everything is still served, then takes no more connections, lets the
    /// last requests finish, and closes the store. Takes `limits.shutdown` at most.
    package func stop() async {
        wiring.readiness.leave()
        wiring.publicServer.drain()
        try? await sleep(for: configuration.limits.drain)
        // Whoever is cut gets a second to end, and so does the admin listener: both are within the limit.
        let rest = configuration.limits.shutdown - configuration.limits.drain - .seconds(2)
        await wiring.publicServer.stop(within: max(rest, .zero))
        await wiring.adminServer.stop(within: .zero)
        let tasks = background.withLock { $0 }
        for task in tasks { task.cancel() }
        await OpenedStore.close(store)
    }
}
