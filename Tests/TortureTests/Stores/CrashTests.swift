import Foundation
import TestSupport
import Testing

@testable import Store

extension TortureTests {
    /// `kill -9` at any moment, again and again.
    @Suite struct CrashTests {
        /// Each worker writes pairs of records, and removes every second pair again.
        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `writers killed at random lose nothing they acknowledged, and no start fails`(
            _ kind: MagpieHome.StoreKind
        ) async throws {
            let rounds = Torture.count(short: 10, long: 1000)
            var random = Torture.random("crash \(kind)")
            var acknowledged = 0
            // Each start looks through all that is there, so a store is not used for ever.
            for first in stride(from: 0, to: rounds, by: 100) {
                let folder = StoreFolder(kind)
                var promised: [Promise] = []
                for round in first..<min(first + 100, rounds) {
                    // Two at once in every third round: one dies while the other waits for its lock.
                    let names = (0..<(round % 3 == 0 ? 2 : 1)).map { "\(round).\($0)" }
                    let workers = try names.map { try folder.worker("write", $0) }
                    // In the midst of its start, or of its writes.
                    if round % 10 != 9 { try waitForOutput(of: workers) }
                    usleep(UInt32.random(in: 0...30_000, using: &random))
                    for worker in workers { worker.signal(SIGKILL) }
                    for (name, worker) in zip(names, workers) {
                        let ending = try worker.wait()
                        #expect(ending == .killed(SIGKILL), "\(worker.errors)")
                        promised.append(Promise(name, worker.output))
                    }
                    let latest = promised.suffix(names.count)
                    try await folder.inspect { store in
                        for promise in latest { try await promise.check(store) }
                    }
                    #expect(folder.leftovers == [])
                }
                // What was true right after each kill is true after all that came later.
                try await folder.inspect { store in
                    for promise in promised { try await promise.check(store) }
                }
                acknowledged += promised.reduce(0) { $0 + $1.acknowledged.count }
            }
            #expect(acknowledged > rounds)
            Torture.figure(
                "kill -9 of writers, \(kind)", "\(rounds) rounds, \(acknowledged) acknowledged commits, 0 lost")
        }

        /// What one worker said before it died.
        private struct Promise {
            let name: String
            let acknowledged: Set<String>

            init(_ name: String, _ output: String) {
                self.name = name
                acknowledged = Set(output.split(separator: "\n").map(String.init))
            }

            func check(_ store: any Store) async throws {
                for index in 0...acknowledged.count {
                    let a = try await store.text(Key(namespace: "test", name: "\(name)-a-\(index)"))
                    let b = try await store.text(Key(namespace: "pair", name: "\(name)-b-\(index)"))
                    #expect(a == b, "\(name): half of pair \(index)")
                    if acknowledged.contains("-\(index)") {
                        #expect(a == nil, "\(name): removed pair \(index) is back")
                    } else if acknowledged.contains("+\(index)") {
                        // Of an odd pair the removal may have been under way, unacknowledged.
                        #expect(a == "\(index)" || index % 2 == 1, "\(name): pair \(index) is lost")
                    } else {
                        #expect(a == nil || a == "\(index)", "\(name): pair \(index) is another")
                    }
                }
            }
        }

        private func waitForOutput(of workers: [ChildProcess]) throws {
            for worker in workers {
                for _ in 0..<6000 where worker.output.isEmpty && worker.isRunning { usleep(5_000) }
                guard worker.isRunning else { throw ChildProcess.Failure("a worker ended: \(worker.errors)") }
            }
        }

