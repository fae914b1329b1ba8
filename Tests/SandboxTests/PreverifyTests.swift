import Secure
import Testing
import Wire

@testable import Sandbox

struct PreverifyTests {
    private let ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    private let nonce = "Wm3WZYTPz0wzccnW"
    private let page = "https://m.example.com/p/1?from=singlemessage&isappinstalled=0"

    /// A platform that has issued the documentation's own ticket.
    private func state(domains: [String] = ["qq.com", "example.com"]) -> Platform.State {
        var state = Platform.State(
            accounts: [.sample, .sampleWebsite], users: [], knobs: Knobs(), clock: { 1_414_587_500 },
            entropy: .counting())
        state.ledgers[0].account.jsDomains = domains
        var family = TicketFamily()
        _ = family.read(now: state.now, rules: state.knobs.ticketRules) { ticket }
        state.ledgers[0].tickets["jsapi"] = family
        return state
    }

    private func config(_ url: String, signature: String, full: String? = nil, other: String = "") -> PageConfig {
        PageConfig(
            appID: Account.sample.appID, timestamp: "1414587457", nonce: nonce, signature: signature, url: url,
            fullURL: full ?? url, otherURL: other)
    }

    @Test func `the documentation's own example is accepted`() {
        let state = state()
        let first = config(
            "http://mp.weixin.qq.com?params=value", signature: "0f9de62fce790f9a083d5c99e95740ceb90c27ed")
        #expect(state.preverify(first) == .ok)
        let older = config("http://mp.weixin.qq.com", signature: "f4d90daf4b3bca3078ab155816175ba34c443a7b")
        #expect(state.preverify(older) == .ok)
        #expect(state.preverify(config(page, signature: "c156b9704c08d27f86ffe9d142178a6f9b5a551e")) == .ok)
    }

    @Test(arguments: [
        ("771b7c3ef8ad9bef64381fd86e2f29f6d043a686", "fragment"),
        ("9e7426ebbcee080d696fdcf87f20dbdc61053bc7", "scheme"),
        ("b4d205618905b049e425c1783ce7d0c273e3a6fe", "query"), ("d9ffa819971e3ba1cfbb09c4993e0f4311da1cb2", "encoded"),
        ("cdd37a34a1af9f4e20a8a32689ae96a852c08b3a", "port"), ("af9390d0da889fe2c2f69de3c2a8951c892e9c8f", "ampersand"),
        ("63c79917c3a288dc732ac8466b815102c0972e71", "milliseconds"),
        ("f68ad023601955e815e6f576b7a15726fb578307", "nonce-name"),
        ("6f0cb0e0abe47e84c7b16b5c0d6e7056c2cc0707", "newline"),
        ("C156B9704C08D27F86FFE9D142178A6F9B5A551E", "upper-case"),
        ("0000000000000000000000000000000000000000", "unknown"),
    ])
    func `a usual mistake is told by name`(signature: String, code: String) {
        let verdict = state().preverify(config(page, signature: signature, full: page + "#/detail"))
        #expect(verdict.outcome == .invalidSignature)
        #expect(verdict.code == code)
        #expect(!verdict.reason.isEmpty)
    }

    @Test func `a missing or superfluous slash and a decoded path are told`() {
        let state = state()
        let bare = "ec0da70364771ee30de0bf0b675ce9fec4e85ca4"
        let slash = "e308073d7744670f8dfc7098fae241803246387b"
        #expect(state.preverify(config("https://m.example.com/", signature: slash)) == .ok)
        #expect(["slash", "origin"].contains(state.preverify(config("https://m.example.com/", signature: bare)).code))
        #expect(["slash", "query"].contains(state.preverify(config("https://m.example.com", signature: slash)).code))
        let encoded = "https://m.example.com/%E5%95%86%E5%93%81?q=%E9%9E%8B"
        #expect(state.preverify(config(encoded, signature: "5a387a6b8d4809d65b98a19601466833a2219651")) == .ok)
        let decoded = state.preverify(config(encoded, signature: "32976fa0e979c8b56d404c0d253aaabd9eed90b5"))
        #expect(decoded.code == "decoded")
    }

    @Test func `signing the current page on iOS is told`() {
        let entry = "https://m.example.com/entry"
        let verdict = state().preverify(
            config(entry, signature: "c156b9704c08d27f86ffe9d142178a6f9b5a551e", other: page))
        #expect(verdict.code == "other-url")
    }

    @Test func `a domain covers its sub-domains and nobody else`() {
        let cases: [(String, Verdict.Outcome)] = [
            ("https://example.com/", .invalidSignature), ("https://m.example.com/", .invalidSignature),
            ("https://badexample.com/", .invalidDomain), ("https://example.com.evil.org/", .invalidDomain),
            ("https://m.example.com:8443/", .invalidDomain), ("https://m.example.com:443/", .invalidSignature),
            ("file:///tmp/x", .invalidDomain), ("https://user@example.com/", .invalidDomain),
        ]
        for (url, outcome) in cases {
            #expect(state().preverify(config(url, signature: "0")).outcome == outcome, "\(url)")
        }
    }

