import Foundation
import Synchronization
import TestSupport
import Testing
import Wire

@testable import GatewayTests

extension TortureTests {
    /// Callbacks that meet each other, a logout or somebody else's cookies, again and again (O4, O5, S1).
    @Suite struct LoginRaceTests {
        /// `count` visits at once with what the browser has now; each one's answer and cookies.
        private static func together(
            _ count: Int, _ browser: Visitor, _ bench: Bench, _ target: @escaping @Sendable (Int) -> String
        ) async throws -> [(response: Response, visitor: Visitor)] {
            try await withThrowingTaskGroup(of: (Response, Visitor).self) { group in
                for number in 0..<count {
                    group.addTask(executorPreference: globalConcurrentExecutor) {
                        var tab = browser
                        let response = try await tab.get(bench, target(number))
                        return (response, tab)
                    }
                }
                return try await group.reduce(into: []) { $0.append(($1.0, $1.1)) }
            }
        }

        @Test(arguments: [false, true])
        func `fifty callbacks at once make one exchange and one session`(withOtherCodes: Bool) async throws {
            let bench = Bench()
            let rounds = Torture.count(short: 5, long: 250)
            bench.weChat.state.withLock { $0.delay = .milliseconds(2) }
            for round in 0..<rounds {
                var visitor = Visitor()
                let state = try await visitor.start(bench)
                for number in 0..<50 { bench.weChat.expect(code: "R\(round)N\(number)", openID: "oVisitor\(round)") }
                let answers = try await Self.together(50, visitor, bench) { number in
                    "/redirect?code=R\(round)N\(withOtherCodes ? number : 0)&state=\(state)"
                }
                #expect(bench.weChat.exchanges == round + 1)
                #expect(Set(answers.map { $0.visitor.cookies[Prey.sessionName] }).count == 1)
                #expect(answers.allSatisfy { $0.response.location == "/orders" })
                var tab = answers[0].visitor
                #expect(try await tab.get(bench, "/auth").fields["X-WeChat-OpenID"] == "oVisitor\(round)")
            }
            Torture.figure(
                "50 callbacks at once, \(withOtherCodes ? "50 codes" : "one code"): rounds, exchanges",
                "\(rounds), \(bench.weChat.exchanges)")
        }

        @Test func `a logout during a callback ends the old session for good`() async throws {
            let bench = Bench()
            let rounds = Torture.count(short: 20, long: 2_000)
            var random = Torture.random("logout")
            for round in 0..<rounds {
                var visitor = Visitor()
                _ = try await visitor.logIn(bench, as: "oOld", "/redirect/second?to=/orders", account: "second")
                let old = visitor
                let state = try await visitor.start(bench)
                bench.weChat.expect(code: "C\(round)", openID: "oNew")
                let browser = visitor
                let pause = Duration.microseconds(Int.random(in: 0..<300, using: &random))
                async let loggedOut = Task(executorPreference: globalConcurrentExecutor) {
                    var tab = browser
                    try await Task.sleep(for: pause)
                    return try await tab.post(bench, "/logout").status
                }.value
                let callback = try await visitor.get(bench, "/redirect?code=C\(round)&state=\(state)")
                #expect(try await loggedOut == .noContent)
                #expect(callback.location == "/orders")
                var ghost = old
                #expect(try await ghost.get(bench, "/session?account=second").status == .unauthorized)
                // The new session is there, unless the logout came with it; nobody is somebody else.
                let now = try await visitor.get(bench, "/auth")
                #expect(now.status == .unauthorized || now.fields["X-WeChat-OpenID"] == "oNew")
            }
            #expect(bench.weChat.exchanges == 2 * rounds)
            Torture.figure("logouts during callbacks", "\(rounds)")
        }

        @Test func `two tabs log in fifty times each with one binding cookie`() async throws {
            let bench = Bench()
            let rounds = Torture.count(short: 5, long: 50)
            for round in 0..<rounds {
                var visitor = Visitor()
                _ = try await visitor.start(bench)
                let binding = visitor.cookies[Prey.bindingName]
                for turn in 0..<50 {
                    let browser = visitor
                    visitor.cookies[Prey.sessionName] = nil
                    let states = try await Self.together(2, browser, bench) { "/redirect?to=/tab\($0)&scope=userinfo" }
                    for (number, start) in states.enumerated() {
                        let state = try #require(start.response.state)
                        let code = "R\(round)T\(turn)N\(number)"
                        bench.weChat.expect(code: code, openID: "oVisitor")
                        let end = try await visitor.get(bench, "/redirect?code=\(code)&state=\(state)")
                        #expect(end.location?.hasPrefix("/tab") == true, "\(end.status)")
                    }
                }
                #expect(visitor.cookies[Prey.bindingName] == binding)
                #expect(try await visitor.get(bench, "/auth").status == .ok)
            }
            #expect(bench.weChat.exchanges == rounds * 100)
            Torture.figure("logins of two tabs with one cookie", "\(rounds * 100)")
        }

        @Test func `no planted cookie survives a login or makes one`() async throws {
            let rounds = Torture.count(short: 100, long: 10_000)
            let prey = try await Prey()
            let bench = prey.bench
            var mutator = Mutator(random: Torture.random("planted"), donors: [prey.expiredSession, prey.endedSession])
            let exchanges = bench.weChat.exchanges
            var taken = 0
            for round in 0..<rounds {
                var attacker = Visitor()
                _ = try await attacker.logIn(bench, as: "oAttacker")
                let made = String(decoding: mutator.mutate(prey.otherSession).filter(Self.isPlain), as: UTF8.self)
                let planted = mutator.pick([
                    try #require(attacker.cookies[Prey.sessionName]), prey.expiredSession, prey.endedSession, made,
                ])
                var victim = Visitor(cookies: [Prey.sessionName: planted])
                if mutator.number(below: 2) == 0 {
                    victim.cookies[Prey.bindingName] = String(
                        decoding: mutator.mutate(prey.binding).filter(Self.isPlain), as: UTF8.self)
                }
                // With the attacker's session he is taken for the attacker, until he logs in.
                let end = try await victim.logIn(bench, as: "oVictim\(round)", "/redirect?to=/orders&scope=userinfo")
                #expect(end.location == "/orders")
                #expect(victim.cookies[Prey.sessionName] != planted)
                #expect(try await victim.get(bench, "/auth").fields["X-WeChat-OpenID"] == "oVictim\(round)")
                var thief = Visitor(cookies: [Prey.sessionName: planted])
                let stolen = try await thief.get(bench, "/auth")
                if stolen.status != .unauthorized { taken += 1 }
                #expect(stolen.status == .unauthorized)
            }
            #expect(bench.weChat.exchanges == exchanges + 2 * rounds)
            Torture.figure("logins with planted cookies: tried, taken over", "\(rounds), \(taken)")
        }

        private static func isPlain(_ byte: UInt8) -> Bool {
            (0x30...0x7A).contains(byte) && byte != UInt8(ascii: ";")
        }
    }
}
