import Foundation
import Secure
import Synchronization
import Testing
import WeChat
import Wire

@testable import Gateway

struct SigningTests {
    let bench = Bench()

    struct Signed: Decodable {
        struct Page: Decodable {
            let appId: String
            let nonceStr: String
            let timestamp: String
            let signature: String
            let url: String

            var isRight: Bool {
                signature == Signature.sign(ticket: "TICKET_CANARY", nonce: nonceStr, timestamp: timestamp, url: url)
            }
        }

        let entry: Page?
    }

    private func get(_ target: String, _ fields: [(FieldName, String)] = []) async throws -> Response {
        await bench.respond(try Request(target: target, fields: fields))
    }

    private func page(_ url: String, extra: String = "") -> String {
        "/get-signature?url=\(PercentCoding.encodeComponent(url))\(extra)"
    }

    @Test func `a page of the account's domain gets a signature that its ticket confirms`() async throws {
        let response = try await get(page("https://m.example.com/p/1?from=singlemessage#/detail"))
        #expect(response.status == .ok)
        let signed = try JSONDecoder().decode(Signed.Page.self, from: Data(response.text.utf8))
        #expect(signed.url == "https://m.example.com/p/1?from=singlemessage")
        #expect(signed.appId == "wx0000000000000001")
        #expect(signed.timestamp == "1760000000")
        #expect(signed.isRight)
        #expect(response.text.hasPrefix(#"{"appId":"#), "the fields stand in wechat-jssdk's order")
        #expect(response.fields[.cacheControl] == "no-store")
    }

    @Test func `the entry URL is signed along for iOS`() async throws {
        let target =
            page("https://m.example.com/now") + "&entry=" + PercentCoding.encodeComponent("https://m.example.com/entry")
        let signed = try JSONDecoder().decode(Signed.self, from: Data(try await get(target).text.utf8))
        let entry = try #require(signed.entry)
        #expect(entry.url == "https://m.example.com/entry" && entry.isRight)
    }

    @Test func `a second account signs with its own appid`() async throws {
        let response = try await get(page("https://m.example.com/", extra: "&account=second"))
        #expect(response.text.contains("wx0000000000000002"))
        #expect(try await get(page("https://m.example.com/", extra: "&account=third")).status == .notFound)
    }

    /// What is refused, with its status and what it is counted as.
    private static let refusals: [(target: String, origin: String?, status: Int, outcome: Metrics.SignatureOutcome?)] =
        [
            ("/get-signature?url=ftp%3A%2F%2Fm.example.com", nil, 400, .badURL),
            ("/get-signature?url=https%3A%2F%2Fm.example.com%2F%E6%B1%89", nil, 400, .badURL),
            ("/get-signature?url=https%3A%2F%2Fevil.example%2F", nil, 403, .foreignDomain),
            (
                "/get-signature?url=https%3A%2F%2Fm.example.com%2F&entry=https%3A%2F%2Fevil.example%2F", nil, 403,
                .foreignDomain
            ),
            ("/get-signature?url=https%3A%2F%2Fm.example.com%2F", "https://evil.example", 403, .foreignOrigin),
            ("/get-signature?url=https%3A%2F%2Fm.example.com%2F&account=nobody", nil, 404, .unknownAccount),
            ("/get-signature?url=https%3A%2F%2Fm.example.com%2F&url=x", nil, 400, nil),
            ("/get-signature", nil, 400, nil),
        ]

