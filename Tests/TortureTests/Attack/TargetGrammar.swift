import TestSupport

/// Return targets as attackers write them, piece by piece (the classes of OWASP's sheet on unvalidated redirects), and
/// then damaged a little.
struct TargetGrammar {
    var mutator: Mutator

    private static let schemes = [
        "", "", "", "https:", "https:", "https:", "HTTPS:", "hTtPs:", "http:", "javascript:", "JaVaScRiPt:", "data:",
        "weixin:", "intent:", "https%3a", "ht\ttps:", " https:", "blob:https:", "view-source:https:", "https::",
        "file:",
    ]
    private static let slashes = [
        "//", "//", "//", "/", "/", "", "///", "\\\\", "/\\", "\\/", "/\t/", "/\n/", "/ /", "/%2f", "%2f%2f", "//./",
        "/.//", "/%09/", "/\u{0}/", "/..//", "/%5c",
    ]
    private static let users = [
        "", "", "", "", "user@", "shop.example.com@", "a:b@", "shop.example.com%40", "@", "%00@",
    ]
    private static let hosts = [
        "shop.example.com", "shop.example.com", "h5.example.com", "SHOP.example.com", "evil.example", "evil.example",
        "shop.example.com.evil.example", "evilshop.example.com", "shop.example.com.", "shop%2eexample.com",
        "shop。example.com", "ｓhop.example.com", "ſhop.example.com", "shop\u{2024}example.com", "127.0.0.1",
        "2130706433",
        "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "shop..example.com", "-shop.example.com",
        "shop.example.com\u{0}", "example.com", "m.shop.example.com", "shop.example.co", "",
    ]
    private static let ports = [
        "", "", "", "", ":443", ":8443", ":", ":0443", ":99999", ":443@evil.example", ":abc", ":-1",
    ]
    private static let rests = [
        "", "/", "/a", "/orders?id=1#top", "//evil.example", "/../..//evil.example", "/%2e%2e/", "/redirect",
        "/a?u=https://evil.example//x", "#@evil.example", "?@evil.example", "\\evil.example", "/a\\b",
        "/%0d%0aSet-Cookie:x=y", "/\r\nSet-Cookie: x=y", "/%5c%5cevil.example", "/a;b=c", "/a%00", "/..%2f",
        "/redirect%2f", "/%72edirect", "/./redirect", "/a/../redirect", "/商品", "/a\u{560A}\u{560D}", "/%E5%95%86",
        "/%zz",
        "/<script>", "/a|b", "@evil.example/", ".evil.example/", "%40evil.example", "/.", "/..", "/a/.", "/%2E%2e%2f",
    ]
    private static let edits = [
        "/", "\\", "@", ":", "?", "#", ".", "%", "%2f", "%5c", "\t", "\r", "\n", "\u{0}", " ", "https:",
    ]

    mutating func next() -> String {
        var text =
            piece(["", "https:"], Self.schemes) + piece(["//", "/"], Self.slashes) + piece([""], Self.users)
            + piece(["shop.example.com", "h5.example.com"], Self.hosts) + piece([""], Self.ports)
            + piece(["", "/", "/a?b=c"], Self.rests)
        for _ in 0..<max(0, mutator.number(below: 7) - 4) where !text.isEmpty {
            let at = text.index(text.startIndex, offsetBy: mutator.number(below: text.count))
            if mutator.number(below: 3) == 0 {
                text.remove(at: at)
            } else {
                text.insert(contentsOf: mutator.pick(Self.edits), at: at)
            }
        }
        return text
    }

    /// Mostly what an honest target has there, so that one bad piece stands among good ones.
    private mutating func piece(_ plain: [String], _ odd: [String]) -> String {
        mutator.pick(mutator.number(below: 3) > 0 ? plain : odd)
    }
}
