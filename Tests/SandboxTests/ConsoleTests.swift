import HTTP
import Testing
import Wire

@testable import Sandbox

struct ConsoleTests {
    private let bench = SandboxBench()

    private func press(
        _ button: String, _ fields: [(FieldName, String)] = [(.origin, "http://127.0.0.1:8090")],
        with others: String = ""
    ) async throws -> Answer {
        try await bench.send(
            .post, Console.path, fields: [(.contentType, "application/x-www-form-urlencoded")] + fields,
            body: "do=\(PercentCoding.encodeComponent(button))\(others)")
    }

    /// What the buttons of the page would send.
    private func buttons() async throws -> [String] {
        try await bench.send(.get, "/").text.matches(of: /name="do" value="([^"]*)"/).map {
            String($0.output.1).replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
        }
    }

    @Test func `every button of the page does what a control call does`() async throws {
        _ = try await press("faults {\"path\":\"/a\",\"reset\":true}")
        _ = try await bench.control("clock", ["advance": 60])
        let buttons = try await buttons()
        #expect(buttons.count > 30)
        for button in buttons {
            let answer = try await press(button, with: "&count=1&at=faults")
            #expect(answer.status == 303, "\(button): \(answer.text)")
            #expect(answer.location == "/#faults")
        }
    }

    @Test func `a button scripts a fault for as many calls as were chosen, and the page says so`() async throws {
        let button = try #require(try await buttons().first { $0.contains("45009") })
        #expect(try await bench.send(.get, "/").text.contains("data-faults=\"0\""))
        _ = try await press(button, with: "&count=3&at=now")
        let page = try await bench.send(.get, "/", fields: [(.acceptLanguage, "en")]).text
        #expect(page.contains("data-faults=\"1\"") && page.contains("for 3 more calls"))
        #expect(page.contains("<b>Daily quota used up</b>"))
        #expect(try await bench.token().errcode == 45009)
        let after = try await bench.send(.get, "/", fields: [(.acceptLanguage, "en")]).text
        #expect(after.contains("fault: errcode 45009") && after.contains("for 2 more calls"))
        _ = try await press("reset {\"what\":\"faults\"}")
        #expect(try await bench.token().errcode == nil)
    }

    @Test func `only the console's own page can press its buttons`() async throws {
        let button = "kill {\"what\":\"token\"}"
        let own = (FieldName.origin, "http://127.0.0.1:8090")
        #expect(try await press(button, [own, ("Sec-Fetch-Site", "same-origin")]).status == 303)
        // Another port of this machine is another program.
        for origin in ["https://evil.example", "null", "http://127.0.0.1:8080", "http://localhost:8090", ""] {
            #expect(try await press(button, [(.origin, origin)]).status == 403, "\(origin)")
        }
        for site in ["cross-site", "same-site", "none"] {
            #expect(try await press(button, [("Sec-Fetch-Site", site)]).status == 403, "\(site)")
        }
        let rebound = try Request(
            method: .post, target: Console.path, fields: [(.host, "evil.example"), (.origin, "http://evil.example")],
            body: Array("do=reset {}".utf8))
        #expect(await bench.sandbox.responder.respond(to: rebound).status == .misdirected)
    }

    @Test func `what is no button does nothing`() async throws {
        for text in ["", "kill", "kill x", "preverify {}", "../kill {}", "state {}", "kill {\"what\":\"user\"}"] {
            #expect(try await press(text).status == 400, "\(text)")
        }
        #expect(try await press("reset {\"what\":\"faults\"}", with: "&at=//evil.example").location == "/")
    }

    @Test func `tokens and tickets are shown with their ages, and die visibly`() async throws {
        _ = try await bench.newTicket()
        bench.advance(600)
        let english = [(FieldName.acceptLanguage, "en-GB,en;q=0.9,zh;q=0.1")]
        let page = try await bench.send(.get, "/", fields: english).text
        #expect(page.contains("data-credential=\"token\"") && page.contains("data-credential=\"jsapi ticket\""))
        #expect(page.contains("10 min old · 110 min left"))
        #expect(page.contains("value=\"600\""))
        _ = try await press("kill {\"what\":\"ticket\"}")
        #expect(try await bench.send(.get, "/", fields: english).text.contains(">dead</span>"))
    }

    @Test func `a page is in the reader's language, and in Chinese for whoever names neither`() async throws {
        let link = SandboxBench.link(bench.account)
        for target in ["/", "/connect/visitor", "/connect/oauth2/authorize?\(link)", "/connect/oauth2/authorize"] {
            for (wish, tag) in [
                ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"), ("en", "en"), ("en;q=0.5, zh;q=0.4", "en"), ("fr", "zh-CN"),
            ] {
                let page = try await bench.send(.get, target, fields: [(.acceptLanguage, wish)])
                #expect(page.text.contains("<html lang=\"\(tag)\">"), "\(target) \(wish)")
                #expect(page.response.fields["Content-Language"] == tag)
                #expect(page.response.fields[.vary] == "Accept-Language")
            }
        }
        // Website login has a parameter for it (§1.7).
        let website = SandboxBench.link(bench.sandbox.accounts[1], scope: "snsapi_login") + "&lang=en"
        #expect(try await bench.send(.get, "/connect/qrconnect?\(website)").text.contains("<html lang=\"en\">"))
    }

    @Test func `the AppSecret of somebody's own account is nowhere`() async throws {
        var account = Account.fresh(entropy: .counting())
        account.hidesSecret = true
        let bench = SandboxBench(accounts: [account])
        _ = try await bench.token()
        _ = try await bench.stableToken()
        let targets = ["/", "accounts", "state", "requests", "events", "settings"].map {
            $0 == "/" ? $0 : "/_sandbox/\($0)"
        }
        for target in targets {
            let answer = try await bench.send(.get, target)
            #expect(answer.status == 200)
            #expect(!answer.text.contains(account.appSecret), "\(target)")
        }
    }

    @Test func `what a program sends stays text on the page`() async throws {
        let poison = "\"><svg/onload=1>"
        _ = try await bench.send(
            .get,
            "/sns/userinfo?access_token=\(PercentCoding.encodeComponent(poison))"
                + "&\(PercentCoding.encodeComponent(poison))=\(PercentCoding.encodeComponent(poison))",
            fields: [(.userAgent, poison)])
        _ = try await bench.control("faults", ["path": .text("/" + poison), "errcode": 1, "errmsg": .text(poison)])
        _ = try await bench.control("users", ["key": "zoe", "nickname": .text(poison)])
        let page = try await bench.send(.get, "/").text
        #expect(page.contains("&lt;svg/onload=1&gt;"))
        #expect(!page.contains("<svg/onload"))
    }
}

/// wechat-platform §1.4 and §2.5: what a visitor sees when the platform refuses, by script.
struct ScriptedRefusalTests {
    private let bench = SandboxBench()

    @Test func `wx config is refused with the words of the script`() async throws {
        _ = try await bench.control(
            "faults", ["path": .text(PreverifyEndpoint.path), "errcode": -1, "errmsg": "require subscribe"])
        let answer = try await bench.send(.post, PreverifyEndpoint.path, body: "{}")
        #expect(answer["errMsg"] == "config:require subscribe")
        // The page that asks is of another origin.
        #expect(answer.response.fields[.accessControlAllowOrigin] == "*")
    }

    @Test(arguments: [10003, 10004, 10005, 10006, 10009, 10015])
    func `the login page says what the platform's number means`(_ number: Int) async throws {
        _ = try await bench.control(
            "faults", ["path": "/connect/oauth2/authorize", "errcode": .number(Double(number))])
        let page = try await bench.send(.get, "/connect/oauth2/authorize").text
        #expect(page.contains("data-error=\"\(number)\""))
        #expect(!page.contains("<h1>系统错误</h1>"))
    }
}