    @Test(arguments: refusals.indices, [true, false])
    func `a refusal is the same, and counted once, whether there is a ticket in memory or not`(
        _ index: Int, _ isWarm: Bool
    ) async throws {
        let refusal = Self.refusals[index]
        if isWarm { #expect(try await get(page("https://m.example.com/")).status == .ok) }
        func counts() -> [Int] {
            Metrics.SignatureOutcome.allCases.flatMap { outcome in
                ["main", ""].map { bench.metrics.signatures[$0, outcome.rawValue].value }
            }
        }
        let before = counts()
        let response = try await get(refusal.target, refusal.origin.map { [(.origin, $0)] } ?? [])
        #expect(response.status.code == refusal.status)
        #expect(response.fields[.xContentTypeOptions] == "nosniff" && response.fields[.cacheControl] == "no-store")
        let account = refusal.outcome == .unknownAccount ? "" : "main"
        let expected = Metrics.SignatureOutcome.allCases.flatMap { outcome in
            ["main", ""].map { outcome == refusal.outcome && $0 == account ? 1 : 0 }
        }
        #expect(zip(counts(), before).map { $0 - $1 } == expected)
    }

    @Test func `URLs that differ in the query only, and hold the text null, are signed whole`() async throws {
        for url in [
            "https://m.example.com/a?x=null&y=1", "https://example.com/?a=%zz", "https://m.example.com/a|b?{c}",
        ] {
            let signed = try JSONDecoder().decode(Signed.Page.self, from: Data(try await get(page(url)).text.utf8))
            #expect(signed.url == url && signed.isRight)
        }
    }

    @Test(arguments: [
        "javascript:alert(1)", "ftp://m.example.com/", "//m.example.com/", "/p/1", "", "m.example.com", "https://",
        "https://user@m.example.com/", "https://m.example.com:99999/", "https://m.example.com/商品", "__proto__",
        "https://m.example.com./", "https://m.example.com:/", "https://m.exa mple.com/",
        "https://m.example.com\\@evil.example/", "https://m.example.com/a\u{0}",
        "https://m.example.com/" + String(repeating: "a", count: 2_048),
    ])
    func `what is no page's URL is refused with a reason`(url: String) async throws {
        let response = try await get(page(url))
        #expect(response.status == .badRequest)
        #expect(response.errorCode == "bad_parameter")
        #expect(bench.weChat.count("/cgi-bin/ticket/getticket") == 0)
    }

    @Test(arguments: [
        "https://evil.example/", "https://example.com.evil.example/", "https://evilexample.com/",
        "https://example.org/",
        "https://m.example.com.evil.example/?https://m.example.com/",
    ])
    func `pages of other hosts are not signed`(url: String) async throws {
        let response = try await get(page(url))
        #expect(response.status == .forbidden)
        #expect(response.errorCode == "url_not_allowed" && response.text.contains("host in url are not signed"))
        let entry = try await get(
            page("https://m.example.com/") + "&entry=" + PercentCoding.encodeComponent(url))
        #expect(entry.errorCode == "url_not_allowed" && entry.text.contains("host in entry are not signed"))
    }

    @Test func `a missing or doubled url is the caller's fault`() async throws {
        #expect(try await get("/get-signature").errorCode == "missing_parameter")
        let twice = page("https://m.example.com/") + "&url=https%3A%2F%2Fm.example.com%2F"
        #expect(try await get(twice).status == .badRequest)
        #expect(try await get("/get-signature?url=%ff").status == .badRequest)
    }

    @Test func `pages of the account's hosts may ask from their own origin, others may not`() async throws {
        let target = page("https://m.example.com/")
        let granted = try await get(target, [(.origin, "https://m.example.com")])
        #expect(granted.fields[.accessControlAllowOrigin] == "https://m.example.com")
        #expect(granted.fields[.vary] == "Origin")
        #expect(!granted.fields.contains(.accessControlAllowCredentials))
        #expect(try await get(target, [(.origin, "https://m.example.com:8443")]).status == .ok)
        for origin in [
            "https://evil.example", "null", "https://example.com.evil.example", "file://", "https://", "https://m",
            // The site is https, and what came over http may be anybody's.
            "http://m.example.com", "http://m.example.com:443",
            // No browser writes an origin like these.
            "https://M.example.com", "HTTPS://m.example.com", "https://m.example.com.", "https://m.example.com/",
            "https://m.example.com:443", "https://m.example.com:", "https://m.example.com:08443", "m.example.com",
            "https://user@m.example.com", "https://m.example.com#", "https://m.example.com,https://evil.example",
        ] {
            let refused = try await get(target, [(.origin, origin)])
            #expect(refused.status == .forbidden)
            #expect(!refused.fields.contains(.accessControlAllowOrigin))
        }
        #expect(try await get(target, [(.secFetchSite, "cross-site")]).status == .forbidden)
        let twice = try await get(target, [(.origin, "https://m.example.com"), (.origin, "https://m.example.com")])
        #expect(twice.status == .forbidden, "which of them the browser wrote nobody knows")
    }

    @Test func `a page that is granted its origin may read why it got no signature`() async throws {
        let refused = try await get("/get-signature", [(.origin, "https://m.example.com")])
        #expect(refused.status == .badRequest)
        #expect(refused.fields[.accessControlAllowOrigin] == "https://m.example.com")
    }

    @Test func `a force that cannot be read is refused alike with and without a ticket in memory`() async throws {
        for isWarm in [false, true] {
            if isWarm { #expect(try await get(page("https://m.example.com/")).status == .ok) }
            for force in ["&force=1&force=1", "&force=%ff"] {
                let target = page("https://m.example.com/") + force
                let refused = try await get(target, [(.origin, "https://m.example.com")])
                #expect(refused.status == .badRequest)
                #expect(refused.fields[.accessControlAllowOrigin] == "https://m.example.com")
                #expect(try await get(target, [(.origin, "https://evil.example")]).status == .forbidden)
            }
        }
    }

    @Test func `preflights are answered for granted origins only`() async throws {
        let request = try Request(
            method: .options, target: "/get-signature", fields: [(.origin, "https://m.example.com")])
        let granted = await bench.respond(request)
        #expect(granted.status == .noContent)
        #expect(granted.fields[.accessControlAllowMethods] == "GET")
        let foreign = try Request(
            method: .options, target: "/get-signature", fields: [(.origin, "https://evil.example")])
        #expect(await bench.respond(foreign).status == .forbidden)
    }

    @Test func `force asks WeChat again, once for many`() async throws {
        _ = try await get(page("https://m.example.com/"))
        bench.pass(seconds: 31)
        for _ in 0..<20 { #expect(try await get(page("https://m.example.com/", extra: "&force=1")).status == .ok) }
        #expect(bench.weChat.count("/cgi-bin/ticket/getticket") == 2)
    }

    @Test func `without a ticket the answer is a clean 503 that says when to come back`() async throws {
        bench.weChat.state.withLock { $0.script["/cgi-bin/stable_token"] = ["HANG"] }
        let response = try await get(page("https://m.example.com/"))
        #expect(response.status == .unavailable)
        #expect(response.errorCode == "ticket_unavailable")
        #expect(Int(response.fields[.retryAfter] ?? "").map { $0 >= 1 } == true)
    }

    @Test func `the console's server verification echoes what is genuine and nothing else`() async throws {
        // sha1 of the sorted "1700000000", "consoletoken", "n1"
        let signature = "b8bb4d5f8b0f0e0c0a4c9a4c6f9b7f4c4b7a2d11"
        let forged = try await get("/api/wechat?signature=\(signature)&timestamp=1700000000&nonce=n1&echostr=hello")
        #expect(forged.status == .forbidden)
        let right = Self.verification(token: "consoletoken", timestamp: "1700000000", nonce: "n1")
        let echo = try await get("/api/wechat/second?signature=\(right)&timestamp=1700000000&nonce=n1&echostr=hello")
        #expect(echo.status == .ok && echo.text == "hello")
        #expect(echo.fields[.contentType]?.hasPrefix("text/plain") == true)
        #expect(try await get("/api/wechat?timestamp=1700000000&nonce=n1&echostr=hello").status == .forbidden)
    }

    private static func verification(token: String, timestamp: String, nonce: String) -> String {
        let text = [token, timestamp, nonce].sorted().joined()
        return hex(Digest.sha1(Array(text.utf8)))
    }
}
