import Gateway
import Secure
import Testing

@testable import magpie

struct LocalChecksTests {
    private func findings(
        _ url: String, domains: [String] = ["h5.example.com"], files: [String: String]? = ["MP_verify_abc.txt": "abc"],
        site: String = "https://shop.example.org"
    ) throws -> [Finding] {
        let list = domains.map { "\"\($0)\"" }.joined(separator: ",")
        let json = """
            { publicURL: "\(url)", accounts: [{ name: "main", appId: "wx0123456789abcdef", appSecret: { env: "S" },
              jsDomains: [\(list)] }],
              sites: [{ name: "shop", origin: "\(site)", secret: { env: "S" } }] }
            """
        let sources = ConfigurationSources { _ in "0123456789abcdef0123456789abcdef" }
        let loaded = try ConfigurationLoader(sources: sources).load(Array(json.utf8), source: "test")
        return LocalChecks(configuration: loaded.configuration, verificationFiles: files).run()
    }

    @Test func `a configuration in order has nothing to change`() throws {
        let findings = try findings("https://h5.example.com")
        #expect(!findings.contains { $0.mark == .bad })
        #expect(findings.exitCode == .success)
        // WeChat does not tell the console's domains, so they are named for comparison.
        #expect(findings.contains { $0.mark == .note && $0.title.contains("网页授权域名: h5.example.com") })
    }

    @Test func `http, a port and a wrong verification file are to be changed`() throws {
        let findings = try findings("http://h5.example.com:8080", files: ["MP_verify_abc.txt": "<html>"])
        let bad = findings.filter { $0.mark == .bad }
        #expect(bad.count == 3)
        #expect(bad.contains { $0.title.contains("10003") })
        #expect(findings.exitCode == .configuration)
        #expect(findings.conclusion.hasPrefix("3 to change"))
        #expect(bad.allSatisfy { $0.advice.count == 2 })
    }

    @Test func `a missing verification file and domains that do not cover the site are worth a look`() throws {
        let findings = try findings("https://h5.example.com", domains: ["other.example.org"], files: [:])
        #expect(findings.count { $0.mark == .note } == 3)
        #expect(findings.exitCode == .success)
        #expect(
            try self.findings("https://h5.example.com", domains: []).contains {
                $0.title.contains("jsDomains is empty")
            })
    }

    @Test func `a site is told where its logins begin and end, and one on this machine is worth a look`() throws {
        let good =
            "site shop: logins begin at https://h5.example.com/redirect?site=shop, and end on https://shop.example.org"
        #expect(try findings("https://h5.example.com").contains(.good(good)))
        let local = try findings("https://h5.example.com", site: "http://localhost:3000")
        #expect(local.contains { $0.mark == .note && $0.title.hasPrefix("site shop: http://localhost:3000") })
        let trial = try findings("http://localhost:8080", site: "http://localhost:3000")
        #expect(trial.contains { $0.mark == .good && $0.title.hasPrefix("site shop") })
    }

    @Test func `a public directory that cannot be read is to be changed`() throws {
        #expect(try findings("https://h5.example.com", files: nil).exitCode == .configuration)
    }

    @Test func `what is to be changed weighs more than what is out of reach`() {
        let unreachable = Finding.bad("a", code: .unavailable)
        #expect([unreachable, .good("b")].exitCode == .unavailable)
        #expect([unreachable, .bad("b")].exitCode == .configuration)
    }
}
