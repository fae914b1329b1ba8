import Secure
import Testing
import WeChat

@testable import magpie

struct AccountChecksTests {
    /// WeChat's answers by path; a path without one cannot be reached.
    private struct Script: Fetcher {
        let replies: [String: String]

        func fetch(_ call: Call) async throws(FetchError) -> Reply {
            guard let text = replies[call.path] else { throw .unreachable(host: "api.weixin.qq.com") }
            return Reply(status: 200, body: Array(text.utf8))
        }
    }

    private static let secret = "0123456789abcdef0123456789abcdef"

    private func check(token: String? = nil, ticket: String? = nil) async -> [Finding] {
        var replies: [String: String] = [:]
        replies["/cgi-bin/stable_token"] = token
        replies["/cgi-bin/ticket/getticket"] = ticket
        let account = Account(name: "main", appID: "wx0123456789abcdef", appSecret: Self.secret, usesStableToken: false)
        return await AccountChecks(account: account, fetcher: Script(replies: replies), timeout: .seconds(1)).run()
    }

    private static let token = #"{"access_token":"TOKENcanary","expires_in":7200}"#

    @Test func `an account in order passes, and the old token call is never made`() async {
        let findings = await check(
            token: Self.token, ticket: #"{"errcode":0,"errmsg":"ok","ticket":"TICKETcanary","expires_in":7200}"#)
        #expect(findings.map(\.mark) == [.good, .good])
        #expect(!findings.map(\.text).joined().contains("canary"))
    }

    @Test func `an address that is not on the list is named`() async {
        let findings = await check(
            token: #"{"errcode":40164,"errmsg":"invalid ip 101.45.43.1 ipv6 ::ffff:101.45.43.1, not in whitelist"}"#)
        #expect(findings.count == 1 && findings.exitCode == .configuration)
        #expect(findings[0].advice.contains { $0.contains("101.45.43.1") && $0.contains("IP") })
    }

    @Test func `a wrong secret is to be changed and is never printed`() async {
        let findings = await check(token: #"{"errcode":40125,"errmsg":"invalid appsecret \#(Self.secret)"}"#)
        #expect(findings.exitCode == .configuration)
        #expect(!findings.map(\.text).joined().contains(Self.secret))
        #expect(findings[0].advice.count == 2)
    }

    @Test func `an account without the JS-SDK is told so`() async {
        let findings = await check(token: Self.token, ticket: #"{"errcode":48001,"errmsg":"api unauthorized"}"#)
        #expect(findings.map(\.mark) == [.good, .bad] && findings.exitCode == .configuration)
    }

    @Test func `WeChat out of reach is no fault of the configuration`() async {
        let findings = await check()
        #expect(findings.exitCode == .unavailable)
        #expect(findings[0].title.contains("api.weixin.qq.com cannot be reached"))
    }
}
