import Foundation
import TestSupport
import Testing

@testable import Store

extension TortureTests {
    /// Another process holds a lock of the store: a backup, a tool, a neighbour that hangs.
    @Suite struct BusyTests {
        enum Lock: String, CaseIterable, Sendable {
            /// The lock file, as `flock store.lock tar …` holds it.
            case lockFile
            /// The database, as `sqlite3` holds it in a transaction.
            case transaction
        }

        struct Hold: CustomTestStringConvertible, Sendable {
            let store: MagpieHome.StoreKind
            let lock: Lock
            let seconds: Double
            var testDescription: String { "\(store), \(lock), \(seconds) s" }

            static let all =
                Torture.length == .long
                ? [4.9, 6].flatMap { seconds in
                    [
                        Hold(store: .sqlite, lock: .transaction, seconds: seconds),
                        Hold(store: .sqlite, lock: .lockFile, seconds: seconds),
                        Hold(store: .file, lock: .lockFile, seconds: seconds),
                    ]
                } : [Hold(store: .sqlite, lock: .transaction, seconds: 2)]
        }

        /// A commit waits five seconds for its turn. The loops do not wait with it.
        @Test(arguments: Hold.all)
        func `a lock that somebody holds delays who writes, fails him after five seconds, and disturbs nobody else`(
            _ hold: Hold
        ) throws {
            let platform = FakePlatform()
            var settings = MagpieHome.Settings()
            settings.store = hold.store
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var visitor = home.visitor()
            _ = try visitor.logIn(platform)
            #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))

            let release = try take(hold.lock, home)
            let start = ContinuousClock.now
            // More writers than there are loops, so that one that waits on its loop would stop all the others.
            let writers = try (0..<8).map { _ in
                let client = try RawClient(port: home.port)
                try client.send(home.visitor().request("GET", "/redirect?to=/orders"))
                return client
            }
            var longest = Duration.zero
            var served = 0
            while ContinuousClock.now - start < .seconds(hold.seconds) {
                let before = ContinuousClock.now
                #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
                #expect(try visitor.get("/session").status == 200)
                longest = max(longest, ContinuousClock.now - before)
                served += 2
            }
            release()
            let statuses = try writers.map { try $0.receiveResponse().status }
            if hold.seconds < 5 {
                #expect(statuses == Array(repeating: 302, count: 8))
            } else {
                // Whoever was in the batch that waited is refused; those who were queued behind it may have been made.
                #expect(statuses.contains(503) && statuses.allSatisfy { [302, 503].contains($0) }, "\(statuses)")
            }
            #expect(longest < .seconds(hold.seconds / 2), "somebody waited for a lock that was not his matter")
            #expect(try home.ready().status == 200)
            var other = home.visitor()
            #expect(try other.logIn(platform)["location"] == "/orders")
            #expect(try process.stop() == .exited(0))
            Torture.figure(
                "a lock held for \(hold.testDescription)",
                "writers \(Set(statuses).sorted()), \(served) other requests, the slowest two "
                    + String(format: "%.0f ms", longest / .milliseconds(1)))
        }

        /// Holds a lock until the returned function is called, from this process, which is another one to the server.
        private func take(_ lock: Lock, _ home: MagpieHome) throws -> () -> Void {
            switch lock {
            case .transaction:
                let session = Tool(path: home.storePath)
                try session.begin()
                return { session.end() }
            case .lockFile:
                let path = home.storePath + (home.store == .file ? "/store.lock" : "-lock")
                let descriptor = open(path, O_RDWR | O_CLOEXEC)
                // Between two of the server's own commits.
                #expect(descriptor >= 0 && flock(descriptor, LOCK_EX) == 0)
                return { close(descriptor) }
            }
        }

        /// Another program with a transaction.
        private final class Tool {
            private let path: String
            private var handle: Box?

            private final class Box {
                let connection: Connection
                init(_ connection: consuming Connection) { self.connection = connection }
            }

            init(path: String) { self.path = path }

            func begin() throws {
                let connection = try Connection(path, isReadOnly: false)
                try connection.pragma("busy_timeout", "5000")
                try connection.execute("BEGIN IMMEDIATE")
                handle = Box(connection)
            }

            func end() { handle = nil }
        }
    }
}