    @Test func `an unlisted domain is told before a wrong signature, and loopback may have a port`() {
        #expect(state(domains: []).preverify(config(page, signature: "0")).code == "domain-not-listed")
        var local = state(domains: ["127.0.0.1"])
        let config = config("http://127.0.0.1:8080/", signature: "0")
        #expect(local.preverify(config).outcome == .invalidSignature)
        local.knobs.ports = .none
        #expect(local.preverify(config).code == "port-not-allowed")
    }

    @Test func `an incomplete config fails and says what is missing`() {
        let state = state()
        var config = config(page, signature: "c156b9704c08d27f86ffe9d142178a6f9b5a551e")
        config.nonce = ""
        #expect(state.preverify(config).outcome == .fail)
        #expect(state.preverify(config).reason.contains("nonceStr"))
        config.nonce = nonce
        for timestamp in ["", "0", "now", "1.5", "-3", "99999999999999"] {
            config.timestamp = timestamp
            #expect(state.preverify(config).outcome == .fail, "\(timestamp)")
        }
        config.timestamp = "1414587457000"
        #expect(state.preverify(config).code == "milliseconds")
        config.timestamp = "1414587457"
        config.appID = "wx0"
        #expect(state.preverify(config).code == "unknown-appid")
    }

    @Test func `a dead ticket, a card ticket and another account's ticket are told apart`() {
        var state = state()
        let right = config(page, signature: "c156b9704c08d27f86ffe9d142178a6f9b5a551e")
        state.ledgers[0].killTickets(now: state.now)
        #expect(state.preverify(right).code == "old-ticket")

        let family = state.ledgers[0].tickets.removeValue(forKey: "jsapi")
        #expect(state.preverify(right).code == "no-ticket")
        state.ledgers[0].tickets["wx_card"] = family
        #expect(state.preverify(right).code == "card-ticket")
        state.ledgers[0].tickets = [:]
        state.ledgers[1].tickets["jsapi"] = family
        #expect(state.preverify(right).code == "other-account")
    }
}

struct PreverifyEndpointTests {
    private func ask(_ bench: SandboxBench, _ body: JSONValue, origin: String = "http://h5.example") async throws
        -> Answer
    {
        try await bench.send(
            .post, "/_sandbox/preverify", fields: [(.origin, origin), (.contentType, "text/plain")],
            body: String(decoding: body.bytes, as: UTF8.self))
    }

    private func question(_ bench: SandboxBench, ticket: String, url: String, timestamp: JSONValue) -> JSONValue {
        let text = "jsapi_ticket=\(ticket)&noncestr=n0nce&timestamp=1700000000&url=\(url)"
        return [
            "appId": .text(bench.account.appID), "timestamp": timestamp, "nonceStr": "n0nce",
            "signature": .text(hex(Digest.sha1(Array(text.utf8)))), "url": .text(url), "jsApiList": ["chooseImage"],
        ]
    }

    @Test func `a page of any origin may ask, with a timestamp that is a number or a string`() async throws {
        let bench = SandboxBench()
        let ticket = try await bench.newTicket()
        for timestamp: JSONValue in [1_700_000_000, "1700000000"] {
            let answer = try await ask(
                bench, question(bench, ticket: ticket, url: "http://127.0.0.1:8080/a?b=c", timestamp: timestamp))
            #expect(answer.json == ["errMsg": "config:ok"])
            #expect(answer.response.fields[.accessControlAllowOrigin] == "*")
        }
    }

    @Test func `a refusal tells the URL that the client has and why`() async throws {
        let bench = SandboxBench()
        let answer = try await ask(
            bench, question(bench, ticket: "other", url: "http://127.0.0.1:8080/a", timestamp: "1700000000"))
        #expect(answer["errMsg"] == "config:invalid signature")
        #expect(answer["realAuthUrl"] == ["http://127.0.0.1:8080/a"])
        #expect(answer["reasonCode"] == "no-ticket")
        let events = try await bench.send(.get, "/_sandbox/events?kind=preverify")
        #expect(events.text.contains("invalid signature: no-ticket"))
    }

    @Test func `a preflight is answered and a body that is no object is refused`() async throws {
        let bench = SandboxBench()
        let preflight = try await bench.send(.options, "/_sandbox/preverify", fields: [(.origin, "http://a.example")])
        #expect(preflight.status == 204)
        #expect(preflight.response.fields[.accessControlAllowMethods] == "POST")
        #expect(try await ask(bench, []).status == 400)
    }
}
