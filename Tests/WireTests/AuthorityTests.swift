import Testing

@testable import Wire

struct AuthorityTests {
    @Test(
        arguments: [
            ("a.example", "a.example", nil), ("A.Example:8080", "a.example", 8080), ("localhost", "localhost", nil),
            ("a.example.", "a.example", nil), ("a.example.:80", "a.example", 80), ("a.example:", "a.example", nil),
            ("xn--fiqs8s.example", "xn--fiqs8s.example", nil), ("a-b.c--d", "a-b.c--d", nil),
            ("my_service:1", "my_service", 1),
            ("1a.2b", "1a.2b", nil), ("127.0.0.1:65535", "127.0.0.1", 65535), ("[::1]", "[::1]", nil),
            ("[::1]:80", "[::1]", 80),
            ("[2001:DB8:0:0::1]", "[2001:db8::1]", nil), ("[::ffff:127.0.0.1]", "127.0.0.1", nil),
        ] as [(String, String, UInt16?)])
    func `an authority is a host and perhaps a port`(_ text: String, _ host: String, _ port: UInt16?) throws {
        let authority = try #require(Authority(text))
        #expect(authority.host == host)
        #expect(authority.port == port)
        #expect(Authority(authority.description) == authority)
    }

    @Test(arguments: [
        "", ":", ":80", ".", "..", ".a", "a..b", "..a.com", "a.b..", "-a", "a-", "a.-b", "a b", "a\tb", "a\0",
        "a\u{7F}", "a/b", "a?b",
        "a#b", "a@b", "u:p@b", "a\\b", "a%41", "a,b", "a;b", "a'b", "a\"b", "a<b", "a|b", "ä.example", "ａ.example",
        "a。b", "ſ.example",
        "a:x", "a:8x", "a:-1", "a:+1", "a: 1", "a:0", "a:65536", "a:000080", "a:1:2", "::1", "[::1", "::1]", "[::1]]",
        "[]", "[a]",
        "[::1]x", "[::1]80", "[::1%eth0]", "[127.0.0.1]", "[v1.a]", "127.1", "127.0.0.1.", "256.0.0.1", "0x7f.0.0.1",
        "0x7f000001", "1.2.3.08",
        "2130706433", "0177.0.0.1", "a.1", "a.0x1", "*", "*.example",
    ])
    func `what is no authority is refused`(_ text: String) {
        #expect(Authority(text) == nil)
    }

    @Test func `a host of 253 characters with labels of 63 is the longest`() {
        let label = String(repeating: "a", count: 63)
        let longest = [label, label, label, String(repeating: "a", count: 61)].joined(separator: ".")
        #expect(Authority(longest)?.host == longest)
        #expect(Authority(longest + "a") == nil)
        #expect(Authority(label + "a") == nil)
        #expect(Authority(label + "a.b") == nil)
    }

    @Test func `the address is known when the host is one`() {
        #expect(Authority("[::1]:1")?.address == IPAddress("::1"))
        #expect(Authority("10.0.0.1")?.address == IPAddress("10.0.0.1"))
        #expect(Authority("a.example")?.address == nil)
    }

    @Test func `a host given apart from its port may not smuggle one`() {
        #expect(Authority(host: "a.example", port: 1)?.description == "a.example:1")
        #expect(Authority(host: "[::1]", port: nil)?.description == "[::1]")
        #expect(Authority(host: "a.example:2", port: 1) == nil)
        #expect(Authority(host: "a/b", port: 1) == nil)
    }
}
