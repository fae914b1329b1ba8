import Foundation
import Synchronization
import Testing
import Wire

@testable import Gateway

/// What happens when a login meets something else half way.
struct LoginRaceTests {
    let bench = Bench()

    @Test func `a logout while the code is being exchanged is not undone by the login`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oOfSecond", "/redirect/second?to=/orders", account: "second")
        let state = try await visitor.start(bench, "/redirect?to=/orders")
        bench.weChat.expect(code: "C", openID: "oOfMain")
        bench.weChat.state.withLock { $0.delay = .milliseconds(60) }
        let (bench, browser) = (bench, visitor)
        async let callback: Visitor = {
            var tab = browser
            _ = try await tab.get(bench, "/redirect?code=C&state=\(state)")
            return tab
        }()
        try await Task.sleep(for: .milliseconds(20))
        var other = browser
        #expect(try await other.post(bench, "/logout").status == .noContent)
        var after = try await callback
        #expect(try await after.get(bench, "/auth").status == .ok)
        #expect(try await after.get(bench, "/auth?account=second").status == .unauthorized)
    }

    @Test func `a menu's link with somebody's code in it does not replace who is signed in`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVictim")
        bench.weChat.expect(code: "ATTACKER", openID: "oAttacker")
        let response = try await visitor.get(bench, "/redirect?code=ATTACKER&state=orders")
        #expect(response.location == "/orders")
        #expect(try await visitor.get(bench, "/auth").fields["X-WeChat-OpenID"] == "oVictim")
        #expect(bench.weChat.exchanges == 1)
    }

    @Test func `a page that a proxy asked about is where the offered login returns to, if it may`() async throws {
        var visitor = Visitor()
        let asked = try await visitor.get(bench, "/auth", fields: [("X-Forwarded-Uri", "/orders?page=2")])
        #expect(asked.text.contains(#""login":"/redirect?scope=base&to=%2Forders%3Fpage%3D2""#))
        let forged = try await visitor.get(bench, "/auth", fields: [("X-Forwarded-Uri", "//evil.example/")])
        #expect(forged.text.contains(#""login":"/redirect?scope=base"}"#))
    }
}
