import TestSupport
import Testing

@testable import Gateway

struct ReturnTargetTests {
    let rules = ReturnRules(
        hosts: [
            .init(name: "shop.example.com"), .init(name: "ports.example.com", port: 8443),
            .init(name: "wild.example.com", coversOnlySubdomains: true),
        ], ownScheme: "https", ownHost: .init(name: "h5.example.com"))

    @Test(arguments: [
        "/", "/orders", "/a/b/", "/a?b=https://evil.example//x", "/a#//b", "/%E5%95%86%E5%93%81?q=1", "/redirects",
        "https://shop.example.com", "https://shop.example.com/a?b#c", "HTTPS://SHOP.example.com/", "/a?to=/redirect",
        "https://shop.example.com:443/a", "https://ports.example.com:8443/", "https://a.wild.example.com/",
        "https://h5.example.com/orders",
    ])
    func `targets on this site and on listed hosts are taken as they are`(text: String) throws {
        #expect(try rules.target(text).location == text)
    }

    @Test(arguments: [
        ("", TargetRefusal.length), ("/" + String(repeating: "a", count: 2_048), .length),
        ("//evil.example", .form), ("///evil.example", .form), ("/\\evil.example", .character),
        ("\\/evil.example", .character), ("/\t/evil.example", .character), ("/\r\nX: y", .character),
        ("/ /evil", .character), ("/商品", .character), ("/a\u{560A}b", .character), ("/a%", .escape),
        ("/a%2", .escape), ("/a%zz", .escape), ("/%2F/evil.example", .path), ("/%2f%2fevil.example", .path),
        ("/%5cevil.example", .path), ("/a//b", .path), ("/./a", .path), ("/../a", .path), ("/%2e%2E/a", .path),
        ("/a/%2e", .path), ("/%00", .path), ("/%0d%0aX:y", .path), ("orders", .form), ("?a", .form), ("#a", .form),
        ("http://shop.example.com/", .form), ("javascript:alert(1)", .form), ("JaVaScRiPt:alert(1)", .form),
        ("data:text/html,x", .form), ("weixin://dl/x", .form), ("intent://x#Intent;end", .form),
        ("https:shop.example.com", .form), ("https:/shop.example.com", .form), ("https:///shop.example.com", .host),
        ("https://evil.example/", .notListed), ("https://evilshop.example.com/", .notListed),
        ("https://shop.example.com.evil.example/", .notListed), ("https://shop.example.com@evil.example/", .host),
        ("https://evil.example#@shop.example.com/", .notListed), ("https://evil.example?shop.example.com", .notListed),
        ("https://user@shop.example.com/", .host), ("https://user:1@shop.example.com/", .host),
        ("https://shop.example.com:/", .host), ("https://shop.example.com:abc/", .host),
        ("https://shop.example.com:99999/", .host), ("https://shop.example.com:0/", .host),
        ("https://shop.example.com:8443/", .notListed), ("https://ports.example.com/", .notListed),
        ("https://wild.example.com/", .notListed), ("https://shop.example.com./", .host),
        ("https://shop..example.com/", .host), ("https://-shop.example.com/", .host), ("https://localhost/", .host),
        ("https://2130706433/", .host), ("https://0x7f.1/", .host), ("https://127.0.0.1/", .host),
        ("https://[::1]/", .host), ("https://shop%2eexample.com/", .host),
        ("https://\u{FF53}hop.example.com/", .character),
        ("/redirect", .loop), ("/redirect?to=/", .loop), ("/redirect/main", .loop), ("/%72edirect", .loop),
        ("https://h5.example.com/redirect", .loop),
    ])
    func `every other target is refused by the rule that it breaks`(text: String, refusal: TargetRefusal) {
        #expect(throws: refusal) { try rules.target(text) }
    }

    @Test func `in development the site's own http origin is a target, and no other`() throws {
        let local = ReturnRules(
            hosts: [.init(name: "127.0.0.1")], ownScheme: "http", ownHost: .init(name: "127.0.0.1", port: 8080))
        #expect(throws: Never.self) { try local.target("http://127.0.0.1:8080/") }
        #expect(throws: TargetRefusal.notListed) { try local.target("http://127.0.0.1:9090/") }
        #expect(throws: TargetRefusal.notListed) { try local.target("http://127.0.0.1/") }
        #expect(throws: TargetRefusal.host) { try local.target("http://127.0.0.2:8080/") }
    }

    @Test func `an error is added to the query and not to the fragment`() throws {
        #expect(try rules.target("/a").adding(parameter: "e", value: "x").location == "/a?e=x")
        #expect(try rules.target("/a?b=1#c?d").adding(parameter: "e", value: "x").location == "/a?b=1&e=x#c?d")
    }

    /// The property: where a browser would go for an accepted string is this site or a listed host.
    @Test func `whatever is accepted, a browser lands on this site or on a listed host`() throws {
        let pieces = [
            "/", "//", "\\", "https:", "http:", "https://", "HTTPS://", "shop.example.com", "h5.example.com",
            "evil.example",
            "a.wild.example.com", ":443", ":8443", ":", "@", "?", "#", ".", "..", "%2e", "%2f", "%5c", "%00", "%09",
            "\t",
            "\n", "\r", " ", "a", "redirect", "javascript:", "data:", "\u{0}", "。", "ſhop.example.com", "127.1",
            "[::1]", "&",
        ]
        var random = Lehmer(seed: 20_261_121)
        var accepted = 0
        for _ in 0..<60_000 {
            let text = (0..<random.next(below: 6) + 1).map { _ in pieces[random.next(below: pieces.count)] }.joined()
            guard (try? rules.target(text)) != nil else { continue }
            accepted += 1
            let landing = BrowserLanding(of: text)
            let isListed =
                switch landing {
                case .sameOrigin: true
                case .host("https", let host, 443):
                    ["shop.example.com", "h5.example.com"].contains(host) || host.hasSuffix(".wild.example.com")
                case .host("https", "ports.example.com", 8_443): true
                default: false
                }
            #expect(isListed, "\(text.debugDescription) leads to \(landing)")
        }
        #expect(accepted > 500, "the pieces still make acceptable targets: \(accepted)")
    }
}

/// A small generator, so that a failure can be repeated.
private struct Lehmer {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next(below bound: Int) -> Int {
        state = state * 48_271 % 0x7FFF_FFFF
        return Int(state % UInt64(bound))
    }
}
