package import FoundationEssentials
import Secure
public import Store
import Synchronization

/// Keeps one account's access token and JS-SDK ticket, so that everybody who needs them finds them in memory.
///
/// However many tasks ask in however many processes that share a store, WeChat sees one call: inside a process the
/// first who asks starts a *flight* and the others wait for it, and a flight goes out only under the store's *lease*.
/// `run()` renews ahead of time; what is still valid serves while WeChat is down; after a failure WeChat is left alone
/// for a while and those who ask get the same error at once.
///
/// `Slot` decides, `Flight` asks, and this file waits.
public final class Keeper: Sendable {
    public let account: Account
    let platform: Platform
    let records: CredentialRecords
    let timing: Timing
    private let executor: (any TaskExecutor)?
    private let onEvent: @Sendable (KeeperEvent) -> Void
    private let desk = Mutex(Desk())

    /// What the lock guards. It is held for nanoseconds; nobody waits for WeChat under it.
    struct Desk {
        var token = Slot()
        var ticket = Slot()
        var flights: [Credential.Kind: Task<Result<Credential, KeeperError>, Never>] = [:]
        var previousTicket: ReplacedTicket?
        var ledger = ForceLedger()
        var lastRecheck: Date?
        var storeError: StoreError?

        subscript(kind: Credential.Kind) -> Slot {
            get { kind == .token ? token : ticket }
            set {
                switch kind {
                case .token: token = newValue
                case .ticket: ticket = newValue
                }
            }
        }
    }

    private typealias Departure = Task<Result<Credential, KeeperError>, Never>

    /// - Parameters:
    ///   - store: Where credentials outlive the process. Processes that share it share them.
    ///   - executor: Where flights run; the global one when `nil`. The fetcher and `Timing.sleep` are called there.
    ///   - onEvent: Called at once, from any task; it should only note the event down.
    public init(
        platform: Platform, store: any Store, executor: (any TaskExecutor)? = nil,
        onEvent: @escaping @Sendable (KeeperEvent) -> Void = { _ in }
    ) {
        account = platform.account
        self.platform = platform
        timing = platform.timing
        self.executor = executor
        self.onEvent = onEvent
        records = CredentialRecords(
            store: store, account: platform.account, owner: "keeper-\(Random.alphanumeric(12))")
    }

    // MARK: Asking

    /// The ticket in memory, or `nil` when there is none that may be used. Neither waits nor allocates.
    public func currentTicket() -> Ticket? { currentTicket(at: timing.now()) }

    /// The clock that tickets age by.
    package var now: Date { timing.now() }

    /// The same for who has looked at the clock already.
    package func currentTicket(at now: Date) -> Ticket? {
        desk.withLock { $0.ticket.usable(at: now) }
    }

    /// The ticket, from memory, from the store, or from WeChat.
    ///
    /// A task that is cancelled while it waits does not end the flight that others wait for; it waits it out, which
    /// the calls' own time limits bound.
    public func ticket() async throws(KeeperError) -> Ticket {
        try await obtain(.ticket, .use)
    }

    /// The access token, from memory, from the store, or from WeChat.
    public func token() async throws(KeeperError) -> AccessToken {
        try await obtain(.token, .use)
    }

    /// A program that uses this account's token had it refused (40001, 40014, 42001), and wants another.
    ///
    /// If `failed` is no longer the current one, the current one is the answer and nothing is asked. Otherwise WeChat
    /// is asked for the stable token; only when the same one comes back and is reported once more is a new one forced,
    /// at most once in 30 seconds and 20 times a day. Never report 48001: no other token helps.
    public func report(failedToken failed: String) async throws(KeeperError) -> AccessToken {
        let current = try await token()
        guard current.secret == Secret(failed) else { return current }
        return try await obtain(.token, .replace(current, because: nil))
    }

    /// The ticket as WeChat has it now, for a page whose signature was refused: asked at most once in 30 seconds,
    /// whoever asks, in whichever process; in between, and while WeChat is down, the ticket at hand.
    public func revalidateTicket() async throws(KeeperError) -> Ticket {
        let now = timing.now()
        let since = now - Self.recheckSpacing
        let isAllowed = desk.withLock { desk in
            if let last = desk.lastRecheck, last > since, last <= now { return false }
            // One that was fetched a moment ago was asked for already; the next recheck is due when that is over.
            if let obtained = desk.ticket.current?.obtainedAt, obtained >= since, obtained <= now { return false }
            desk.lastRecheck = now
            return true
        }
        guard isAllowed else { return try await ticket() }
        do {
            return try await obtain(.ticket, .recheck(since: since))
        } catch {
            guard let ticket = currentTicket() else { throw error }
            return ticket
        }
    }

