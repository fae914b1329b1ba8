import Testing
import Wire

@testable import Sandbox

struct AuthorizePagesTests {
    private func open(
        _ bench: SandboxBench, scope: String = "snsapi_userinfo", extra: String = "", as visitor: String? = nil,
        agent: String = "Mozilla/5.0"
    ) async throws -> Answer {
        var fields: [(FieldName, String)] = [(.userAgent, agent)]
        if let visitor { fields.append((.cookie, "sandbox_visitor=\(visitor)")) }
        let link = SandboxBench.link(bench.account, scope: scope)
        return try await bench.send(.get, "/connect/oauth2/authorize?\(link)\(extra)", fields: fields)
    }

    @Test func `a stranger is shown everybody, with handles for tests`() async throws {
        let page = try await open(SandboxBench())
        #expect(page.status == 200)
        #expect(page.response.fields[.contentType] == "text/html; charset=utf-8")
        #expect(page.response.fields[.cacheControl] == "no-store")
        for user in User.samples { #expect(page.text.contains("data-user=\"\(user.key)\"")) }
        for id in ["allow", "deny", "remember"] { #expect(page.text.contains("id=\"\(id)\"")) }
        #expect(page.text.matches(of: #/ checked>/#).count == 2)
    }

    @Test func `allowing goes back with a code and the state, by 303`() async throws {
        let answer = try await SandboxBench().decide()
        #expect(answer.status == 303)
        #expect(
            answer.location.wholeMatch(of: /http:\/\/127\.0\.0\.1:8080\/redirect\?code=[0-9A-Za-z]{32}&state=abc123/)
                != nil)
        #expect(answer.response.fields[.setCookie] == nil)
    }

    @Test func `refusing goes back with the state and without a code`() async throws {
        let bench = SandboxBench()
        let official = try await bench.decide(decision: "deny")
        #expect(official.location == "http://127.0.0.1:8080/redirect?state=abc123")
        let website = try await bench.decide(scope: "snsapi_login", website: true, decision: "deny")
        #expect(website.location == "http://127.0.0.1:8080/redirect?state=abc123")
    }

    @Test func `base scope is silent for a remembered person and asks a stranger`() async throws {
        let bench = SandboxBench()
        #expect(try await open(bench, scope: "snsapi_base").status == 200)
        #expect(try await open(bench, scope: "snsapi_base", as: "plain").status == 303)
        #expect(try await open(bench, scope: "snsapi_base", extra: "&forcePopup=true", as: "plain").status == 303)
        #expect(try await open(bench, scope: "snsapi_base", as: "nobody").status == 200)
    }

    @Test func `userinfo asks everybody but followers`() async throws {
        let bench = SandboxBench()
        #expect(try await open(bench, as: "plain").status == 200)
        #expect(try await open(bench, as: "follower").status == 303)
        #expect(try await open(bench, extra: "&forcePopup=true", as: "follower").status == 303)
        _ = try await bench.control("settings", ["followersSilent": false])
        #expect(try await open(bench, as: "follower").status == 200)
    }

    @Test func `the remembered person is the one that is chosen on the page`() async throws {
        let page = try await open(SandboxBench(), as: "nounion")
        #expect(page.text.contains("name=\"user\" value=\"nounion\" checked>"))
        #expect(!page.text.contains("name=\"user\" value=\"plain\" checked>"))
    }

    @Test func `a test can name the visitor and consent by knobs, and needs no page`() async throws {
        let bench = SandboxBench()
        _ = try await bench.control("settings", ["visitor": "plain"])
        #expect(try await open(bench, scope: "snsapi_base").status == 303)
        #expect(try await open(bench).status == 200)
        _ = try await bench.control("settings", ["autoConsent": true])
        let answer = try await open(bench)
        #expect(answer.status == 303)
        let code = PageURLParts.parameter("code", of: answer.location) ?? ""
        #expect(try await bench.exchange(code)["scope"] == "snsapi_userinfo")
    }

    @Test func `a snapshot hides the question and gives a virtual identity`() async throws {
        let bench = SandboxBench()
        let answer = try await open(bench, as: "snapshot")
        #expect(answer.status == 303)
        let grant = try await bench.exchange(PageURLParts.parameter("code", of: answer.location) ?? "")
        #expect(grant["is_snapshotuser"] == 1)
        #expect(try await open(bench, extra: "&forcePopup=true", as: "snapshot").status == 200)
        let base = try await open(bench, scope: "snsapi_base", as: "snapshot")
        let real = try await bench.exchange(PageURLParts.parameter("code", of: base.location) ?? "")
        #expect(real["is_snapshotuser"] == nil)
        #expect(real["openid"] != grant["openid"])
    }

    @Test func `a first-time snapshot is real the second time`() async throws {
        let bench = SandboxBench()
        _ = try await bench.control("users", ["key": "snapshot", "snapshot": "first"])
        #expect(try await bench.exchange(try await bench.code("snapshot"))["is_snapshotuser"] == 1)
        #expect(try await bench.exchange(try await bench.code("snapshot"))["is_snapshotuser"] == nil)
    }

    @Test func `forceSnapShot makes a snapshot of anybody who is asked, and of no follower`() async throws {
        let bench = SandboxBench()
        let plain = try await bench.exchange(try await bench.code("plain", extra: "&forceSnapShot=true"))
        #expect(plain["is_snapshotuser"] == 1)
        let follower = try await bench.exchange(try await bench.code("follower", extra: "&forceSnapShot=true"))
        #expect(follower["is_snapshotuser"] == nil)
    }

    @Test func `the double callback has two codes, one state, and a policy that lets it connect`() async throws {
        let bench = SandboxBench()
        _ = try await bench.control("settings", ["doubleCallback": true])
        let page = try await open(bench, scope: "snsapi_base", as: "plain")
        #expect(page.status == 200)
        let codes = page.text.matches(of: /data-callback href="[^"]*code=([0-9A-Za-z]{32})&amp;state=abc123"/)
        #expect(Set(codes.map { String($0.output.1) }).count == 2)
        let policy = page.response.fields[.contentSecurityPolicy] ?? ""
        #expect(policy.contains("connect-src http://127.0.0.1:8080"))
        for code in codes { #expect(try await bench.exchange(String(code.output.1)).errcode == nil) }
        #expect(try await open(bench, scope: "snsapi_base", extra: "&connect_redirect=1", as: "plain").status == 303)
    }

    @Test func `outside WeChat a strict sandbox opens nothing but the website's page`() async throws {
        let bench = SandboxBench()
        _ = try await bench.control("settings", ["requireWeChat": true])
        #expect(try await open(bench).text.contains("请在微信客户端打开链接"))
        #expect(try await open(bench, agent: "X MicroMessenger/8.0.40").text.contains("id=\"allow\""))
        let link = SandboxBench.link(.sampleWebsite, scope: "snsapi_login")
        #expect(try await bench.send(.get, "/connect/qrconnect?\(link)").text.contains("id=\"allow\""))
    }

    @Test func `an error page has the platform's number and status 200`() async throws {
        let bench = SandboxBench()
        let link = SandboxBench.link(bench.account, redirect: "https://example.org/")
        let page = try await bench.send(.get, "/connect/oauth2/authorize?\(link)")
        #expect(page.status == 200)
        #expect(page.text.contains("data-error=\"10003\""))
        #expect(page.text.contains("redirect_uri 参数错误"))
    }

    @Test func `remembering is a cookie of the pages and forgetting ends it`() async throws {
        let bench = SandboxBench()
        let link = PercentCoding.encodeComponent(SandboxBench.link(bench.account))
        let answer = try await bench.send(
            .post, "/connect/oauth2/authorize/decide",
            body: "link=\(link)&user=plain&decision=allow&remember=yes")
        #expect(
            answer.response.fields[.setCookie]
                == "sandbox_visitor=plain; Path=/connect; Max-Age=2592000; HttpOnly; SameSite=Lax")
        let forgotten = try await bench.send(.post, "/connect/visitor", body: "user=plain&decision=forget")
        #expect(forgotten.response.fields[.setCookie]?.contains("Max-Age=0") == true)
        let kept = try await bench.send(.post, "/connect/visitor", body: "user=plain&decision=remember")
        #expect(kept.response.fields[.setCookie]?.hasPrefix("sandbox_visitor=plain;") == true)
        let nobody = try await bench.send(.post, "/connect/visitor", body: "user=nobody&decision=remember")
        #expect(nobody.response.fields[.setCookie] == nil)
        #expect(try await bench.send(.get, "/connect/visitor").status == 200)
    }

    @Test func `another site cannot decide for the visitor`() async throws {
        let bench = SandboxBench()
        let link = PercentCoding.encodeComponent(SandboxBench.link(bench.account))
        for origin in ["https://evil.example", "null", "http://127.0.0.1:9999"] {
            let answer = try await bench.send(
                .post, "/connect/oauth2/authorize/decide", fields: [(.origin, origin)],
                body: "link=\(link)&user=plain&decision=allow")
            #expect(answer.status == 200)
            #expect(answer.location.isEmpty)
        }
        let own = try await bench.send(
            .post, "/connect/oauth2/authorize/decide", fields: [(.origin, "http://127.0.0.1:8090")],
            body: "link=\(link)&user=plain&decision=allow")
        #expect(own.status == 303)
    }

    @Test func `the form's link is checked like the link itself`() async throws {
        let bench = SandboxBench()
        let link = PercentCoding.encodeComponent(SandboxBench.link(bench.account, redirect: "https://evil.example/"))
        let answer = try await bench.send(
            .post, "/connect/oauth2/authorize/decide", body: "link=\(link)&user=plain&decision=allow")
        #expect(answer.text.contains("data-error=\"10003\""))
        let unknown = try await bench.decide("nobody")
        #expect(unknown.location.isEmpty)
    }
}
