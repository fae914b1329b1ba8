import Foundation
import Gateway
import Reactor
import Secure
import Testing
import WeChat
import Wire

struct ConfigurationTests {
    @Test func `the smallest file gives the defaults of the design`() throws {
        let configuration = try ConfigurationText.load(ConfigurationText.with()).configuration
        #expect(configuration.listen.description == "127.0.0.1:8080")
        #expect(configuration.adminListen.description == "127.0.0.1:8081")
        #expect(configuration.sandboxListen.description == "127.0.0.1:8090")
        #expect(configuration.adminToken == nil)
        #expect(configuration.trustedProxies.map(\.description) == ["127.0.0.1"])
        #expect(configuration.publicDirectory == "Public")
        #expect(configuration.store == .sqlite(path: "var/magpie.sqlite"))
        #expect(configuration.session.lifetime == .seconds(604_800))
        #expect(configuration.session.idleTimeout == .seconds(86_400))
        #expect(configuration.session.sameSite == .lax)
        #expect(configuration.cookieName == "__Host-magpie_session")
        #expect(configuration.upstream.api.host == "api.weixin.qq.com")
        #expect(configuration.upstream.open.host == "open.weixin.qq.com")
        #expect(configuration.upstream.timeout == .seconds(5))
        #expect(configuration.limits.requestLine == 8_208)
        #expect(configuration.limits.headerTimeout == .seconds(10))
        #expect(configuration.limits.shutdown == .seconds(25))
        #expect(configuration.tls == nil && configuration.sites.isEmpty)
        #expect(configuration.log.level == .info && configuration.log.format == .auto && configuration.log.access)
        #expect(configuration.log.file == nil)
        let account = try #require(configuration.account(named: "main"))
        #expect(account.appSecret == Secret(ConfigurationText.secret))
        #expect(account.stableToken && account.menus.isEmpty && account.token == nil)
    }