    private static let recheckSpacing = 30.0

    /// The ticket before the current one, for whoever has to explain a signature.
    public func previousTicket() async -> ReplacedTicket? {
        if let ticket = desk.withLock({ $0.previousTicket }) { return ticket }
        return await usingStore { () async throws(StoreError) in try await self.records.previousTicket() } ?? nil
    }

    /// What `/cgi-bin/user/info` tells of a user. One refused token is replaced and the call repeated once.
    public func follower(openID: String) async throws(KeeperError) -> Follower {
        do {
            return try await withToken { (token) async throws(UpstreamError) in
                try await self.platform.follower(openID: openID, accessToken: token)
            }
        } catch {
            guard let upstream = error.error, error.retryAfter == nil else {
                throw .unavailable(last: error.error, retryAfter: .seconds(error.retryAfter ?? 1))
            }
            throw .failed(upstream)
        }
    }

    /// Ages, failures and the next refresh, from memory. It asks nobody.
    public func status() -> KeeperStatus {
        let now = timing.now()
        return desk.withLock { desk in
            KeeperStatus(
                account: account.name, appID: account.appID, token: .init(desk.token, at: now),
                ticket: .init(desk.ticket, at: now), forcedToday: desk.ledger.count(at: now),
                storeError: desk.storeError?.description)
        }
    }

    // MARK: Ahead of time

    /// Fetches what is missing and renews what is due, until the task is cancelled. The host runs it once per keeper.
    ///
    /// Every 15 seconds at the latest it looks into the store, to notice what other processes obtained.
    public func run() async {
        while !Task.isCancelled {
            await lookAround()
            let now = timing.now()
            let next = desk.withLock { min($0.token.wakesAt(now), $0.ticket.wakesAt(now)) }
            let pause = min(max(next.timeIntervalSince(now), 1), Self.lookSpacing)
            do {
                try await timing.sleep(.seconds(pause))
            } catch {
                return
            }
        }
    }

    private static let lookSpacing = 15.0

    /// Waits until nothing is asked of WeChat or the store any more. Before a store is closed, when nobody asks.
    public func finish() async {
        while let flight = desk.withLock({ $0.flights.values.first }) { _ = await flight.value }
    }

    /// Gives up what is asked of WeChat now; those who wait for it get an error.
    public func abandon() {
        for flight in desk.withLock({ Array($0.flights.values) }) { flight.cancel() }
    }

    /// One round of `run()`.
    func lookAround() async {
        for kind in Credential.Kind.allCases where !Task.isCancelled {
            await adoptFromStore(kind)
            // A failure is in the status and was told as an event; the pause after it is in the slot.
            _ = try? await obtain(kind, .renew)
        }
    }

    private func adoptFromStore(_ kind: Credential.Kind) async {
        guard let found = await readStore(kind).credential else { return }
        let now = timing.now()
        let isAdopted = desk.withLock { desk in
            guard found.isUsable(at: now), desk[kind].current.map(found.isNewer) ?? true else { return false }
            desk.adopt(found)
            return true
        }
        if isAdopted { onEvent(.adopted(found)) }
    }

    // MARK: Flights

    /// What satisfies the errand: at hand, brought by a flight under way, or by one of our own.
    func obtain(_ kind: Credential.Kind, _ errand: Slot.Errand) async throws(KeeperError) -> Credential {
        while true {
            let (step, flight, isOurs) = board(kind, errand)
            switch step {
            case .serve(let credential): return credential
            case .refuse(let error): throw error
            case .fetch: break
            }
            guard let flight else { continue }
            let credential = try await flight.value.get()
            // A flight that somebody else started may have been on a lesser errand.
            if isOurs || errand.accepts(credential, at: timing.now()) { return credential }
        }
    }

