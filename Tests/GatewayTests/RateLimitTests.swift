import Foundation
import Reactor
import Secure
import Testing
import Wire

@testable import Gateway

struct RateLimitTests {
    private static let start = Deadline(nanoseconds: 1_000_000_000_000)

    private func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

    @Test func `an address may ask as often as its bucket holds, then as fast as it fills`() throws {
        let limiter = AddressLimiter(perMinute: 60)
        let one = try address("203.0.113.1")
        for _ in 0..<60 { #expect(limiter.delay(for: one, at: Self.start) == nil) }
        #expect(limiter.delay(for: one, at: Self.start) == .seconds(1))
        #expect(limiter.delay(for: one, at: Self.start + .milliseconds(400)) == .milliseconds(600))
        #expect(limiter.delay(for: one, at: Self.start + .seconds(1)) == nil)
        #expect(limiter.delay(for: one, at: Self.start + .seconds(1)) == .seconds(1))
        // Others are not touched, and a full minute gives it all back and no more.
        #expect(limiter.delay(for: try address("203.0.113.2"), at: Self.start) == nil)
        let later = Self.start + .seconds(600)
        for _ in 0..<60 { #expect(limiter.delay(for: one, at: later) == nil) }
        #expect(limiter.delay(for: one, at: later) != nil)
    }

    @Test(arguments: [
        ("::ffff:203.0.113.1", "203.0.113.1", true), ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", false), ("203.0.113.1", "203.0.113.2", false),
        ("::cb00:7101", "203.0.113.1", false),
    ])
    func `an IPv6 subscriber has one bucket, and so has an IPv4 address however it is written`(
        first: String, second: String, areOne: Bool
    ) throws {
        let limiter = AddressLimiter(perMinute: 1)
        #expect(limiter.delay(for: try address(first), at: Self.start) == nil)
        #expect((limiter.delay(for: try address(second), at: Self.start) != nil) == areOne)
    }

    /// What makes room for new addresses is the forgetting of debts, so nobody's rights go.
    @Test func `a hundred thousand addresses neither free the one that floods nor refuse an honest one`() throws {
        let limiter = AddressLimiter(perMinute: 100)
        let flooder = try address("203.0.113.1")
        for _ in 0..<100 { #expect(limiter.delay(for: flooder, at: Self.start) == nil) }
        for number in 0..<100_000 {
            let other = try #require(
                IPAddress(bytes: [100, UInt8(number >> 16), UInt8(number >> 8 & 0xFF), UInt8(number & 0xFF)]))
            #expect(limiter.delay(for: other, at: Self.start) == nil)
        }
        #expect(limiter.delay(for: flooder, at: Self.start) != nil)
    }

    // MARK: - On the routes

    private static func limits(_ change: (inout Configuration.Limits) -> Void) -> Configuration.Limits {
        var limits = Configuration.Limits()
        change(&limits)
        return limits
    }

    private func get(
        _ bench: Bench, _ target: String, from peer: String?, _ fields: [(FieldName, String)] = []
    ) async throws -> Response {
        var request = try Request(target: target, fields: [(.host, "h5.example.com")] + fields)
        request.peer = peer.flatMap { IPAddress($0) }
        return await bench.respond(request)
    }

    private static let page = "/get-signature?url=https%3A%2F%2Fm.example.com%2F"

    @Test func `who floods the login is refused for a while, others are not, and the log keeps calm`() async throws {
        let bench = Bench(limits: Self.limits { $0.loginsPerAddress = 20 })
        for number in 0..<500 {
            let response = try await get(bench, "/redirect?to=/orders", from: "203.0.113.1")
            #expect(response.status == (number < 20 ? .found : .tooManyRequests))
            if number % 25 == 0 {
                let other = try await get(bench, "/redirect?to=/orders", from: "203.0.113.\(100 + number / 25)")
                #expect(other.state != nil)
            }
        }
        let refused = try await get(bench, "/redirect?code=C&state=orders", from: "203.0.113.1")
        #expect(refused.errorCode == "too_many_requests")
        #expect(refused.fields[.retryAfter].flatMap { Int($0) }.map { (2...10).contains($0) } == true)
        #expect(refused.fields[.setCookie] == nil)
        #expect(bench.weChat.exchanges == 0)
        let lines = bench.logText.split(separator: "\n").filter { $0.contains("rate limited") }
        #expect(lines.count == 1, "\(lines)")
        #expect(lines[0].contains(#""peer":"203.0.113.1""#) && lines[0].contains(#""kind":"logins""#))
        let figures = String(decoding: bench.metrics.exposition(), as: UTF8.self)
        #expect(figures.contains(#"magpie_rate_limited_total{limit="logins"} 481"#))
        bench.pass(seconds: 11)
        #expect(try await get(bench, "/redirect?to=/orders", from: "203.0.113.1").state != nil)
    }

    @Test func `a person sees a page in both languages that tries again by itself`() async throws {
        let bench = Bench(limits: Self.limits { $0.loginsPerAddress = 1 })
        let navigation: [(FieldName, String)] = [(.accept, "text/html"), (.secFetchMode, "navigate")]
        _ = try await get(bench, "/redirect?to=/orders", from: "203.0.113.1", navigation)
        let page = try await get(bench, "/redirect?to=/orders", from: "203.0.113.1", navigation)
        #expect(page.status == .tooManyRequests)
        let seconds = try #require(page.fields[.retryAfter])
        #expect(page.text.contains(#"<meta http-equiv="refresh" content="\#(seconds)">"#))
        #expect(page.text.contains("请求过多") && page.text.contains("too many requests"))
        let other = try await get(bench, "/redirect?code=C", from: "203.0.113.2", navigation)
        #expect(!other.text.contains("refresh"), "other errors do not go away by themselves")
    }

    @Test func `signatures have a limit of their own, and a page may read that it was refused`() async throws {
        let bench = Bench(limits: Self.limits { $0.signaturesPerAddress = 2 })
        for _ in 0..<2 { #expect(try await get(bench, Self.page, from: "2001:db8::1").status == .ok) }
        let refused = try await get(bench, Self.page, from: "2001:db8::2", [(.origin, "https://m.example.com")])
        #expect(refused.status == .tooManyRequests)
        #expect(refused.fields[.accessControlAllowOrigin] == "https://m.example.com")
        #expect(try await get(bench, "/redirect?to=/orders", from: "2001:db8::1").state != nil)
    }

    @Test func `this machine's programs and proxies that forward nobody are exempt, those they forward are not`()
        async throws
    {
        let bench = Bench(limits: Self.limits { $0.signaturesPerAddress = 1 })
        for peer in ["127.0.0.1", "::1", "10.1.2.3", nil] {
            for _ in 0..<5 { #expect(try await get(bench, Self.page, from: peer).status == .ok) }
        }
        let forwarders: [(String?, String)] = [
            ("127.0.0.1", "203.0.113.1"), ("10.1.2.3", "198.51.100.7, 203.0.113.2, 10.9.9.9"), (nil, "203.0.113.3"),
        ]
        for (peer, forwarded) in forwarders {
            let field: [(FieldName, String)] = [(.xForwardedFor, forwarded)]
            #expect(try await get(bench, Self.page, from: peer, field).status == .ok)
            #expect(try await get(bench, Self.page, from: peer, field).status == .tooManyRequests)
        }
        // A stranger is who he is, whatever he writes.
        #expect(try await get(bench, Self.page, from: "203.0.113.9", [(.xForwardedFor, "1.1.1.1")]).status == .ok)
        let again = try await get(bench, Self.page, from: "203.0.113.9", [(.xForwardedFor, "1.1.1.2")])
        #expect(again.status == .tooManyRequests)
    }

    @Test func `a proxy that nobody declared is named as what it seems to be`() async throws {
        let bench = Bench(limits: Self.limits { $0.signaturesPerAddress = 1 })
        for visitor in 1...3 {
            _ = try await get(bench, Self.page, from: "172.18.0.2", [(.xForwardedFor, "203.0.113.\(visitor)")])
        }
        for _ in 1...3 { _ = try await get(bench, Self.page, from: "203.0.113.50") }
        let lines = bench.logText.split(separator: "\n").filter { $0.contains("rate limited") }
        #expect(lines.count == 1 && lines[0].contains("172.18.0.2") && lines[0].contains("trustedProxies"))
        bench.pass(seconds: 11)
        for _ in 1...3 { _ = try await get(bench, Self.page, from: "203.0.113.51") }
        let later = bench.logText.split(separator: "\n").filter { $0.contains("203.0.113.51") }
        #expect(later.count == 1 && !later[0].contains("trustedProxies"))
    }

    @Test func `zero turns a limit off`() async throws {
        let bench = Bench(limits: Self.limits { $0.signaturesPerAddress = 0 })
        for _ in 0..<100 { #expect(try await get(bench, Self.page, from: "203.0.113.1").status == .ok) }
    }

    @Test func `who guesses at the console's token is soon told nothing more, and right answers cost nothing`()
        async throws
    {
        let bench = Bench(limits: Self.limits { $0.guessesPerAddress = 3 })
        let text = ["consoletoken", "1700000000", "n1"].sorted().joined()
        let tail = "&timestamp=1700000000&nonce=n1&echostr=hello"
        let right = "/api/wechat?signature=\(hex(Digest.sha1(Array(text.utf8))))" + tail
        let wrong = "/api/wechat?signature=\(String(repeating: "0", count: 40))" + tail
        for _ in 0..<10 { #expect(try await get(bench, right, from: "203.0.113.1").text == "hello") }
        for _ in 0..<3 { #expect(try await get(bench, wrong, from: "203.0.113.1").status == .forbidden) }
        #expect(try await get(bench, wrong, from: "203.0.113.1").status == .tooManyRequests)
        #expect(try await get(bench, right, from: "203.0.113.1").status == .tooManyRequests)
        #expect(try await get(bench, right, from: "203.0.113.2").text == "hello")
    }
}