    @Test func `every value of a file arrives`() throws {
        let json = """
            { listen: "[::1]:80", adminListen: "unix:/run/magpie.sock", adminToken: "0123456789abcdef",
              publicURL: "http://localhost:8080", trustedProxies: ["10.0.0.0/8", "::1"], hosts: ["inner", "10.0.0.7"],
              publicDirectory: "site", store: { kind: "file", path: "/data" },
              session: { lifetime: "1h", sameSite: "Strict", cookieName: "sid" },
              accounts: [{ name: "main", appId: "\(ConfigurationText.appID)", appSecret: "\(ConfigurationText.secret)",
                token: "abc", encodingAESKey: "\(String(repeating: "A", count: 43))", stableToken: false,
                jsDomains: ["M.Example.com"], returnDomains: ["shop.example.com", "localhost"],
                menus: { orders: { to: "https://shop.example.com/orders?a=1#b", scope: "userinfo" }, me: { to: "/me" } } }],
              sites: [{ name: "shop", origin: "HTTPS://Shop.Example.org:443/", secret: { env: "SECRET" } },
                      { name: "dev-1", origin: "http://localhost:3000", secret: "0123456789abcdef0123456789abcdeF" }],
              upstream: { api: "http://127.0.0.1:8090", open: "http://localhost:8090", timeout: "500ms" },
              limits: { connections: 5, bodyBytes: "1 MiB", headerBytes: 0x2000, sessionCache: "2 GiB", drain: "0s" },
              log: { file: "a.log", level: "debug", format: "json", access: false }, sandbox: { listen: "localhost:9000" } }
            """
        let loaded = try ConfigurationText.load(json)
        let configuration = loaded.configuration
        #expect(configuration.listen.description == "[::1]:80")
        #expect(configuration.adminListen == .unix(path: "/run/magpie.sock"))
        #expect(configuration.adminToken == Secret("0123456789abcdef"))
        #expect(configuration.publicDirectory == "site")
        #expect(configuration.store == .file(path: "/data"))
        #expect(configuration.session.lifetime == .seconds(3_600))
        #expect(configuration.session.idleTimeout == .seconds(3_600))
        #expect(configuration.session.sameSite == .strict)
        #expect(configuration.cookieName == "sid")
        #expect(configuration.upstream.timeout == .milliseconds(500))
        #expect(configuration.limits.connections == 5)
        #expect(configuration.limits.bodyBytes == 1_048_576)
        #expect(configuration.limits.headerBytes == 8_192)
        #expect(configuration.limits.sessionCache == 2 << 30)
        #expect(configuration.limits.drain == .zero)
        #expect(configuration.log.file == "a.log")
        #expect(configuration.log.level == .debug && configuration.log.format == .json && !configuration.log.access)
        #expect(configuration.sandboxListen.description == "127.0.0.1:9000")
        #expect(configuration.sites.map(\.name) == ["shop", "dev-1"])
        #expect(
            configuration.sites.map(\.origin.description) == ["https://shop.example.org", "http://localhost:3000"])
        #expect(configuration.sites[0].secret == Secret(ConfigurationText.secret))
        let account = configuration.accounts[0]
        #expect(account.token == Secret("abc") && !account.stableToken)
        #expect(account.jsDomains.map(\.name) == ["m.example.com"])
        #expect(account.menus["orders"]?.scope.name == "userinfo")
        #expect(account.menus["orders"]?.to == "https://shop.example.com/orders?a=1#b")
        #expect(account.menus["me"]?.to == "/me")
        #expect(
            configuration.hosts == [
                "localhost", "127.0.0.1", "[::1]", "m.example.com", "shop.example.com", "inner", "10.0.0.7",
            ])
    }

    @Test func `loopback names are answered only when publicURL is one of them`() throws {
        let configuration = try ConfigurationText.load(ConfigurationText.with()).configuration
        #expect(configuration.hosts == ["h5.example.com"])
    }

    @Test func `null means as by default`() throws {
        let json = ConfigurationText.with(root: "listen: null, adminToken: null, upstream: { caFile: null }, log: null")
        let configuration = try ConfigurationText.load(json).configuration
        #expect(configuration.listen.description == "127.0.0.1:8080" && configuration.adminToken == nil)
    }

    @Test func `a domain covers itself and its sub-domains and nothing that merely looks like it`() throws {
        let json = ConfigurationText.with(account: "jsDomains: [\"example.com\"]")
        let domain = try #require(ConfigurationText.load(json).configuration.accounts[0].jsDomains.first)
        #expect(domain.covers("example.com") && domain.covers("a.b.example.com"))
        #expect(try !#require(Domain("127.0.0.1")).covers("a.127.0.0.1"), "an address has no sub-domains")
        #expect(!domain.covers("notexample.com") && !domain.covers("example.com.evil.org") && !domain.covers("com"))
    }

    struct Doubt: Sendable {
        let json: String
        let says: String
    }

    @Test(arguments: [
        Doubt(json: ConfigurationText.account(appSecret: "\"too short\""), says: "does not look like an AppSecret"),
        Doubt(json: ConfigurationText.publicURL("http://h5.example.com"), says: "is http"),
        Doubt(json: ConfigurationText.publicURL("https://h5.example.com:8443"), says: "10003"),
        Doubt(json: ConfigurationText.with(root: "session: { sameSite: \"Strict\" }"), says: "hides the session"),
    ])
    func `what is possible but doubtful is a warning`(_ doubt: Doubt) throws {
        let loaded = try ConfigurationText.load(doubt.json)
        #expect(loaded.warnings.contains { $0.description.contains(doubt.says) }, "\(loaded.warnings)")
    }

    @Test func `a file that holds secrets and may be read by others is warned of, one without secrets is not`() throws {
        let open = try ConfigurationText.load(
            ConfigurationText.account(appSecret: "\"\(ConfigurationText.secret)\""), isShared: true)
        #expect(open.warnings.map(\.problem) == ["the file holds secrets, and others may read it"])
        #expect(try ConfigurationText.load(ConfigurationText.with(), isShared: true).warnings.isEmpty)
    }

    @Test func `a secret is read from a private file without its final newline`() throws {
        let file = try TemporaryFile("\(ConfigurationText.secret)\n", mode: 0o600)
        let json = ConfigurationText.account(appSecret: "{ file: \"\(file.path)\" }")
        let loaded = try ConfigurationText.load(json)
        #expect(loaded.configuration.accounts[0].appSecret == Secret(ConfigurationText.secret))
        #expect(loaded.warnings.isEmpty)
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644])
    func `a secret's file that others may read is refused, as ssh does`(_ mode: Int) throws {
        let file = try TemporaryFile(ConfigurationText.secret, mode: mode)
        let json = ConfigurationText.account(appSecret: "{ file: \"\(file.path)\" }")
        let refusal = try #require(throws: ConfigurationRefusal.self) { try ConfigurationText.load(json) }
        #expect(refusal.complaints.map(\.path) == ["accounts[0].appSecret.file"])
        #expect(refusal.description.contains("(mode \(String(mode, radix: 8)))"))
        #expect(!refusal.description.contains(ConfigurationText.secret))
    }

    @Test func `a TLS key that others may read is refused`() throws {
        let certificate = try TemporaryFile("certificate", mode: 0o644)
        let key = try TemporaryFile("key", mode: 0o644)
        let json = ConfigurationText.with(root: "tls: { certificate: \"\(certificate.path)\", key: \"\(key.path)\" }")
        let refusal = try #require(throws: ConfigurationRefusal.self) { try ConfigurationText.load(json) }
        #expect(refusal.complaints.map(\.path) == ["tls.key"])
    }

    @Test func `tls needs an https publicURL`() throws {
        let file = try TemporaryFile("pem", mode: 0o600)
        let tls = "tls: { certificate: \"\(file.path)\", key: \"\(file.path)\" }"
        let refusal = try #require(throws: ConfigurationRefusal.self) {
            try ConfigurationText.load(ConfigurationText.publicURL("http://localhost", root: tls))
        }
        #expect(refusal.complaints.map(\.path) == ["publicURL"])
        #expect(try ConfigurationText.load(ConfigurationText.with(root: tls)).configuration.tls?.key == file.path)
    }

    @Test func `an adminToken lets the admin listener be reached by others`() throws {
        let json = ConfigurationText.with(root: "adminListen: \"0.0.0.0:8081\", adminToken: \"0123456789abcdef\"")
        #expect(try ConfigurationText.load(json).configuration.adminListen.description == "0.0.0.0:8081")
    }

    @Test func `commands that need no secret work without the environment`() throws {
        var sources = ConfigurationSources { _ in nil }
        sources.requiresSecrets = false
        #expect(
            try ConfigurationText.load(ConfigurationText.with(), sources: sources).configuration.accounts.count == 1)
    }

    @Test func `a file that is not there is a refusal with the reason`() throws {
        let refusal = try #require(throws: ConfigurationRefusal.self) {
            try ConfigurationLoader().load(file: "/nowhere/magpie.json5")
        }
        #expect(refusal.description.contains("No such file or directory"))
    }
}

/// A file that goes away with its holder.
final class TemporaryFile {
    let path: String

    init(_ text: String, mode: Int) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("magpie-\(UUID().uuidString)").path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
