import Foundation
import Store
import Synchronization
import Testing
import Wire

@testable import Gateway

struct LoginTests {
    let bench = Bench()

    @Test func `a login ends in a session, at a clean address`() async throws {
        var visitor = Visitor()
        let response = try await visitor.logIn(bench, as: "oVisitor")
        #expect(response.status == .found)
        #expect(response.location == "/orders")
        #expect(visitor.cookies["__Host-magpie_session"]?.utf8.count == 43)
        #expect(try await visitor.get(bench, "/session").text.contains(#""openid":"oVisitor""#))
        #expect(bench.weChat.exchanges == 1)
    }

    @Test func `the authorise URL has its parameters in the order that WeChat's pattern wants`() async throws {
        var visitor = Visitor()
        let location = try #require(try await visitor.get(bench, "/redirect?to=/orders&scope=userinfo").location)
        let expected =
            #"^https://open\.example\.net/connect/oauth2/authorize\?appid=wx0000000000000001"#
            + #"&redirect_uri=https%3A%2F%2Fh5\.example\.com%2Fredirect&response_type=code&scope=snsapi_userinfo"#
            + #"&state=[0-9a-f]{64}&connect_redirect=1#wechat_redirect$"#
        #expect(location.range(of: expected, options: .regularExpression) != nil)
    }

    @Test(arguments: [
        "/redirect?code=C", "/redirect?code=C&state=", "/redirect?code=C&state=short",
        "/redirect?code=C&state=\(String(repeating: "g", count: 64))",
        "/redirect?code=C&state=\(String(repeating: "A", count: 64))",
        "/redirect?code=C&state=\(String(repeating: "a", count: 64))https://i.maxthon.cn",
        "/redirect?code=C&state=\(String(repeating: "a", count: 64))&state=\(String(repeating: "a", count: 64))",
        "/redirect?code=C&code=D&state=\(String(repeating: "a", count: 64))",
    ])
    func `a callback without exactly one state of ours costs no call and sets no cookie`(target: String) async throws {
        var visitor = Visitor()
        let response = try await visitor.get(bench, target)
        #expect(response.status == .badRequest)
        #expect(visitor.cookies.isEmpty)
        #expect(bench.weChat.exchanges == 0)
    }

    @Test func `a forged state is refused without a call`() async throws {
        var visitor = Visitor()
        _ = try await visitor.start(bench)
        bench.weChat.expect(code: "C", openID: "oVisitor")
        let response = try await visitor.get(bench, "/redirect?code=C&state=\(String(repeating: "0", count: 64))")
        #expect(response.status == .forbidden)
        #expect(bench.weChat.exchanges == 0)
        #expect(visitor.cookies["__Host-magpie_session"] == nil)
    }

    @Test func `an attacker's state and code in a victim's browser do not log the victim in as the attacker`()
        async throws
    {
        var attacker = Visitor()
        let state = try await attacker.start(bench)
        bench.weChat.expect(code: "ATTACKER", openID: "oAttacker")
        var victim = Visitor()
        let response = try await victim.get(bench, "/redirect?code=ATTACKER&state=\(state)")
        #expect(bench.weChat.exchanges == 0)
        #expect(response.state != nil && response.state != state, "the victim starts a login of his own")
        #expect(victim.cookies["__Host-magpie_session"] == nil)
    }

