import Gateway
import Testing

/// Every way a configuration can be wrong, and what is said about it.
struct ConfigurationComplaintsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let json: String
        let path: String
        let says: String
        var testDescription: String { "\(path) \(says)" }
    }

    /// A root member added to a file that is otherwise right.
    private static func root(_ member: String, _ path: String, _ says: String) -> Case {
        Case(json: ConfigurationText.with(root: member), path: path, says: says)
    }

    /// A member of the only account.
    private static func account(_ member: String, _ path: String, _ says: String) -> Case {
        Case(json: ConfigurationText.with(account: member), path: "accounts[0]\(path)", says: says)
    }

    static let cases: [Case] =
        unknownKeys + types + listeners + publicURLs + sections + accounts + domains + menus
        + sites

    static let unknownKeys = [
        root("listne: \"127.0.0.1:1\"", "listne", "unknown key; expected perhaps \"listen\""),
        root("limits: { connectons: 5 }", "limits.connectons", "perhaps \"connections\""),
        root("sesion: {}", "sesion", "perhaps \"session\""),
        root("zzz: 1", "zzz", "unknown key; expected one of accounts, "),
        account("appid: \"x\"", ".appid", "perhaps \"appId\""),
        account("menus: { a: { too: \"/\" , to: \"/\" } }", ".menus.a.too", "perhaps \"to\""),
        root("\"odd key\": 1", "[\"odd key\"]", "unknown key"),
    ]

    static let types = [
        root("listen: 8080", "listen", "holds a number; expected an address and port"),
        root("session: []", "session", "holds a list; expected an object"),
        root("limits: { connections: \"many\" }", "limits.connections", "holds a string; expected a whole number"),
        root("limits: { connections: 1.5 }", "limits.connections", "is not a whole number"),
        root("limits: { connections: 0 }", "limits.connections", "0 is out of range; expected a whole number from 1"),
        root("limits: { headerFields: true }", "limits.headerFields", "holds true or false"),
        root("limits: { bodyBytes: \"64 KB of text\" }", "limits.bodyBytes", "is no size"),
        root("limits: { bodyBytes: 1.5 }", "limits.bodyBytes", "a whole number of bytes"),
        root(
            "limits: { sessionCache: \"9 GiB\" }", "limits.sessionCache",
            "\"9 GiB\" is out of range; expected a size from 0 to 8 GiB"),
        root("limits: { bodyBytes: \"1 MB\", requestLine: 1 }", "limits.requestLine", "1 is out of range"),
        root("limits: { headerTimeout: 10 }", "limits.headerTimeout", "holds a number; expected a duration"),
        root("limits: { headerTimeout: \"10\" }", "limits.headerTimeout", "\"10\" is no duration"),
        root("limits: { headerTimeout: \"10 years\" }", "limits.headerTimeout", "is no duration"),
        root(
            "limits: { headerTimeout: \"1ms\" }", "limits.headerTimeout",
            "out of range; expected a duration from 1s to 2m"),
        root("trustedProxies: \"127.0.0.1\"", "trustedProxies", "holds a string; expected a list"),
        root("trustedProxies: [7]", "trustedProxies[0]", "holds a number"),
        root("log: { access: \"yes\" }", "log.access", "holds a string; expected true or false"),
        root("log: { level: \"infos\" }", "log.level", "is not a choice; did you mean \"info\"?"),
        root("log: { format: \"xml\" }", "log.format", "expected \"auto\", \"json\", \"text\""),
        root("publicDirectory: \"\"", "publicDirectory", "is empty"),
    ]

    static let listeners = [
        root("listen: \":8080\"", "listen", "\":8080\" is no address to listen on"),
        root("listen: \"h5.example.com:80\"", "listen", "is no address to listen on"),
        root("listen: \"127.0.0.1:99999\"", "listen", "is no address to listen on"),
        root("sandbox: { listen: \"nowhere\" }", "sandbox.listen", "is no address"),
        root("sandbox: { listen: \"unix:/tmp/s\" }", "sandbox.listen", "no browser reaches a Unix socket"),
        root("listen: \"127.0.0.1:9\", adminListen: \"127.0.0.1:9\"", "adminListen", "same address as listen"),
        root("adminListen: \"0.0.0.0:8081\"", "adminListen", "can be reached by others, and there is no adminToken"),
        root("adminListen: \"[::]:8081\"", "adminListen", "can be reached by others"),
        root("adminToken: \"short\"", "adminToken", "(5 bytes); expected 16 to 512 visible ASCII"),
        root("adminToken: \"with spaces in the middle\"", "adminToken", "a shape no bearer token has"),
        root("adminToken: { env: \"NOT_SET\" }", "adminToken.env", "\"NOT_SET\" is not set, or empty"),
        root("trustedProxies: [\"10.0.0.0/8\", \"10.0.0.0/33\"]", "trustedProxies[1]", "is no address"),
        root("trustedProxies: [\"proxy\"]", "trustedProxies[0]", "is no address"),
        root("hosts: [\"a.example.com:80\"]", "hosts[0]", "carries a port"),
        root("tls: {}", "tls.certificate", "is missing"),
        root(
            "tls: { certificate: \"/nowhere/c.pem\", key: \"/nowhere/k.pem\" }", "tls.key",
            "cannot be read: No such file"),
    ]

    static let publicURLs = [
        Case(json: ConfigurationText.publicURL(nil), path: "publicURL", says: "is missing"),
        Case(json: ConfigurationText.publicURL("h5.example.com"), path: "publicURL", says: "lacks its scheme"),
        Case(
            json: ConfigurationText.publicURL("ftp://h5.example.com"), path: "publicURL",
            says: "is neither http nor https"),
        Case(
            json: ConfigurationText.publicURL("https://h5.example.com/app"), path: "publicURL",
            says: "more than scheme and host"),
        Case(
            json: ConfigurationText.publicURL("https://h5.example.com/?a=1"), path: "publicURL",
            says: "more than scheme and host"),
        Case(
            json: ConfigurationText.publicURL("https://u:p@h5.example.com"), path: "publicURL",
            says: "names no proper host"),
    ]

    static let sections = [
        root("store: { kind: \"redis\" }", "store.kind", "is not a choice; expected \"sqlite\", \"file\", \"memory\""),
        root("store: { kind: \"memory\", path: \"x\" }", "store.path", "a store in memory has no path"),
        root("session: { cookieName: \"a b\" }", "session.cookieName", "is no cookie name"),
        root("session: { cookieName: \"__Host-sid\" }", "session.cookieName", "carries a prefix"),
        root("session: { cookieName: \"__secure-sid\" }", "session.cookieName", "carries a prefix"),
        root("session: { lifetime: \"1h\", idleTimeout: \"2h\" }", "session.idleTimeout", "longer than lifetime"),
        root(
            "session: { lifetime: \"500d\" }", "session.lifetime",
            "is out of range; expected a duration from 1m to 400d"),
        Case(
            json: ConfigurationText.publicURL("http://localhost:8080", root: "session: { sameSite: \"None\" }"),
            path: "session.sameSite", says: "only possible with an https publicURL"),
        root("limits: { drain: \"30s\" }", "limits.shutdown", "is shorter than drain"),
        root(
            "upstream: { api: \"http://proxy.example.com\" }", "upstream.api", "would send the AppSecret in the clear"),
        root("upstream: { open: \"open.weixin.qq.com\" }", "upstream.open", "lacks its scheme"),
        root("upstream: { caFile: \"/nowhere/ca.pem\" }", "upstream.caFile", "cannot be read"),
        root("upstream: { timeout: \"5m\" }", "upstream.timeout", "out of range"),
    ]

    static let accounts = [
        Case(json: "{ publicURL: \"https://h5.example.com\" }", path: "accounts", says: "names no account"),
        Case(
            json: "{ publicURL: \"https://h5.example.com\", accounts: [] }", path: "accounts", says: "names no account"),
        Case(
            json: "{ publicURL: \"https://h5.example.com\", accounts: {} }", path: "accounts", says: "expected a list"),
        Case(
            json: "{ publicURL: \"https://h5.example.com\", accounts: [7] }", path: "accounts[0]",
            says: "holds a number"),
        Case(
            json: "{ publicURL: \"https://h5.example.com\", accounts: [{}] }", path: "accounts[0].name",
            says: "is missing"),
        Case(
            json: "{ publicURL: \"https://h5.example.com\", accounts: [{}] }", path: "accounts[0].appId",
            says: "is missing"),
        Case(
            json: "{ publicURL: \"https://h5.example.com\", accounts: [{}] }", path: "accounts[0].appSecret",
            says: "is missing"),
        Case(json: ConfigurationText.account(name: "a/b"), path: "accounts[0].name", says: "is no account name"),
        Case(json: ConfigurationText.account(appID: "wx01"), path: "accounts[0].appId", says: "is no AppID"),
        Case(
            json: ConfigurationText.account(appID: "wx0123456789ABCDEF"), path: "accounts[0].appId", says: "is no AppID"
        ),
        Case(
            json: ConfigurationText.account(appID: "ww0123456789abcdef"), path: "accounts[0].appId",
            says: "WeCom company"),
        Case(
            json: ConfigurationText.account(appID: "gh_97417a04a28d"), path: "accounts[0].appId", says: "an original id"
        ),
        Case(json: ConfigurationText.account(appSecret: "\"\""), path: "accounts[0].appSecret", says: "is empty"),
        Case(json: ConfigurationText.account(appSecret: "7"), path: "accounts[0].appSecret", says: "holds a number"),
        Case(json: ConfigurationText.account(appSecret: "{}"), path: "accounts[0].appSecret", says: "names no source"),
        Case(
            json: ConfigurationText.account(appSecret: "{ env: \"A\", file: \"b\" }"), path: "accounts[0].appSecret",
            says: "names both env and file"),
        Case(
            json: ConfigurationText.account(appSecret: "{ evn: \"SET\" }"), path: "accounts[0].appSecret.evn",
            says: "perhaps \"env\""),
        Case(
            json: ConfigurationText.account(appSecret: "{ env: \"EMPTY\" }"), path: "accounts[0].appSecret.env",
            says: "\"EMPTY\" is not set, or empty"),
        Case(
            json: ConfigurationText.account(appSecret: "{ file: \"/nowhere/secret\" }"),
            path: "accounts[0].appSecret.file",
            says: "cannot be read: No such file or directory"),
        account("token: \"ab\"", ".token", "3 to 32 letters and digits"),
        account("token: \"has-hyphen\"", ".token", "is not shaped like a token"),
        account("encodingAESKey: \"abc\"", ".encodingAESKey", "(3 characters); expected 43"),
        account("stableToken: 1", ".stableToken", "expected true or false"),
        Case(
            json: ConfigurationText.twoAccounts(name: "main"), path: "accounts[1].name",
            says: "another account is called"),
        Case(
            json: ConfigurationText.twoAccounts(appID: ConfigurationText.appID), path: "accounts[1].appId",
            says: "the account \"main\" has the same appId"),
    ]

    static let domains = [
        account("jsDomains: [\"https://h5.example.com\"]", ".jsDomains[0]", "carries a scheme"),
        account("jsDomains: [\"h5.example.com:8443\"]", ".jsDomains[0]", "carries a port"),
        account("jsDomains: [\"h5.example.com/app\"]", ".jsDomains[0]", "carries a path"),
        account("jsDomains: [\"*.example.com\"]", ".jsDomains[0]", "holds a wildcard"),
        account("jsDomains: [\"u@example.com\"]", ".jsDomains[0]", "carries a user name"),
        account("jsDomains: [\"\"]", ".jsDomains[0]", "is empty"),
        account("jsDomains: [\"中文.example.com\"]", ".jsDomains[0]", "is not ASCII"),
        account("jsDomains: [\"10.0.0.1\"]", ".jsDomains[0]", "is an address"),
        account("jsDomains: [\"2001:db8::1\"]", ".jsDomains[0]", "is an address"),
        account("jsDomains: [\"1.2.0x7f\"]", ".jsDomains[0]", "is an address"),
        account("jsDomains: [\"intranet\"]", ".jsDomains[0]", "is not a public name"),
        account("jsDomains: [\"-a.example.com\"]", ".jsDomains[0]", "is not a host name"),
        account("jsDomains: [\"a..example.com\"]", ".jsDomains[0]", "is not a host name"),
        account("jsDomains: [\"example.com.\"]", ".jsDomains[0]", "is not a host name"),
        account("returnDomains: [\"https://h5.example.com\"]", ".returnDomains[0]", "carries a scheme"),
    ]

    static let menus = [
        account("menus: { \"my-orders\": { to: \"/\" } }", ".menus.my-orders", "is no menu name"),
        account("menus: { orders: {} }", ".menus.orders.to", "is missing"),
        account("menus: { orders: \"/orders\" }", ".menus.orders", "holds a string; expected an object"),
        account("menus: { orders: { to: \"/\", scope: \"all\" } }", ".menus.orders.scope", "is not a choice"),
        account("menus: { orders: { to: \"//evil.example\" } }", ".menus.orders.to", "is refused"),
        account(
            "menus: { orders: { to: \"https://other.example.org/\" } }", ".menus.orders.to", "are not in returnDomains"),
        account("menus: { orders: { to: \"/redirect\" } }", ".menus.orders.to", "is refused"),
    ]

    /// Members of the only site, or whole sites.
    private static func site(_ members: String, _ path: String, _ says: String) -> Case {
        root("sites: [{ \(members) }]", "sites[0]\(path)", says)
    }

    private static let good = "secret: \"\(String(repeating: "s", count: 32))\""
    private static let shop = "{ name: \"shop\", origin: \"https://shop.example.org\", \(good) }"

    static let sites = [
        root("sites: {}", "sites", "expected a list of sites"),
        root("sites: [7]", "sites[0]", "holds a number; expected an object"),
        site("", ".name", "is missing; expected a short name"),
        site("", ".origin", "is missing; expected the scheme and host"),
        site("", ".secret", "is missing; expected { env: \"SHOP_SECRET\" }"),
        site("name: \"a/b\"", ".name", "is no site name"),
        site("orign: \"\"", ".orign", "perhaps \"origin\""),
        site("origin: \"shop.example.org\"", ".origin", "lacks its scheme"),
        site("origin: \"http://shop.example.org\"", ".origin", "would send tickets in the clear; expected https"),
        site("origin: \"https://shop.example.org/login\"", ".origin", "more than scheme and host"),
        site("origin: \"https://h5.example.com\"", ".origin", "is publicURL itself"),
        site("origin: \"https://H5.example.com:443\"", ".origin", "is publicURL itself"),
        site("origin: \"https://[2001:db8::1]\"", ".origin", "can be no target: its host is not a valid domain name"),
        site("secret: \"\(String(repeating: "s", count: 31))\"", ".secret", "(31 bytes); expected 32 to 512"),
        site("secret: \"\(String(repeating: "s ", count: 31))\"", ".secret", "no secret that keeps strangers out"),
        site("secret: { env: \"NOT_SET\" }", ".secret.env", "\"NOT_SET\" is not set, or empty"),
        root(
            "sites: [\(shop), { name: \"shop\", origin: \"https://b.example.org\", secret: { env: \"SECRET\" } }]",
            "sites[1].name", "another site is called \"shop\""),
        root(
            "sites: [\(shop), { name: \"b\", origin: \"https://shop.example.org\", secret: { env: \"SECRET\" } }]",
            "sites[1].origin", "the site \"shop\" has the same origin"),
        root(
            "sites: [\(shop), { name: \"b\", origin: \"https://b.example.org\", \(good) }]", "sites[1].secret",
            "the site \"shop\" has the same secret"),
    ]

    @Test(arguments: cases)
    func `a mistake is refused with its key path and what would be right`(_ mistake: Case) throws {
        let refusal = try #require(throws: ConfigurationRefusal.self) {
            try ConfigurationText.load(mistake.json)
        }
        let found = refusal.complaints.first { $0.path == mistake.path && $0.description.contains(mistake.says) }
        #expect(found != nil, "\(refusal)")
    }

    @Test func `all mistakes are told at once, in the order of the file`() throws {
        let json = """
            {
              listen: 1,
              publicURL: "https://h5.example.com",
              limits: { connections: "x", bodyBytes: -1 },
              accounts: [{ name: "a b", appId: "wx", appSecret: { env: "NOT_SET" } }],
              zzz: 1,
            }
            """
        let refusal = try #require(throws: ConfigurationRefusal.self) { try ConfigurationText.load(json) }
        #expect(
            refusal.complaints.map(\.path) == [
                "listen", "limits.connections", "limits.bodyBytes", "accounts[0].name", "accounts[0].appId",
                "accounts[0].appSecret.env", "zzz",
            ])
        #expect(refusal.complaints[1].position?.description == "line 4, column 13")
        #expect(refusal.description.hasPrefix("test.json5: 7 problems in the configuration\n  - listen (line 2"))
    }

    @Test func `a complaint never holds the value of a secret`() throws {
        let canary = "CANARYsecretCANARYsecretCANARYsecretCANARYsecret!"
        let json = """
            { publicURL: "https://h5.example.com", adminToken: "\(canary) \(canary)", accounts: [{ name: "main",
              appId: "wx", appSecret: "\(canary)", token: "\(canary)", encodingAESKey: "\(canary)", }],
              sites: [{ name: "shop", origin: "https://shop.example.org", secret: "\(canary) " }] }
            """
        let refusal = try #require(throws: ConfigurationRefusal.self) { try ConfigurationText.load(json) }
        #expect(refusal.complaints.count == 5)
        #expect(!refusal.description.contains("CANARY"))
    }
}
