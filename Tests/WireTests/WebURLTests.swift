import Testing

@testable import Wire

struct WebURLTests {
    @Test func `a URL comes apart into what it says`() throws {
        let url = try WebURL("HTTPS://A.Example:8443/p%20a/th?q=1&r=[]#/route?x={}")
        #expect(url.scheme == .https)
        #expect(url.host == "a.example")
        #expect(url.authority.port == 8443)
        #expect(url.port == 8443)
        #expect(url.path == "/p%20a/th")
        #expect(url.query == "q=1&r=[]")
        #expect(url.fragment == "/route?x={}")
        #expect(url.origin == "https://a.example:8443")
        #expect(url.target == "/p%20a/th?q=1&r=[]")
        #expect(url.description == "https://a.example:8443/p%20a/th")
    }

    @Test(
        arguments: [
            ("http://a", "/", nil, nil, "http://a"), ("http://a/", "/", nil, nil, "http://a"),
            ("http://a?", "/", "", nil, "http://a"), ("http://a#", "/", nil, "", "http://a"),
            ("http://a?b#c?d#", "/", "b", "c?d#", "http://a"),
            ("https://a:443/b/../c", "/b/../c", nil, nil, "https://a"),
            ("http://a:443//b", "//b", nil, nil, "http://a:443"), ("http://[::1]:80/", "/", nil, nil, "http://[::1]"),
            ("http://a/?u=http://b/@c", "/", "u=http://b/@c", nil, "http://a"),
            ("http://a/?p=100%", "/", "p=100%", nil, "http://a"),
        ] as [(String, String, String?, String?, String)])
    func `the parts may be missing`(
        _ text: String, _ path: String, _ query: String?, _ fragment: String?, _ origin: String
    ) throws {
        let url = try WebURL(text)
        #expect(url.path == path)
        #expect(url.query == query)
        #expect(url.fragment == fragment)
        #expect(url.origin == origin)
    }

    @Test(arguments: [
        "", "a.example", "//a.example", "/path", "http:", "http:/", "http://", "http:///", "http:a", "http:/a",
        "https:///a",
        "ftp://a/", "file:///a", "javascript:alert(1)", "data:text/html,x", "weixin://a", "httpx://a", " http://a",
        "http://a ",
        "http://a b", "http://a\t", "ht\ttp://a", "http://a\n", "http://a\r\nX: 1", "http://a/\0", "http://a/\u{7F}",
        "http://u@a/", "http://u:p@a/", "http://a@b", "http://@a", "http://a\\b", "http:\\\\a", "http://a/\\b",
        "http://a/?\\",
        "http://a:/", "http://a:x/", "http://a:0/", "http://a:99999/", "http://a:443@evil/", "http://a./",
        "http://a.:80/",
        "http://a..b/", "http://-a/", "http://%61/", "http://127.1/", "http://0x7f000001/", "http://2130706433/",
        "http://[::1/",
        "http://ä.example/", "http://a/ä", "http://a/?ä", "http://a。b/", "http://a/%", "http://a/%zz", "http://a/%4",
        "http://a/<b>", "http://a/?<b>", "http://a/?\"", "http://a/{b}", "https://ſ.example/",
    ])
    func `what could mean two things is refused`(_ text: String) {
        #expect(throws: WireError.badURL) { try WebURL(text) }
    }
}
