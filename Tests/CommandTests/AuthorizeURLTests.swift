import Gateway
import Secure
import Testing
import WeChat

@testable import magpie

struct AuthorizeURLTests {
    private let configuration: Configuration

    init() throws {
        let publicURL = try #require(Origin("https://h5.example.com"))
        var main = Configuration.Account(name: "main", appID: "wx0123456789abcdef", appSecret: Secret("s"))
        var menu = Configuration.Menu(to: "/orders")
        menu.scope = .userinfo
        main.menus = ["orders": menu]
        var shop = Configuration.Account(name: "shop", appID: "wxfedcba9876543210", appSecret: Secret("s"))
        shop.menus = ["home": Configuration.Menu(to: "/")]
        let bare = Configuration.Account(name: "bare", appID: "wx00000000000000ff", appSecret: Secret("s"))
        configuration = Configuration(publicURL: publicURL, accounts: [main, shop, bare])
    }

    private func link(_ values: [String: String]) throws -> String {
        try AuthorizeURLCommand.link(Arguments(values: values), configuration, randomState: "r0")
    }

    @Test func `the link has the platform's parameters in the platform's order`() throws {
        #expect(
            try link(["state": "orders"])
                == "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef"
                + "&redirect_uri=https%3A%2F%2Fh5.example.com%2Fredirect&response_type=code&scope=snsapi_userinfo"
                + "&state=orders&connect_redirect=1#wechat_redirect")
    }

    @Test func `a menu's name gives its scope, and an option overrides it`() throws {
        #expect(try link(["state": "orders"]).contains("&scope=snsapi_userinfo&state=orders"))
        #expect(try link(["state": "orders", "scope": "base"]).contains("&scope=snsapi_base&state=orders"))
    }

    @Test func `an account other than the first has its name in the path`() throws {
        let text = try link(["account": "shop", "state": "home"])
        #expect(text.contains("appid=wxfedcba9876543210") && text.contains("%2Fredirect%2Fshop&"))
    }

    @Test func `a redirect URI of one's own is encoded once, and goes with any state`() throws {
        let callback = "https://a.example/x?y=1"
        #expect(try link(["redirect-uri": callback]).contains("=https%3A%2F%2Fa.example%2Fx%3Fy%3D1&"))
        #expect(try link(["redirect-uri": callback]).contains("&state=r0&"))
        #expect(try link(["redirect-uri": callback, "state": "mine"]).contains("&state=mine&"))
    }

    @Test(arguments: [
        ([:], "--state names the link's menu: account main has these: orders."),
        (["state": "order"], "\"order\" is no menu: account main has these: orders."),
        (["account": "shop", "state": "orders"], "\"orders\" is no menu: account shop has these: home."),
        (
            ["account": "bare"],
            "--state names the link's menu: account bare has no menus; declare one in its menus."
        ),
    ])
    func `a link that our own callback would refuse is not printed`(
        _ values: [String: String], _ says: String
    ) throws {
        let mistake = try #require(throws: Invocation.Mistake.self) { try link(values) }
        #expect(mistake.text.hasPrefix(says), "\(mistake.text)")
        let path = values["account"].map { "/redirect/\($0)" } ?? "/redirect"
        #expect(mistake.text.contains("send visitors to https://h5.example.com\(path)?to=/PATH"))
    }

    @Test(arguments: [
        (["account": "none"], "there is no account \"none\"; the configuration has main, shop, bare"),
        (["scope": "all"], "--scope is base or userinfo"),
        (["state": "a-b", "redirect-uri": "https://a.example/"], "--state is 1 to 128 letters and digits"),
        (["redirect-uri": "https://h5.example.com/redirect"], "--redirect-uri is for a callback of your own"),
        (["redirect-uri": "https://H5.example.com:443/redirect?x"], "--redirect-uri is for a callback of your own"),
        (["redirect-uri": "foo"], "--redirect-uri is an absolute http or https URL"),
        (["redirect-uri": ""], "--redirect-uri is an absolute http or https URL"),
        (["redirect-uri": "javascript:alert(1)"], "--redirect-uri is an absolute http or https URL"),
        (["redirect-uri": "https://a.example/#f"], "--redirect-uri is an absolute http or https URL"),
        (
            ["redirect-uri": "https://h5.example.com/redirect/shop", "state": "home"],
            "--redirect-uri is for a callback"
        ),
    ])
    func `what cannot be in a link is refused`(_ values: [String: String], _ says: String) throws {
        let mistake = try #require(throws: Invocation.Mistake.self) { try link(values) }
        #expect(mistake.text.hasPrefix(says))
    }
}
