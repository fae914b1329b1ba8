import Synchronization

/// The simulated platform: one lock around one value. Every rule is a method of `State` that takes no time and does no I/O;
/// the routes translate requests into these and answers back.
final class Platform: Sendable {
    private let state: Mutex<State>

    init(state: consuming State) {
        self.state = Mutex(state)
    }

    /// Runs one indivisible step. Nothing suspends inside.
    func with<Value: Sendable, Failure: Error>(
        _ step: (inout State) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try state.withLock { (state) throws(Failure) -> Value in try step(&state) }
    }

    /// Everything the platform remembers, with the clock and the randomness it was given.
    struct State: Sendable {
        private let clock: @Sendable () -> Int
        let entropy: Entropy
        /// How far the control API has moved the clock, in seconds.
        private(set) var advance = 0
        var knobs: Knobs
        var ledgers: [Ledger]
        var users: [User]
        var grants = Grants()
        var journal = Journal()
        var traffic = Traffic()
        var script = FaultScript()

        init(accounts: [Account], users: [User], knobs: Knobs, clock: @escaping @Sendable () -> Int, entropy: Entropy) {
            ledgers = accounts.map { Ledger(account: $0) }
            self.users = users
            self.knobs = knobs
            self.clock = clock
            self.entropy = entropy
        }

        var now: Int { clock() + advance }

        mutating func moveClock(by seconds: Int) { advance += seconds }

        func ledger(of appID: String) -> Int? { ledgers.firstIndex { $0.account.appID == appID } }

        func user(_ key: String) -> User? { users.first { $0.key == key } }

        mutating func record(_ kind: String, _ path: String, _ detail: String) {
            journal.record(kind, path, detail, at: now)
        }
    }

    /// What the platform keeps for one account.
    struct Ledger: Sendable {
        var account: Account
        var legacy = TokenFamily()
        var stable = TokenFamily()
        var tickets: [String: TicketFamily] = [:]
        var legacyDay = DailyCount()
        var stableDay = DailyCount()
        var stableMinute = MinuteCount()
        var ticketDay = DailyCount()
        var webMinute = MinuteCount()
        var clearsUsed = 0
        var clearsMonth: Int?
        /// Who has seen this account's snapshot page already.
        var snapshotsShown: Set<String> = []

        init(account: Account) { self.account = account }

        mutating func killTickets(now: Int) {
            for type in tickets.keys { tickets[type]?.killAll(now: now) }
        }
    }
}
