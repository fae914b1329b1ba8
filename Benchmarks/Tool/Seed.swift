import FoundationEssentials
import Gateway
import Glibc
import Secure
import Store
import WeChat

/// Fills a SQLite store with sessions, through the product's own code, and writes their cookies to a file, 43 characters
/// and a line break each.
enum Seed {
    static func run(_ options: Options) async throws {
        let count = options.integer("count")
        // Sessions are dated so many seconds from now: one that was not visited for a minute is written at its next visit.
        let date = Date() + Double(options.integer("visited-in", default: 0))
        let identity = Self.identity(visitedAt: date)
        let store = try SQLiteStore(path: options.text("store"))
        let sessions = Sessions(store: store, lifetime: 7 * 86_400, idleTimeout: 86_400) { date }
        let cookies = try await withThrowingTaskGroup(of: [UInt8].self) { group in
            let workers = 4
            for worker in 0..<workers {
                let share = count * worker / workers..<count * (worker + 1) / workers
                // Off the loop, on as many threads as there are cores.
                group.addTask(executorPreference: globalConcurrentExecutor) {
                    try await fill(store, sessions, share, identity)
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        await store.close()
        let file = open(options.text("cookies"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { refuse("--cookies cannot be written") }
        put(cookies, to: file)
        close(file)
        say(#"{"sessions":\#(count)}"#)
    }

    private static func fill(
        _ store: SQLiteStore, _ sessions: Sessions, _ share: Range<Int>, _ identity: Identity
    ) async throws -> [UInt8] {
        var cookies: [UInt8] = []
        var changes: [Change] = []
        for number in share {
            var identity = identity
            let digits = String(number)
            identity.openID = "oBench" + String(repeating: "0", count: 22 - digits.utf8.count) + digits
            let opened = sessions.opening(identity, account: "main", replacing: nil)
            changes += opened.changes
            cookies += Array("\(opened.id.reveal())\n".utf8)
            if changes.count == 5_000 || number == share.upperBound - 1 {
                _ = try await store.commit(changes, if: [])
                changes = []
            }
        }
        return cookies
    }

    /// As a login gives one.
    private static func identity(visitedAt date: Date) -> Identity {
        let token = Secret(String(repeating: "k", count: 89))
        let grant = Grant(
            openID: "o", unionID: nil, scope: .base, isSnapshot: false, accessToken: token, refreshToken: token,
            obtainedAt: date, expiresAt: date + 7_200, refreshExpiresAt: date + 2_592_000)
        return Identity(
            openID: "o", unionID: nil, scope: .base, isSnapshot: false, profile: nil, grant: grant, signedInAt: date)
    }
}