    @Test func `a state of one account is no good for another`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench, "/redirect/second?to=/orders")
        bench.weChat.expect(code: "C", openID: "oVisitor")
        let response = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        #expect(response.status == .badRequest)
        #expect(bench.weChat.exchanges == 0)
    }

    @Test func `a state expires after ten minutes`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        bench.weChat.expect(code: "C", openID: "oVisitor")
        bench.pass(seconds: 601)
        #expect(try await visitor.get(bench, "/redirect?code=C&state=\(state)").status == .forbidden)
        #expect(bench.weChat.exchanges == 0)
    }

    @Test func `a state given out while the clock was ahead is no good when it is set right`() async throws {
        var visitor = Visitor()
        bench.pass(seconds: 86_400)
        let state = try await visitor.start(bench)
        bench.weChat.expect(code: "C", openID: "oVisitor")
        bench.pass(seconds: -86_400)
        #expect(try await visitor.get(bench, "/redirect?code=C&state=\(state)").status == .forbidden)
        #expect(bench.weChat.exchanges == 0)
        _ = try await visitor.logIn(bench, as: "oVisitor")
        #expect(bench.weChat.exchanges == 1)
    }

    @Test func `fifty identical callbacks at once exchange the code once and all get the same answer`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        bench.weChat.expect(code: "C", openID: "oVisitor")
        bench.weChat.state.withLock { $0.delay = .milliseconds(30) }
        let (bench, browser) = (bench, visitor)
        let answers = try await withThrowingTaskGroup(of: [String?].self) { group in
            for _ in 0..<50 {
                group.addTask {
                    var tab = browser
                    let response = try await tab.get(bench, "/redirect?code=C&state=\(state)")
                    return [response.location, tab.cookies["__Host-magpie_session"]]
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers).count == 1)
        #expect(answers[0][0] == "/orders" && answers[0][1] != nil)
        #expect(bench.weChat.exchanges == 1)
    }

    @Test func `WeChat's second callback with the same state and another code gets the first one's answer`()
        async throws
    {
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        bench.weChat.expect(code: "C1", openID: "oVisitor")
        bench.weChat.expect(code: "C2", openID: "oVisitor")
        let before = visitor
        let first = try await visitor.get(bench, "/redirect?code=C1&state=\(state)")
        var again = before
        let second = try await again.get(bench, "/redirect?code=C2&state=\(state)")
        #expect(second.location == first.location)
        #expect(again.cookies["__Host-magpie_session"] == visitor.cookies["__Host-magpie_session"])
        #expect(bench.weChat.exchanges == 1)
    }

    @Test func `a reload of the callback gives the same session for ten minutes, and a new login after`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        bench.weChat.expect(code: "C", openID: "oVisitor")
        _ = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        let session = visitor.cookies["__Host-magpie_session"]
        bench.pass(seconds: 590)
        let reload = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        #expect(reload.location == "/orders")
        #expect(visitor.cookies["__Host-magpie_session"] == session)
        bench.pass(seconds: 20)
        #expect(try await visitor.get(bench, "/redirect?code=C&state=\(state)").status == .forbidden)
        #expect(bench.weChat.exchanges == 1)
    }

    @Test func `a code that was used is not redeemed again under another state`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        bench.weChat.expect(code: "C", openID: "oVisitor")
        _ = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        let session = visitor.cookies["__Host-magpie_session"]
        visitor.cookies["__Host-magpie_session"] = nil
        let other = try await visitor.start(bench)
        let response = try await visitor.get(bench, "/redirect?code=C&state=\(other)")
        #expect(response.location == "/orders")
        #expect(visitor.cookies["__Host-magpie_session"] == session, "the same browser gets the same session")
        var stranger = Visitor()
        let foreign = try await stranger.start(bench)
        let restarted = try await stranger.get(bench, "/redirect?code=C&state=\(foreign)")
        #expect(restarted.state != nil)
        #expect(stranger.cookies["__Host-magpie_session"] == nil)
        #expect(bench.weChat.exchanges == 1)
    }

    @Test func `a replay after logout goes to the target without a session`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        bench.weChat.expect(code: "C", openID: "oVisitor")
        _ = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        _ = try await visitor.post(bench, "/logout")
        let replay = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        #expect(replay.location == "/orders")
        #expect(visitor.cookies["__Host-magpie_session"] == nil)
        #expect(try await visitor.get(bench, "/session").status == .unauthorized)
    }

    @Test func `a visitor who refuses goes back with an error that the page can read`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench, "/redirect?to=/orders%3Fpage=2%23top")
        let response = try await visitor.get(bench, "/redirect?state=\(state)")
        #expect(response.location == "/orders?page=2&wechat_error=access_denied#top")
        #expect(bench.weChat.exchanges == 0)
        bench.weChat.expect(code: "C", openID: "oVisitor")
        let late = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        #expect(late.state != nil, "the state was used up by the refusal")
        #expect(bench.weChat.exchanges == 0)
    }

    @Test func `a client without cookies is sent to WeChat three times at most`() async throws {
        var response = try await {
            var visitor = Visitor()
            return try await visitor.get(bench, "/redirect?to=/orders")
        }()
        var rounds = 0
        while let state = response.state {
            rounds += 1
            try #require(rounds <= 3)
            bench.weChat.expect(code: "C\(rounds)", openID: "oVisitor")
            var visitor = Visitor()
            response = try await visitor.get(bench, "/redirect?code=C\(rounds)&state=\(state)")
        }
        #expect(rounds == 3)
        #expect(response.status == .forbidden)
        #expect(response.errorCode == "login_loop")
        #expect(bench.weChat.exchanges == 0)
    }

    @Test(arguments: [40_029, 40_163, 42_003])
    func `a code that WeChat refuses starts the login over, and not for ever`(errcode: Int) async throws {
        bench.weChat.state.withLock {
            $0.script["/sns/oauth2/access_token"] = Array(
                repeating: #"{"errcode":\#(errcode),"errmsg":"no"}"#, count: 9)
        }
        var visitor = Visitor()
        var response = try await visitor.get(bench, "/redirect?to=/orders")
        var rounds = 0
        while let state = response.state {
            rounds += 1
            try #require(rounds <= 3)
            response = try await visitor.get(bench, "/redirect?code=C\(rounds)&state=\(state)")
        }
        #expect(rounds == 3)
        #expect(response.errorCode == "login_loop")
        #expect(bench.weChat.exchanges == 3)
    }

    @Test func `an exchange without an answer is not repeated, and the visitor may try again`() async throws {
        bench.weChat.state.withLock { $0.script["/sns/oauth2/access_token"] = ["HANG"] }
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        let response = try await visitor.get(
            bench, "/redirect?code=C&state=\(state)", fields: [(.accept, "text/html"), (.secFetchMode, "navigate")])
        #expect(response.status == .unavailable)
        #expect(response.text.contains("/redirect?scope=base&amp;to=%2Forders"))
        #expect(bench.weChat.exchanges == 1)
    }

    @Test func `a session that satisfies the scope goes straight on, one that does not asks WeChat`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        #expect(try await visitor.get(bench, "/redirect?to=/cart").location == "/cart")
        #expect(try await visitor.get(bench, "/redirect?to=/cart&scope=userinfo").state != nil)
        bench.weChat.state.withLock { $0.scope = "snsapi_userinfo" }
        _ = try await visitor.logIn(bench, as: "oVisitor", "/redirect?to=/cart&scope=userinfo")
        #expect(try await visitor.get(bench, "/redirect?to=/cart&scope=userinfo").location == "/cart")
        #expect(try await visitor.get(bench, "/session").text.contains("小鹊"))
    }

    @Test func `a menu's name is a state: it gives the menu's target, and a reload does not redeem twice`() async throws
    {
        var visitor = Visitor()
        bench.weChat.expect(code: "MENU", openID: "oVisitor")
        let response = try await visitor.get(bench, "/redirect?code=MENU&state=orders")
        #expect(response.location == "/orders")
        let session = visitor.cookies["__Host-magpie_session"]
        #expect(session != nil)
        let reload = try await visitor.get(bench, "/redirect?code=MENU&state=orders")
        #expect(reload.location == "/orders")
        #expect(visitor.cookies["__Host-magpie_session"] == session)
        var stranger = Visitor()
        #expect(try await stranger.get(bench, "/redirect?code=MENU&state=orders").state != nil)
        #expect(stranger.cookies["__Host-magpie_session"] == nil, "a stranger with the link gets no session")
        #expect(bench.weChat.exchanges == 1)
    }

    @Test func `a HEAD request spends no code`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        bench.weChat.expect(code: "C", openID: "oVisitor")
        let head = try Request(method: .head, target: "/redirect?code=C&state=\(state)")
        #expect(await bench.respond(head).status == .methodNotAllowed)
        #expect(bench.weChat.exchanges == 0)
    }

    @Test func `any number of tabs log in with one binding cookie`() async throws {
        var visitor = Visitor()
        var states: [String] = []
        for tab in 0..<20 { states.append(try await visitor.start(bench, "/redirect?to=/tab\(tab)")) }
        for (tab, state) in states.enumerated().reversed() {
            bench.weChat.expect(code: "C\(tab)", openID: "oVisitor")
            let response = try await visitor.get(bench, "/redirect?code=C\(tab)&state=\(state)")
            #expect(response.location == "/tab\(tab)")
        }
        #expect(visitor.cookies.count == 2)
    }

    @Test func `of one browser's open logins the latest twenty are kept, and what is done stays done`() async throws {
        var visitor = Visitor()
        let done = try await visitor.start(bench, "/redirect?to=/done")
        bench.weChat.expect(code: "DONE", openID: "oVisitor")
        _ = try await visitor.get(bench, "/redirect?code=DONE&state=\(done)")
        visitor.cookies["__Host-magpie_session"] = nil
        var states: [String] = []
        for tab in 0..<50 { states.append(try await visitor.start(bench, "/redirect?to=/tab\(tab)")) }
        let rows = try await bench.store.scan(namespace: LoginRecords.namespace, after: nil, limit: 100).count
        #expect(rows <= LoginRecords.mostOpen)
        #expect(try await visitor.get(bench, "/redirect?code=DONE&state=\(done)").location == "/done")
        visitor.cookies["__Host-magpie_session"] = nil
        bench.weChat.expect(code: "OLD", openID: "oVisitor")
        #expect(try await visitor.get(bench, "/redirect?code=OLD&state=\(states[30])").errorCode == "login_expired")
        #expect(bench.weChat.exchanges == 1)
        for tab in 31..<50 {
            bench.weChat.expect(code: "C\(tab)", openID: "oVisitor")
            let response = try await visitor.get(bench, "/redirect?code=C\(tab)&state=\(states[tab])")
            #expect(response.location == "/tab\(tab)")
        }
    }

    /// The visitor who refused at the last moment used to keep his row in the store for ten minutes more, and so could
    /// anybody keep twice as many as may be begun.
    @Test func `a state that is used up lives no longer than it would have unused`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        bench.pass(seconds: 599)
        #expect(
            try await visitor.get(bench, "/redirect?state=\(state)").location == "/orders?wechat_error=access_denied")
        bench.pass(seconds: 2)
        #expect(try await bench.store.scan(namespace: LoginRecords.namespace, after: nil, limit: 9).isEmpty)
    }

    @Test func `an openid in the query is ignored`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        bench.weChat.expect(code: "C", openID: "oVisitor")
        _ = try await visitor.get(bench, "/redirect?code=C&state=\(state)&openid=oOther")
        #expect(try await visitor.get(bench, "/session").text.contains("oVisitor"))
    }
}
