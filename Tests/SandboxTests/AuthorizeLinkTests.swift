import Testing
import Wire

@testable import Sandbox

struct AuthorizeLinkTests {
    private let state = Platform.State(
        accounts: [.sample, .sampleWebsite], users: User.samples, knobs: Knobs(), clock: { 0 }, entropy: .counting())
    private let account = Account.sample

    private func read(
        _ raw: String, flavour: AuthorizeLink.Flavour = .official, _ change: (inout Platform.State) -> Void = { _ in }
    ) throws(PageError) -> AuthorizeLink {
        var state = state
        change(&state)
        return try AuthorizeLink(Query(raw: raw), flavour: flavour, at: state)
    }

    private func number(_ raw: String, flavour: AuthorizeLink.Flavour = .official) -> Int? {
        do {
            _ = try read(raw, flavour: flavour)
            return 0
        } catch {
            return error.number
        }
    }

    private func link(_ redirect: String = "http://127.0.0.1:8080/redirect", state: String = "abc123") -> String {
        SandboxBench.link(account, redirect: redirect, state: state)
    }

    @Test func `a link in the documented order is read, extras behind`() throws {
        let link = try read(link() + "&forcePopup=true&forceSnapShot=true&connect_redirect=1")
        #expect(link.appID == account.appID)
        #expect(link.redirectURI == "http://127.0.0.1:8080/redirect")
        #expect(link.state == "abc123")
        #expect(link.forcesPopup)
        #expect(link.forcesSnapshot)
        #expect(link.isCalledBackOnce)
    }

    @Test func `any other order is refused, unless the knob says otherwise`() throws {
        let raw = "redirect_uri=http%3A%2F%2F127.0.0.1%2F&appid=\(account.appID)&response_type=code&scope=snsapi_base"
        #expect(throws: PageError.wrongOrder) { try read(raw) }
        #expect(throws: PageError.wrongOrder) { try read("connect_redirect=1&" + link()) }
        #expect(throws: PageError.wrongOrder) { try read(link() + "&state=again") }
        #expect(throws: Never.self) { try read(raw) { $0.knobs.strictOrder = false } }
    }