    private func board(
        _ kind: Credential.Kind, _ errand: Slot.Errand
    ) -> (step: Slot.Step, flight: Departure?, isOurs: Bool) {
        let now = timing.now()
        return desk.withLock { desk in
            let step = desk[kind].step(for: errand, at: now)
            guard case .fetch(let errand, let force) = step else { return (step, nil, false) }
            if let flight = desk.flights[kind] { return (step, flight, false) }
            let flight = Flight(keeper: self, kind: kind, errand: errand, force: force)
            let departure = Departure(executorPreference: executor) { await self.settle(flight) }
            desk.flights[kind] = departure
            return (step, departure, true)
        }
    }

    private func settle(_ flight: Flight) async -> Result<Credential, KeeperError> {
        let (kind, errand) = (flight.kind, flight.errand)
        do throws(Fault) {
            let (credential, isNew) = try await flight.run()
            let now = timing.now()
            desk.withLock { desk in
                desk.flights[kind] = nil
                desk.adopt(credential)
                if isNew { desk[kind].receive(credential, for: errand, at: now) }
            }
            onEvent(isNew ? .refreshed(credential) : .adopted(credential))
            return .success(credential)
        } catch {
            let (now, random) = (timing.now(), timing.random())
            let (failure, stale) = desk.withLock { desk in
                desk.flights[kind] = nil
                return (desk[kind].fail(error, at: now, random: random), desk[kind].usable(at: now))
            }
            onEvent(.failed(kind, failure))
            if case .use = errand, let stale { return .success(stale) }
            return .failure(failure)
        }
    }

    // MARK: Calls with the token

    /// Makes a call with the token. When WeChat refuses the token, it is replaced once and the call repeated once,
    /// whatever then happens: endless repetition has burnt whole daily quotas (weixin-java-tools #128).
    func withToken<Answer>(
        _ call: (AccessToken) async throws(UpstreamError) -> Answer, beforeRetry: () async -> Void = {}
    ) async throws(Fault) -> Answer {
        let token = try await tokenForCall(.use)
        let refusal: UpstreamError
        do throws(UpstreamError) {
            return try await call(token)
        } catch {
            guard error.reaction == .refreshToken else { throw Fault(error: error) }
            refusal = error
        }
        let other: AccessToken
        do throws(Fault) {
            other = try await tokenForCall(.replace(token, because: refusal))
        } catch {
            // That no other token may be forced for now says nothing of when this call is worth another try.
            guard error.error?.reaction == .refreshToken else { throw error }
            throw Fault(error: refusal)
        }
        await beforeRetry()
        do throws(UpstreamError) {
            return try await call(other)
        } catch {
            if error.reaction == .refreshToken { desk.withLock { $0.token.condemn(other, because: error) } }
            throw Fault(error: error)
        }
    }

    func tokenForCall(_ errand: Slot.Errand) async throws(Fault) -> AccessToken {
        do {
            return try await obtain(.token, errand)
        } catch {
            switch error {
            case .unavailable(let last, let retryAfter): throw Fault(error: last, retryAfter: retryAfter.inSeconds)
            case .failed(let error): throw Fault(error: error)
            }
        }
    }

    // MARK: The desk, for flights

    /// Whatever is in memory, usable or not. For whoever has to explain a signature, too.
    package func current(_ kind: Credential.Kind) -> Credential? {
        desk.withLock { $0[kind].current }
    }

    func note(_ ledger: ForceLedger) {
        desk.withLock { $0.ledger = ledger }
    }

    func ledger() -> ForceLedger {
        desk.withLock { $0.ledger }
    }

    /// Runs an errand to the store; `nil` when the store failed, which is noted and told.
    func usingStore<Value: Sendable>(
        _ body: () async throws(StoreError) -> Value
    ) async -> Value? {
        do throws(StoreError) {
            let value = try await body()
            desk.withLock { $0.storeError = nil }
            return value
        } catch {
            desk.withLock { $0.storeError = error }
            onEvent(.storeFailed(error))
            return nil
        }
    }

    func readStore(_ kind: Credential.Kind) async -> CredentialRecords.Stored {
        await usingStore { () async throws(StoreError) in try await self.records.read(kind) } ?? .init()
    }
}

extension Keeper.Desk {
    mutating func adopt(_ credential: Credential) {
        if credential.kind == .ticket, let old = ticket.current, old.secret != credential.secret {
            previousTicket = ReplacedTicket(ticket: old, replacedAt: credential.obtainedAt)
        }
        self[credential.kind].adopt(credential)
    }
}