        /// Logins and logouts by several visitors at once, and a kill in their midst.
        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `a server killed under logins and logouts keeps every session it opened and none that it ended`(
            _ kind: MagpieHome.StoreKind
        ) throws {
            let platform = FakePlatform()
            var settings = MagpieHome.Settings()
            settings.store = kind
            settings.logLevel = "warn"
            let home = MagpieHome(platform, settings)
            let rounds = Torture.count(short: 3, long: 100)
            var random = Torture.random("killed server \(kind)")
            var (opened, ended, replayed) = (0, 0, 0)
            for round in 0..<rounds {
                let process = try home.start()
                let visits = (0..<4).map { _ in Visit(home, platform) }
                for (number, visit) in visits.enumerated() { visit.begin(andLeave: number % 2 == 0) }
                while visits.contains(where: { $0.events.isEmpty }) { usleep(2_000) }
                usleep(UInt32.random(in: 0...150_000, using: &random))
                try process.crash()
                let events = visits.flatMap { $0.end() }

                let next = try home.start()
                for event in events {
                    var visitor = event.visitor
                    switch event.kind {
                    case .signedIn:
                        opened += 1
                        #expect(try visitor.get("/session").status == 200, "round \(round): a session is lost")
                    case .signedOut:
                        ended += 1
                        #expect(try visitor.get("/session").status == 401, "round \(round): a logout was undone")
                    case .used(let callback):
                        replayed += 1
                        let before = platform.exchanges
                        _ = try visitor.get(callback)
                        #expect(platform.exchanges == before, "round \(round): a state was used twice")
                    }
                }
                #expect(try next.stop() == .exited(0))
                #expect(next.child.errors.isEmpty, "\(next.child.errors)")
            }
            #expect(opened > 0 && ended > 0)
            Torture.figure(
                "kill -9 of magpie serve, \(kind)",
                "\(rounds) kills; \(opened) sessions kept, \(ended) logouts kept, \(replayed) states used once")
        }
    }
}

/// One visitor who logs in and out until the server is gone, on a thread of its own.
private final class Visit: Sendable {
    enum Kind {
        case signedIn
        case signedOut
        /// The callback that signed him in.
        case used(String)
    }

    struct Event {
        let kind: Kind
        let visitor: RawVisitor
    }

    private let home: MagpieHome
    private let platform: FakePlatform
    private let log = Log()
    private let isOver = DispatchSemaphore(value: 0)

    init(_ home: MagpieHome, _ platform: FakePlatform) {
        self.home = home
        self.platform = platform
    }

    var events: [Event] { log.events }

    /// Every second time he leaves.
    func begin(andLeave leaves: Bool) {
        Thread.detachNewThread { [self] in
            // The first call that fails is the kill.
            var leaves = leaves
            while (try? visit(andLeave: leaves)) != nil { leaves.toggle() }
            isOver.signal()
        }
    }

    func end() -> [Event] {
        isOver.wait()
        return log.events
    }

    private func visit(andLeave leaves: Bool) throws {
        var visitor = home.visitor()
        let start = try visitor.get("/redirect?to=/orders")
        guard let callback = try visitor.consent(start, platform) else { throw ChildProcess.Failure("no login") }
        let answer = try visitor.get(callback)
        guard answer.status == 302, visitor.cookies[home.cookieName] != nil else {
            throw ChildProcess.Failure("\(answer.status)")
        }
        log.add(Event(kind: .signedIn, visitor: visitor))
        log.add(Event(kind: .used(callback), visitor: visitor))
        guard leaves else { return }
        let signedIn = visitor
        // From here on the session may be ended, whether or not that is said.
        log.removeSession(of: signedIn)
        guard try visitor.post("/logout").status == 204 else { throw ChildProcess.Failure("no logout") }
        log.add(Event(kind: .signedOut, visitor: signedIn))
    }

    private final class Log: @unchecked Sendable {
        // Guards itself: every access holds the lock.
        private let lock = NSLock()
        private var list: [Event] = []

        var events: [Event] { lock.withLock { list } }
        func add(_ event: Event) { lock.withLock { list.append(event) } }

        func removeSession(of visitor: RawVisitor) {
            lock.withLock {
                list.removeAll { event in
                    if case .signedIn = event.kind { event.visitor.cookies == visitor.cookies } else { false }
                }
            }
        }
    }
}
