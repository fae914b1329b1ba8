import Testing
import Wire

@testable import Sandbox

/// wechat-platform §7.7: an event log for assertions, and quota counters that can be read.
struct TrafficTests {
    private let bench = SandboxBench()

    private func requests(_ filter: String = "") async throws -> [[String: JSONValue]] {
        let answer = try await bench.send(.get, "/_sandbox/requests\(filter)")
        #expect(answer.status == 200, "\(answer.text)")
        guard case .list(let items)? = answer["requests"] else { return [] }
        return items.compactMap { if case .object(let members) = $0 { members } else { nil } }
    }

    @Test func `a call is recorded with its parameters and its answer, and nothing secret`() async throws {
        let token = try await bench.token()["access_token"]?.string ?? ""
        let ticket = try await bench.ticket(token)["ticket"]?.string ?? ""
        let recorded = try await requests()
        #expect(recorded.map { $0["path"] } == ["/cgi-bin/token", "/cgi-bin/ticket/getticket"])
        #expect(recorded[0]["method"] == "GET")
        #expect(recorded[0]["account"] == "main")
        #expect(recorded[0]["status"] == 200)
        #expect(recorded[0]["time"] == .number(Double(SandboxBench.start)))
        #expect(
            recorded[0]["parameters"]
                == [
                    "grant_type": "client_credential", "appid": .text(bench.account.appID), "secret": "…",
                ])
        #expect(recorded[1]["parameters"] == ["access_token": .text("…" + token.suffix(6)), "type": "jsapi"])
        #expect(
            recorded[1]["answer"]
                == ["errcode": 0, "errmsg": "ok", "ticket": .text("…" + ticket.suffix(6)), "expires_in": 7_200])
        let text = try await bench.send(.get, "/_sandbox/requests").text
        for secret in [bench.account.appSecret, token, ticket] { #expect(!text.contains(secret)) }
    }

    @Test func `the whole way of a login is recorded, and no code of it`() async throws {
        let code = try await bench.code("hostile")
        let grant = try await bench.exchange(code)
        _ = try await bench.profile(grant)
        let text = try await bench.send(.get, "/_sandbox/requests").text
        let secrets = [code, grant["access_token"]?.string ?? "", grant["refresh_token"]?.string ?? ""]
        for secret in secrets { #expect(!secret.isEmpty && !text.contains(secret)) }
        let recorded = try await requests()
        #expect(recorded.map { $0["account"] } == ["main", "main", "main"])
        guard case .object(let consent)? = recorded[0]["parameters"] else {
            Issue.record("no parameters")
            return
        }
        #expect(consent["scope"] == "snsapi_userinfo" && consent["decision"] == "allow" && consent["user"] == "hostile")
        #expect(
            recorded[0]["location"]?.string
                == "http://127.0.0.1:8080/redirect?code=…\(code.suffix(6))&state=abc123")
        // This nickname is no JSON text at all; what can be read of the answer is there.
        guard case .object(let profile)? = recorded[2]["answer"] else {
            Issue.record("the hostile profile was not read")
            return
        }
        #expect(profile["openid"] == grant["openid"])
    }

    @Test func `requests are chosen by path, account, and what was seen before`() async throws {
        let token = try await bench.token()["access_token"]?.string ?? ""
        _ = try await bench.ticket(token)
        let mark = try await bench.send(.get, "/_sandbox/requests")["last"]?.integer ?? 0
        #expect(mark == 2)
        _ = try await bench.exchange("0", website: true)
        _ = try await bench.exchange("0")
        #expect(try await requests("?path=/cgi-bin/token").count == 1)
        #expect(try await requests("?path=/cgi-bin/*").count == 2)
        #expect(try await requests("?path=/cgi-bin").isEmpty)
        #expect(try await requests("?account=website").map { $0["number"] } == [3])
        #expect(try await requests("?account=\(bench.account.appID)").count == 3)
        #expect(try await requests("?since=\(mark)").map { $0["number"] } == [3, 4])
        #expect(try await requests("?since=\(mark)&account=main&path=/sns/*").count == 1)
        #expect(try await requests("?last=1").map { $0["number"] } == [4])
        #expect(try await bench.send(.get, "/_sandbox/requests?paht=/a").status == 400)
        #expect(try await bench.send(.get, "/_sandbox/requests?since=-1").status == 400)
    }

    @Test func `a fault stands beside the request that it struck`() async throws {
        _ = try await bench.control("faults", ["path": "/cgi-bin/*", "nth": 2, "reset": true])
        _ = try await bench.token()
        _ = try await bench.token()
        let recorded = try await requests()
        #expect(recorded.map { $0["fault"] } == [.null, "reset"])
        #expect(recorded.map { $0["status"] } == [200, .null])
        _ = try await bench.control("reset", ["what": "requests"])
        #expect(try await requests().isEmpty)
        #expect(try await bench.send(.get, "/_sandbox/counters").text.contains("token"))
    }

    @Test func `the last five hundred calls are kept, and nothing long is shown whole`() async throws {
        for _ in 0..<1_010 { _ = try await bench.send(.get, "/sns/auth") }
        _ = try await bench.send(.get, "/sns/auth?long=\(String(repeating: "x", count: 2_000))")
        let recorded = try await requests()
        #expect(recorded.count == 500)
        #expect(recorded.last?["number"] == 1_011)
        #expect(recorded.last?["parameters"] == ["long": .text(String(repeating: "x", count: 512) + "…")])
    }
}

