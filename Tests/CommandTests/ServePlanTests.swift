import Gateway
import Reactor
import Secure
import Testing

@testable import magpie

struct ServePlanTests {
    private func operators(_ extra: String = "") throws -> Configuration {
        let json = """
            { publicURL: "https://h5.example.com", store: { kind: "file", path: "/data" },
              accounts: [{ name: "main", appId: "wx0123456789abcdef", appSecret: { env: "S" },
                jsDomains: ["h5.example.com"], menus: { orders: { to: "/orders" } } }], \(extra) }
            """
        let sources = ConfigurationSources { _ in "0123456789abcdef0123456789abcdef" }
        return try ConfigurationLoader(sources: sources).load(Array(json.utf8), source: "test").configuration
    }

    @Test func `a demonstration stays on loopback, and no run shares an account with another`() throws {
        let plan = ServePlan.demonstration()
        #expect(plan.usesSandbox && plan.isDemonstration)
        #expect(plan.configuration.listen.isLoopback && plan.configuration.adminListen.isLoopback)
        #expect(plan.configuration.sandboxListen.isLoopback && plan.configuration.publicURL.isLoopback)
        #expect(plan.configuration.store == .sqlite(path: "var/sandbox.sqlite"))
        #expect(plan.configuration.accounts[0].appID != ServePlan.demonstration().configuration.accounts[0].appID)
        #expect(plan.configuration.accounts[0].appID.utf8.count == 18)
        #expect(plan.tenants.map(\.domains) == [["127.0.0.1", "localhost"]])
        let text = plan.greeting(sandbox: try #require(Origin("http://127.0.0.1:8090")))
        #expect(text.contains("http://127.0.0.1:8080/") && text.contains("http://127.0.0.1:8090/"))
    }

    @Test func `without --sandbox a configuration is left as it is`() throws {
        let plan = ServePlan(try operators(), usesSandbox: false)
        #expect(!plan.usesSandbox && !plan.isDemonstration)
        #expect(plan.configuration.publicURL.description == "https://h5.example.com")
        #expect(plan.configuration.store == .file(path: "/data"))
    }

    @Test func `with --sandbox nothing of the real platform is touched`() throws {
        let original = try operators()
        var plan = ServePlan(original, usesSandbox: true)
        plan.use(sandboxAt: try #require(Origin("http://127.0.0.1:8090")))
        let configuration = plan.configuration
        #expect(configuration.store == .memory)
        #expect(configuration.accounts[0].appSecret != original.accounts[0].appSecret)
        #expect(configuration.accounts[0].appID == original.accounts[0].appID)
        #expect(configuration.accounts[0].menus == original.accounts[0].menus)
        #expect(configuration.upstream.api.description == "http://127.0.0.1:8090")
        #expect(!configuration.upstream.isWeChat)
        // The browser is on this machine: it must come back here, not to the site in production.
        #expect(configuration.publicURL.description == "http://127.0.0.1:8080")
        #expect(configuration.cookieName == "magpie_session")
        #expect(plan.tenants[0].domains == ["127.0.0.1", "h5.example.com", "localhost"])
        #expect(plan.tenants[0].appSecret == configuration.accounts[0].appSecret.reveal())
    }

    @Test func `a sandbox that others can reach leaves publicURL alone`() throws {
        let plan = ServePlan(try operators("sandbox: { listen: \"192.0.2.7:8090\" }"), usesSandbox: true)
        #expect(plan.configuration.publicURL.description == "https://h5.example.com")
    }
}
