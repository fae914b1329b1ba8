import Testing

extension EndToEndTests {
    /// The pictures of the READMEs, which `make pictures` puts into docs/. What each is to show is looked for first, so
    /// that none can outlive its page.
    @Suite struct PictureTests {
        @Test func `the demo page in both languages, and the page that asks for consent`() throws {
            try Stage.withBrowser { browser, stage in
                try browser.wait(for: "#status", "data-state", is: "ready")
                #expect(try browser.text("#h-login").contains("Log in"))
                try stage.picture(of: browser, "demo")
                try browser.click("#language")
                #expect(try browser.text("#h-login").contains("登录"))
                try stage.picture(of: browser, "demo.zh-CN")
                try browser.click("#login-userinfo")
                try browser.wait(for: "#deny")
                #expect(try browser.isShown("[data-user=plain]"))
                try stage.picture(of: browser, "consent")
            }
        }

        @Test func `the page for a person who asks how it is`() throws {
            try Stage.withBrowser { browser, stage in
                try browser.wait(for: "#status", "data-state", is: "ready")
                try browser.open("http://127.0.0.1:\(stage.adminPort)/status")
                #expect(try browser.text("body").contains("wx5a6d617069650001"))
                try stage.picture(of: browser, "status")
            }
        }
    }
}