/// wechat-platform §1.12: what the platform offers whoever looks for a mistake.
struct SupportAPITests {
    private let bench = SandboxBench()

    private func ask(_ path: String, _ body: JSONValue, _ token: String) async throws -> Answer {
        try await bench.send(
            .post, "/cgi-bin/openapi/\(path)?access_token=\(token)", body: String(decoding: body.bytes, as: UTF8.self))
    }

    @Test func `quota_get tells what is used of a day, which ends at midnight in China`() async throws {
        let token = try await bench.token()["access_token"]?.string ?? ""
        let quota = try await ask("quota/get", ["cgi_path": "/cgi-bin/token"], token)
        #expect(quota.errcode == 0)
        #expect(quota["quota"] == ["daily_limit": 2_000, "used": 1, "remain": 1_999])
        #expect(try await ask("quota/get", ["cgi_path": "/cgi-bin/menu"], token).errcode == 76021)
        #expect(try await ask("quota/get", ["cgi_path": "/cgi-bin/token"], "73_x").errcode == 40014)
        bench.advance(86_400)
        let stable = try await bench.stableToken()["access_token"]?.string ?? ""
        #expect(
            try await ask("quota/get", ["cgi_path": "/cgi-bin/token"], stable)["quota"]
                == ["daily_limit": 2_000, "used": 0, "remain": 2_000])
    }

    @Test func `rid_get gives back the account's own failed call without its secret`() async throws {
        let refused = try await bench.send(
            .get,
            "/cgi-bin/token?grant_type=wrong&appid=\(bench.account.appID)&secret=\(bench.account.appSecret)",
            from: "203.0.113.7")
        let rid = String(refused.errmsg.suffix(26))
        let token = try await bench.token()["access_token"]?.string ?? ""
        let answer = try await ask("rid/get", ["rid": .text(rid)], token)
        #expect(answer.errcode == 0)
        guard case .object(let call)? = answer["request"] else {
            Issue.record("\(answer.text)")
            return
        }
        #expect(call["invoke_time"] == .number(Double(SandboxBench.start)))
        #expect(call["client_ip"] == "203.0.113.7")
        #expect(
            call["request_url"]?.string
                == "/cgi-bin/token?appid=\(bench.account.appID)&grant_type=wrong&secret=…")
        #expect(call["response_body"]?.string?.contains("40002") == true)
        #expect(!answer.text.contains(bench.account.appSecret))
        #expect(try await ask("rid/get", ["rid": "6553f100-00000000-00000000"], token).errcode == 76001)
    }

    @Test func `rid_get tells nothing of another account's calls`() async throws {
        let other = Account.fresh(name: "other", entropy: .counting())
        let bench = SandboxBench(accounts: [.sample, other])
        let refused = try await bench.send(.get, "/cgi-bin/token?grant_type=x&appid=\(other.appID)&secret=x")
        let token = try await bench.token()["access_token"]?.string ?? ""
        let body: JSONValue = ["rid": .text(String(refused.errmsg.suffix(26)))]
        let answer = try await bench.send(
            .post, "/cgi-bin/openapi/rid/get?access_token=\(token)", body: String(decoding: body.bytes, as: UTF8.self))
        #expect(answer.errcode == 76001)
    }
}
