import Testing
import Wire

@testable import Sandbox

struct PlatformAPITests {
    @Test func `a token comes without errcode, as JSON with the platform's odd content type`() async throws {
        let bench = SandboxBench()
        let answer = try await bench.token()
        #expect(answer.status == 200)
        #expect(answer.response.fields[.contentType] == "application/json; encoding=utf-8")
        #expect(answer.errcode == nil)
        #expect(answer["expires_in"] == 7_200)
        #expect(answer["access_token"]?.string?.utf8.count == 157)
    }

    @Test func `what is wrong with a token call is said with status 200`() async throws {
        let bench = SandboxBench()
        let id = bench.account.appID
        let secret = bench.account.appSecret
        let cases: [(String, Int)] = [
            ("?grant_type=client&appid=\(id)&secret=\(secret)", 40002), ("?appid=\(id)&secret=\(secret)", 40002),
            ("?grant_type=client_credential&secret=\(secret)", 41002),
            ("?grant_type=client_credential&appid=\(id)", 41004),
            ("?grant_type=client_credential&appid=wx0&secret=\(secret)", 40013),
            ("?grant_type=client_credential&appid=\(id)&secret=0", 40125),
        ]
        for (query, errcode) in cases {
            let answer = try await bench.send(.get, "/cgi-bin/token\(query)")
            #expect(answer.status == 200)
            #expect(answer.errcode == errcode)
            #expect(answer.errmsg.contains(" rid: 6553f100-"))
        }
    }

    @Test func `stable_token wants POST with JSON`() async throws {
        let bench = SandboxBench()
        #expect(try await bench.send(.get, "/cgi-bin/stable_token").errcode == 43002)
        #expect(try await bench.send(.post, "/cgi-bin/stable_token").errcode == 44002)
        #expect(try await bench.send(.post, "/cgi-bin/stable_token", body: "appid=1").errcode == 47001)
        #expect(try await bench.send(.post, "/cgi-bin/stable_token", body: "[]").errcode == 47001)
        #expect(try await bench.send(.post, "/cgi-bin/token").errcode == 43001)
    }

    @Test func `the two families of tokens live side by side`() async throws {
        let bench = SandboxBench()
        let stable = try await bench.stableToken()["access_token"]?.string ?? ""
        let legacy = try await bench.token()["access_token"]?.string ?? ""
        _ = try await bench.token()
        bench.advance(301)
        #expect(try await bench.ticket(stable).errcode == 0)
        #expect(try await bench.ticket(legacy).errcode == 40001)
        #expect(try await bench.stableToken()["access_token"]?.string == stable)
        #expect(try await bench.stableToken()["expires_in"] == .number(7_200 - 301))
    }

    @Test func `a dead, a replaced, a missing and an unknown token are told apart`() async throws {
        let bench = SandboxBench()
        let token = try await bench.token()["access_token"]?.string ?? ""
        #expect(try await bench.ticket("").errcode == 41001)
        #expect(try await bench.ticket("73_x").errcode == 40014)
        bench.advance(7_200)
        #expect(try await bench.ticket(token).errcode == 42001)
        let next = try await bench.token()["access_token"]?.string ?? ""
        #expect(try await bench.control("kill", ["what": "token"]).status == 200)
        let killed = try await bench.ticket(next)
        #expect(killed.errcode == 40001)
        #expect(killed.errmsg.hasPrefix("invalid credential, access_token is invalid or not latest"))
    }

    @Test func `unknown tokens may also get 40001`() async throws {
        var knobs = Knobs()
        knobs.unknownTokenErrcode = 40001
        #expect(try await SandboxBench(knobs).ticket("73_x").errcode == 40001)
    }

    @Test func `the ticket is the same for every token and has the platform's shape`() async throws {
        let bench = SandboxBench()
        let first = try await bench.newTicket()
        bench.advance(3_600)
        let token = try await bench.stableToken()["access_token"]?.string ?? ""
        let again = try await bench.ticket(token)
        #expect(again["ticket"]?.string == first)
        #expect(again["expires_in"] == 7_200)
        #expect(again["errmsg"] == "ok")
        #expect(first.wholeMatch(of: /[A-Za-z0-9_-]{86}/) != nil)
        bench.advance(3_600)
        let later = try await bench.newTicket()
        #expect(later != first)
        #expect(later.prefix(20) == first.prefix(20))
    }

    @Test func `card tickets are others, and there are no third ones`() async throws {
        let bench = SandboxBench()
        let token = try await bench.token()["access_token"]?.string ?? ""
        let card = try await bench.ticket(token, type: "wx_card")["ticket"]?.string
        #expect(card != (try await bench.newTicket()))
        #expect(try await bench.ticket(token, type: "agent").errcode == 40097)
    }

    @Test func `a ticket can die with the token by a knob`() async throws {
        var knobs = Knobs()
        knobs.ticketDiesWithToken = true
        let bench = SandboxBench(knobs)
        let first = try await bench.newTicket()
        #expect(try await bench.newTicket() != first)
    }