    @Test func `what is empty has a number of its own`() {
        let id = account.appID
        let uri = "http%3A%2F%2F127.0.0.1%2F"
        let cases: [(String, Int?)] = [
            ("appid=&redirect_uri=\(uri)&response_type=code&scope=snsapi_base", 10012),
            ("redirect_uri=\(uri)&response_type=code&scope=snsapi_base", 10012),
            ("appid=\(id)&redirect_uri=&response_type=code&scope=snsapi_base", 10011),
            ("appid=\(id)&redirect_uri=\(uri)&response_type=code&scope=", 10010),
            ("appid=\(id)&redirect_uri=\(uri)&response_type=code&scope=snsapi_base&state=", 10013),
            ("appid=\(id)&redirect_uri=\(uri)&response_type=code&scope=snsapi_base", 0),
        ]
        for (raw, expected) in cases { #expect(number(raw) == expected) }
        #expect(throws: PageError.badResponseType) {
            try read("appid=\(id)&redirect_uri=\(uri)&response_type=token&scope=snsapi_base")
        }
        #expect(throws: PageError.unknownAppID) {
            try read("appid=wx1&redirect_uri=\(uri)&response_type=code&scope=snsapi_base")
        }
        #expect(throws: PageError.badEncoding) {
            try read("appid=\(id)&redirect_uri=%zz&response_type=code&scope=snsapi_base")
        }
    }

    @Test func `each kind of account has its own page and scopes`() {
        let website = Account.sampleWebsite
        #expect(number(SandboxBench.link(website, scope: "snsapi_userinfo")) == 10016)
        #expect(number(SandboxBench.link(account, scope: "snsapi_login")) == 10005)
        #expect(number(SandboxBench.link(account, scope: "snsapi_base"), flavour: .website) == 10005)
        #expect(number(SandboxBench.link(website, scope: "snsapi_login"), flavour: .website) == 0)
        #expect(number(SandboxBench.link(website, scope: "snsapi_base"), flavour: .website) == 10005)
    }

    @Test func `the redirect's host equals the configured domain, whole and without a port`() throws {
        let cases: [(String, Bool)] = [
            ("https://www.qq.com/a", true), ("https://WWW.QQ.COM/a", true), ("http://www.qq.com", true),
            ("https://pay.qq.com/a", false), ("https://qq.com/a", false), ("https://a.www.qq.com/", false),
            ("https://www.qq.com.evil.example/", false), ("https://www.qq.com@evil.example/", false),
            ("https://www.qq.com:8080/", false), ("https://www.qq.com:443/", false), ("/redirect", false),
            ("javascript:alert(1)", false), ("ftp://www.qq.com/", false), ("https%3A%2F%2Fwww.qq.com%2F", false),
        ]
        for (redirect, isAllowed) in cases {
            var number: Int? = 0
            do {
                _ = try read(link(redirect)) { $0.ledgers[0].account.redirectDomains = ["www.qq.com"] }
            } catch {
                number = error.number
            }
            #expect(number == (isAllowed ? 0 : 10003), "\(redirect)")
        }
    }

    @Test func `a loopback redirect may carry a port while the knob allows it, and any host by choice`() throws {
        #expect(number(link("http://localhost:3000/cb")) == 0)
        #expect(number(link("http://[::1]:3000/cb")) == 0)
        let phone = try read(link("http://192.168.1.5:8080/cb")) { state in
            state.ledgers[0].account.redirectDomains = ["192.168.1.5"]
            state.knobs.ports = .any
        }
        #expect(phone.callback(code: nil) == "http://192.168.1.5:8080/cb?state=abc123")
        #expect(throws: PageError.self) {
            try read(link("http://localhost:3000/cb")) { $0.knobs.ports = .none }
        }
    }

    @Test func `a redirect that was encoded twice is told so`() {
        #expect {
            try read(link("http%3A%2F%2F127.0.0.1%2F"))
        } throws: { error in
            (error as? PageError)?.hint?.english == "redirect_uri was encoded twice."
        }
    }

    @Test func `state is letters and digits, 128 bytes at most`() {
        for (state, isAllowed) in [
            (String(repeating: "a", count: 128), true), (String(repeating: "a", count: 129), false), ("a-b", false),
            ("a_b", false), ("%E4%BD%A0", false), ("%0A", false), ("0", true),
        ] {
            #expect((number(link(state: state)) == 0) == isAllowed, "\(state)")
        }
    }

    @Test func `the callback keeps the query and joins with what is missing`() throws {
        let cases = [
            ("http://127.0.0.1/a", "http://127.0.0.1/a?code=C&state=abc123"),
            ("http://127.0.0.1/a?b=1", "http://127.0.0.1/a?b=1&code=C&state=abc123"),
            ("http://127.0.0.1/a?", "http://127.0.0.1/a?code=C&state=abc123"),
            ("http://127.0.0.1/a?b=1&", "http://127.0.0.1/a?b=1&code=C&state=abc123"),
            ("http://127.0.0.1", "http://127.0.0.1/?code=C&state=abc123"),
            ("http://127.0.0.1?b=1", "http://127.0.0.1/?b=1&code=C&state=abc123"),
            ("http://127.0.0.1/a#/route", "http://127.0.0.1/a?code=C&state=abc123"),
            ("http://127.0.0.1/商品?q=a b", "http://127.0.0.1/%E5%95%86%E5%93%81?q=a%20b&code=C&state=abc123"),
        ]
        for (redirect, expected) in cases { #expect(try read(link(redirect)).callback(code: "C") == expected) }
        #expect(try read(link("http://127.0.0.1/a")).callback(code: nil) == "http://127.0.0.1/a?state=abc123")
    }

    @Test func `a redirect cannot break out of its header line`() throws {
        let link = try read(link("http://127.0.0.1/a\r\nSet-Cookie: x=y"))
        #expect(link.callback(code: "C") == "http://127.0.0.1/a%0D%0ASet-Cookie:%20x=y?code=C&state=abc123")
    }
}
