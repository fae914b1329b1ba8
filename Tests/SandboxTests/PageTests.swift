import Secure
import Testing
import Wire

@testable import Sandbox

struct PageTests {
    @Test func `text that is put into markup stays text`() {
        let hostile = #"</script><img src=x onerror="alert('1')">&"#
        let html: HTML = "<p title=\"\(hostile)\">\(hostile)</p>"
        #expect(!html.text.contains("<img"))
        #expect(!html.text.contains("</script"))
        #expect(html.text.contains("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;"))
    }

    @Test func `no parameter of a link comes through a page unescaped`() async throws {
        let bench = SandboxBench()
        let poison = "%22%3E%3Csvg/onload=1%3E"
        let link = SandboxBench.link(bench.account)
        for target in [
            "/connect/oauth2/authorize?\(link)&extra=\(poison)",
            "/connect/oauth2/authorize?appid=\(poison)&redirect_uri=\(poison)&response_type=code&scope=\(poison)",
            "/connect/oauth2/authorize?"
                + SandboxBench.link(bench.account, redirect: "http://127.0.0.1/\"><svg/onload=1>"),
            "/connect/oauth2/authorize?" + SandboxBench.link(bench.account, redirect: "http://\"><svg/onload=1>/"),
        ] {
            #expect(try await !bench.send(.get, target).text.contains("<svg/onload"))
        }
    }

    @Test func `the policy allows the page's own style and script and nothing else`() async throws {
        let bench = SandboxBench()
        for target in ["/", "/connect/visitor", "/connect/oauth2/authorize?" + SandboxBench.link(bench.account)] {
            let page = try await bench.send(.get, target)
            let policy = page.response.fields[.contentSecurityPolicy] ?? ""
            #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-"))
            #expect(!policy.contains("unsafe"))
            for (tag, directive) in [("style", "style-src"), ("script", "script-src")] {
                guard let open = page.text.firstRange(of: "<\(tag)>"), let close = page.text.firstRange(of: "</\(tag)>")
                else { continue }
                let inner = String(page.text[open.upperBound..<close.lowerBound])
                let digest = Base64.encode(Digest.sha256(Array(inner.utf8)))
                #expect(policy.contains("\(directive) 'sha256-\(digest)'"))
            }
            // Nothing that a policy by digest would block, and nothing from another host.
            #expect(page.text.firstMatch(of: #/ style="| on[a-z]+="|<script [^>]*src|<link [^>]*href="http/#) == nil)
        }
    }

    @Test func `every pair of colours can be read, light and dark`() throws {
        let themes = try colours()
        #expect(themes.count == 2)
        let pairs = [
            ("ink", "ground"), ("ink", "card"), ("ink", "tint"), ("muted", "ground"), ("muted", "card"),
            ("muted", "tint"),
            ("on-accent", "accent"), ("accent", "card"), ("accent", "ground"), ("warn", "warn-ground"),
            ("bad", "ground"), ("accent", "tint"), ("bad", "bad-ground"), ("ink", "warn-ground"),
        ]
        for theme in themes {
            for (front, back) in pairs {
                let ratio = contrast(try #require(theme[front]), try #require(theme[back]))
                #expect(ratio >= 4.5, "\(front) on \(back) is \(ratio)")
            }
        }
    }

    @Test func `a white letter can be read on every avatar`() {
        for user in User.samples { #expect(contrast("#ffffff", user.color) >= 4.5, "\(user.key)") }
    }

    @Test func `the front page shows how to reach the sandbox`() async throws {
        let page = try await SandboxBench().send(.get, "/")
        #expect(page.text.contains("http://127.0.0.1:8090"))
        #expect(page.text.contains(Account.sample.appID))
    }

    private func colours() throws -> [[String: String]] {
        Stylesheet.text.matches(of: /:root\{([^}]*)\}/).map { root in
            let pairs = root.output.1.matches(of: /--([a-z-]+):(#[0-9a-f]{3,6})/).map {
                (String($0.output.1), String($0.output.2))
            }
            return Dictionary(pairs) { first, _ in first }
        }
    }

    /// WCAG 2.2's relative luminance and contrast ratio.
    private func contrast(_ one: String, _ other: String) -> Double {
        let (a, b) = (luminance(one), luminance(other))
        return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }

    private func luminance(_ colour: String) -> Double {
        var digits = String(colour.dropFirst())
        if digits.count == 3 { digits = digits.map { "\($0)\($0)" }.joined() }
        let value = Int(digits, radix: 16) ?? 0
        let parts = [value >> 16 & 255, value >> 8 & 255, value & 255].map { part -> Double in
            let share = Double(part) / 255
            return share <= 0.04045 ? share / 12.92 : power((share + 0.055) / 1.055)
        }
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }

    /// x to the 2.4: the square and two fifths, the fifth root by Newton's method, since no C library is imported here.
    private func power(_ x: Double) -> Double {
        guard x > 0 else { return 0 }
        var root = 1.0
        for _ in 0..<60 { root -= (root * root * root * root * root - x) / (5 * root * root * root * root) }
        return x * x * root * root
    }
}