    @Test func `the daily quota of tokens ends and can be cleared`() async throws {
        var knobs = Knobs()
        knobs.tokensPerDay = 2
        let bench = SandboxBench(knobs)
        _ = try await bench.token()
        let token = try await bench.token()["access_token"]?.string ?? ""
        let over = try await bench.token()
        #expect(over.errcode == 45009)
        #expect(over.errmsg.hasPrefix("reach max api daily quota limit"))
        let body = "{\"appid\":\"\(bench.account.appID)\"}"
        #expect(
            try await bench.send(.post, "/cgi-bin/clear_quota?access_token=\(token)", body: body).errcode == 0)
        #expect(try await bench.token().errcode == nil)
    }

    @Test func `a quota is cleared ten times a month`() async throws {
        let bench = SandboxBench()
        let token = try await bench.token()["access_token"]?.string ?? ""
        let body = "{\"appid\":\"\(bench.account.appID)\"}"
        var codes: [Int?] = []
        for _ in 0..<11 {
            codes.append(
                try await bench.send(.post, "/cgi-bin/clear_quota?access_token=\(token)", body: body).errcode)
        }
        #expect(codes == Array(repeating: 0, count: 10) + [48006])
    }

    @Test func `stable tokens have a quota by the minute`() async throws {
        var knobs = Knobs()
        knobs.stablePerMinute = 1
        let bench = SandboxBench(knobs)
        #expect(try await bench.stableToken().errcode == nil)
        #expect(try await bench.stableToken().errcode == 45011)
        bench.advance(60)
        #expect(try await bench.stableToken().errcode == nil)
    }

    @Test func `an address that is not on the whitelist is named`() async throws {
        let bench = SandboxBench()
        _ = try await bench.control("accounts", ["whitelist": ["10.0.0.0/8"]])
        let query =
            "/cgi-bin/token?grant_type=client_credential&appid=\(bench.account.appID)"
            + "&secret=\(bench.account.appSecret)"
        let refused = try await bench.send(.get, query, from: "101.45.43.1")
        #expect(refused.errcode == 40164)
        #expect(refused.errmsg.hasPrefix("invalid ip 101.45.43.1 ipv6 ::ffff:101.45.43.1, not in whitelist rid: "))
        #expect(try await bench.send(.get, query, from: "10.1.2.3").errcode == nil)
        _ = try await bench.control("settings", ["whitelistErrcode": 61004])
        #expect(try await bench.send(.get, query, from: "101.45.43.1").errcode == 61004)
    }

    @Test func `a frozen secret opens nothing`() async throws {
        let bench = SandboxBench()
        _ = try await bench.control("accounts", ["secretFrozen": true])
        #expect(try await bench.token().errcode == 40243)
        #expect(try await bench.stableToken().errcode == 40243)
    }

    @Test func `a website application has no token of its own`() async throws {
        let bench = SandboxBench()
        let website = Account.sampleWebsite
        let answer = try await bench.send(
            .get,
            "/cgi-bin/token?grant_type=client_credential&appid=\(website.appID)&secret=\(website.appSecret)")
        #expect(answer.errcode == 40013)
    }

    @Test func `user info tells much of a follower and little of others`() async throws {
        let bench = SandboxBench()
        let token = try await bench.token()["access_token"]?.string ?? ""
        let follower = try await bench.exchange(try await bench.code("follower"))["openid"]?.string ?? ""
        let plain = try await bench.exchange(try await bench.code("plain"))["openid"]?.string ?? ""
        let known = try await bench.send(.get, "/cgi-bin/user/info?access_token=\(token)&openid=\(follower)&lang=en")
        #expect(known["subscribe"] == 1)
        #expect(known["nickname"] == "")
        #expect(known["language"] == "en")
        #expect(known["unionid"]?.string?.utf8.count == 28)
        let unknown = try await bench.send(.get, "/cgi-bin/user/info?access_token=\(token)&openid=\(plain)")
        #expect(unknown["subscribe"] == 0)
        #expect(unknown["nickname"] == nil)
        #expect(try await bench.send(.get, "/cgi-bin/user/info?access_token=\(token)&openid=o1").errcode == 40003)
        #expect(try await bench.send(.get, "/cgi-bin/user/info?access_token=\(token)").errcode == 41009)
        let list = try await bench.send(.get, "/cgi-bin/user/get?access_token=\(token)")
        #expect(list["next_openid"]?.string == follower)
        let addresses = try await bench.send(.get, "/cgi-bin/get_api_domain_ip?access_token=\(token)")
        #expect(addresses["ip_list"] == ["127.0.0.1"])
    }

    @Test func `an unknown path is one more reply of status 200`() async throws {
        let bench = SandboxBench()
        let answer = try await bench.send(.get, "/cgi-bin/menu/create")
        #expect(answer.status == 200)
        #expect(answer.errcode == 40066)
        #expect(try await bench.send(.get, "/nothing").status == 404)
        #expect(try await bench.send(.put, "/cgi-bin/token").status == 405)
    }
}
