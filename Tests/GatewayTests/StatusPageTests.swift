import Foundation
import HTTP
import Secure
import Synchronization
import TestSupport
import Testing
import WeChat
import Wire

@testable import Gateway

struct StatusPageTests {
    let bench = Bench(sleepsAtOnce: true)

    private func page(_ language: String? = "zh-CN,zh;q=0.9,en;q=0.8") async throws -> Response {
        var fields: [(FieldName, String)] = [(.accept, "text/html"), (.secFetchMode, "navigate")]
        if let language { fields.append((.acceptLanguage, language)) }
        return await bench.admin().respond(to: try Request(target: "/status", fields: fields))
    }

    private static let refusal =
        #"{"errcode":40164,"errmsg":"invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"}"#

    private func refuse(_ path: String, with body: String) {
        bench.weChat.state.withLock { $0.script[path] = Array(repeating: body, count: 50) }
    }

    @Test func `when all is well the page says so, in the reader's language`() async throws {
        for desk in bench.accounts.all { _ = try await desk.keeper.ticket() }
        let chinese = try await page().text
        #expect(chinese.contains("<html lang=\"zh-CN\">") && chinese.contains("一切正常"))
        #expect(!chinese.contains("All is well"))
        let english = try await page("en-GB,en;q=0.9,zh;q=0.5").text
        #expect(english.contains("<html lang=\"en\">") && english.contains("All is well"))
        #expect(!english.contains("一切正常"))
        for account in ["main", "second"] { #expect(chinese.contains("<h3>\(account) ")) }
    }

    @Test func `a refused address is shown with what to do, in WeChat's words and in the reader's`() async throws {
        refuse("/cgi-bin/stable_token", with: Self.refusal)
        for desk in bench.accounts.all { _ = try? await desk.keeper.ticket() }
        let chinese = try await page().text
        #expect(chinese.contains("需要立即处理"))
        #expect(chinese.contains("IP 白名单") && chinese.contains("微信看到的 IP 是 203.0.113.7"))
        #expect(chinese.contains("40164 invalid ip 203.0.113.7"))
        let english = try await page("en").text
        #expect(english.contains("Add this server&#39;s IP address to the IP whitelist"))
        #expect(english.contains("WeChat sees this server as 203.0.113.7."))
    }

    @Test func `what only visitors can mend is no trouble of the operator's`() async throws {
        for desk in bench.accounts.all { _ = try await desk.keeper.ticket() }
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        // No such code.
        _ = try await visitor.get(bench, "/redirect?code=spent&state=\(state)")
        let text = try await page().text
        #expect(text.contains("一切正常"))
        #expect(text.contains("answered 40029") && text.contains("访客侧问题"))
    }

    @Test func `a login that WeChat refuses to the account is trouble, though tickets are good`() async throws {
        for desk in bench.accounts.all { _ = try await desk.keeper.ticket() }
        refuse("/sns/oauth2/access_token", with: #"{"errcode":48001,"errmsg":"api unauthorized"}"#)
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        _ = try await visitor.get(bench, "/redirect?code=good&state=\(state)")
        let text = try await page().text
        #expect(text.contains("有事项待处理"))
        #expect(text.contains("/sns/oauth2/access_token answered 48001"))
    }

    @Test func `a certificate that ends soon is trouble, and told with the days that are left`() async throws {
        for desk in bench.accounts.all { _ = try await desk.keeper.ticket() }
        let authority = CertificateAuthority()
        func text(ends: Int) async throws -> String {
            let identity = authority.issue("DNS:h5.example.com", ends: ends)
            let tls = try TLSContext.server(certificateFile: identity.certificateFile, keyFile: identity.keyFile)
            let request = try Request(
                target: "/status", fields: [(.accept, "text/html"), (.acceptLanguage, "en")])
            let metrics = await bench.admin(tls: tls).respond(to: try Request(target: "/metrics"))
            #expect(metrics.text.contains("\nmagpie_tls_certificate_expires_in_seconds \(ends > 86_400 ? "" : "-")"))
            return await bench.admin(tls: tls).respond(to: request).text
        }
        let good = try await text(ends: 60 * 86_400 + 3_600)
        #expect(good.contains("All is well") && good.contains("60 days left"))
        #expect(try await text(ends: 3 * 86_400 + 3_600).contains("the certificate ends in 3 days"))
        #expect(try await text(ends: -60).contains("the certificate has ended"))
    }

    @Test func `each call's end is counted by its errcode`() async throws {
        refuse("/cgi-bin/stable_token", with: Self.refusal)
        _ = try? await bench.accounts.all[0].keeper.token()
        let metrics = String(decoding: bench.metrics.exposition(), as: UTF8.self)
        #expect(
            metrics.contains("magpie_upstream_calls_total{path=\"/cgi-bin/stable_token\",outcome=\"40164\"} 1\n"))
        #expect(!metrics.contains("outcome=\"ok\""))
    }

    @Test func `what WeChat says is text on the page and nothing else`() async throws {
        refuse("/cgi-bin/stable_token", with: #"{"errcode":40013,"errmsg":"<script>alert(1)</script> & <b>"}"#)
        for desk in bench.accounts.all { _ = try? await desk.keeper.ticket() }
        let response = try await page()
        #expect(!response.text.contains("<script") && response.text.contains("&lt;script&gt;alert(1)"))
        let policy = try #require(response.fields[.contentSecurityPolicy])
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
        #expect(!response.text.contains("style=\"") && !response.text.contains("http://"))
    }

    @Test func `a program gets JSON, whatever its language`() async throws {
        let answer = await bench.admin().respond(
            to: try Request(target: "/status", fields: [(.acceptLanguage, "zh"), (.accept, "*/*")]))
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let report = try decoder.decode(StatusReport.self, from: Data(answer.text.utf8))
        #expect(report.accounts.map(\.account) == ["main", "second"])
        #expect(!report.ready)
    }

    @Test(arguments: [
        (nil, "zh-CN"), ("en", "en"), ("en-US,en;q=0.9", "en"), ("zh-TW", "zh-CN"), ("zh;q=0.3,en;q=0.2", "zh-CN"),
        ("fr,en;q=0.1", "en"), ("EN;Q=1", "en"), ("fr", "zh-CN"), ("en;q=0", "zh-CN"), (",;=,", "zh-CN"),
    ])
    func `the language is the one the reader likes better, Chinese if neither`(_ header: String?, _ tag: String) throws
    {
        let request = try Request(target: "/", fields: header.map { [(.acceptLanguage, $0)] } ?? [])
        #expect(PageLanguage(request).tag == tag)
    }

    /// WCAG 2.2, 1.4.3: 4.5 to 1 for text.
    @Test func `every colour of text can be read on the colours it stands on, by day and by night`() throws {
        let palettes = Self.palettes(of: Stylesheet.base)
        #expect(palettes.count == 2)
        let pairs = [
            ("ink", "paper"), ("ink", "card"), ("soft", "paper"), ("soft", "card"), ("accent", "paper"),
            ("accent", "card"), ("card", "accent"), ("accent", "tint"), ("bad", "card"), ("bad", "bad-tint"),
            ("warn", "warn-tint"), ("ink", "tint"), ("ink", "bad-tint"), ("ink", "warn-tint"),
        ]
        for palette in palettes {
            for (text, ground) in pairs {
                let ratio = try Self.contrast(#require(palette[text]), #require(palette[ground]))
                #expect(ratio >= 4.5, "\(text) on \(ground): \(ratio)")
            }
        }
    }

    private static func palettes(of style: String) -> [[String: String]] {
        style.matches(of: /:root\{([^}]*)\}/).map { root in
            Dictionary(
                root.output.1.matches(of: /--([a-z-]+):\s*#([0-9a-f]+)/).map {
                    (String($0.output.1), String($0.output.2))
                }
            ) { first, _ in first }
        }
    }

    private static func contrast(_ one: String, _ other: String) throws -> Double {
        func luminance(_ hex: String) throws -> Double {
            let digits = hex.count == 3 ? hex.flatMap { [$0, $0] } : Array(hex)
            let channels = try stride(from: 0, to: 6, by: 2).map { index in
                let value = Double(try #require(Int(String(digits[index...index + 1]), radix: 16))) / 255
                return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
            }
            return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
        }
        let (a, b) = (try luminance(one), try luminance(other))
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }
}
