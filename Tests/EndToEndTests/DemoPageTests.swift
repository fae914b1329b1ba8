import Testing

extension EndToEndTests {
    /// The demo page in a real browser, on the real program: signed by Magpie, verified by the sandbox.
    @Suite struct DemoPageTests {
        // MARK: - Signature

        @Test func `the demo page is signed, and accepted`() throws {
            try Stage.withBrowser { browser, stage in
                try browser.wait(for: "#status", "data-state", is: "ready")
                #expect(try browser.text("#signed-url") == stage.origin + "/")
                #expect(try browser.isShown("#sandbox"))
                #expect(try browser.complaints().filter { !$0.contains("401") } == [])
                try stage.picture(of: browser, "1-signed")
            }
        }

        @Test func `a broken signature is refused with WeChat's words, and a new one mends it`() throws {
            try Stage.withBrowser { browser, stage in
                try browser.wait(for: "#status", "data-state", is: "ready")
                try browser.click("#break")
                try browser.wait(for: "#status", "data-state", is: "error")
                #expect(try browser.text("#error-message") == "config:invalid signature")
                #expect(try browser.text("#error-hint").isEmpty == false)
                try stage.picture(of: browser, "2-refused")
                try browser.click("#resign")
                try browser.wait(for: "#status", "data-state", is: "ready")
                #expect(try browser.isShown("#error") == false)
            }
        }

        @Test func `an API answers, and a page whose signature was refused is signed again before it asks`() throws {
            try Stage.withBrowser { browser, _ in
                try browser.wait(for: "#status", "data-state", is: "ready")
                try browser.click("#call-api")
                try browser.wait(for: "#api-result", "data-state", is: "ready")
                #expect(try browser.text("#api-result").contains(#""networkType": "wifi""#))
                try browser.click("#share")
                try browser.wait(for: "#api-result", "data-state", is: "ready")
                #expect(try browser.text("#api-result").contains("updateAppMessageShareData:ok"))
                try browser.click("#break")
                try browser.wait(for: "#status", "data-state", is: "error")
                try browser.click("#call-api")
                try browser.wait(for: "#status", "data-state", is: "ready")
                #expect(try browser.text("#api-result").contains(#""networkType": "wifi""#))
            }
        }

        @Test(arguments: [Device.android, .iPhone])
        func `a page that changed its address is signed for the one this phone verifies`(_ device: Device) throws {
            try Stage.withBrowser(device, at: "/?from=menu#/cart") { browser, stage in
                try browser.wait(for: "#status", "data-state", is: "ready")
                try browser.run("history.pushState(null, '', '/orders?page=2#top')")
                try browser.click("#resign")
                try browser.wait(for: "#status", "data-state", is: "ready")
                let verified = try browser.run("return WeixinJSBridge.sandbox.url()") as? String
                #expect(verified == stage.origin + (device == .android ? "/orders?page=2" : "/?from=menu"))
                try browser.click("#call-api")
                try browser.wait(for: "#api-result", "data-state", is: "ready")
            }
        }

        // MARK: - Login

        @Test func `a click on Allow logs a visitor in silently`() throws {
            try Stage.withBrowser { browser, stage in
                try browser.wait(for: "#session", "data-state", is: "none")
                try logIn(browser, as: "plain", with: "#login-base")
                let openID = try browser.text("#openid")
                #expect(openID.count == 28 && openID.hasPrefix("o"))
                #expect(try browser.text("#scope").hasSuffix("base"))
                #expect(try browser.url == stage.origin + "/")
                try browser.wait(for: "#status", "data-state", is: "ready")
                try browser.run("document.getElementById('h-login').scrollIntoView()")
                try stage.picture(of: browser, "3-openid")
                try browser.reload()
                try browser.wait(for: "#session", "data-state", is: "active")
                #expect(try browser.text("#openid") == openID)
            }
        }

        @Test func `a login with the profile shows name, picture and unionid`() throws {
            try Stage.withBrowser { browser, stage in
                try logIn(browser, as: "plain", with: "#login-userinfo")
                #expect(try browser.text("#nickname") == "林小满")
                #expect(try browser.text("#scope").hasSuffix("userinfo"))
                #expect(try browser.text("#unionid").isEmpty == false)
                try browser.wait(for: "#avatar:not([hidden])")
                try browser.run("document.getElementById('h-login').scrollIntoView()")
                try stage.picture(of: browser, "5-profile")
            }
        }

        @Test func `a visitor without a unionid is shown without one`() throws {
            try Stage.withBrowser { browser, _ in
                try logIn(browser, as: "nounion", with: "#login-userinfo")
                #expect(try browser.text("#nickname") == "阿诺")
                #expect(try browser.isShown("#unionid") == false)
            }
        }

        @Test func `a snapshot visitor is marked as a stand-in`() throws {
            try Stage.withBrowser { browser, _ in
                try logIn(browser, as: "snapshot", with: "#login-userinfo")
                #expect(try browser.isShown("#snapshot"))
            }
        }

        @Test func `markup in a nickname is shown as text and does nothing`() throws {
            try Stage.withBrowser { browser, stage in
                try logIn(browser, as: "hostile", with: "#login-userinfo")
                #expect(browser.alert == nil)
                #expect(try browser.text("#nickname").contains(#"</script><b>"O'Neil" \ &"#))
                #expect(try browser.count("#nickname *") == 0)
                try browser.wait(for: "#status", "data-state", is: "ready")
                try browser.run("document.getElementById('h-login').scrollIntoView()")
                try stage.picture(of: browser, "6-hostile")
            }
        }

        @Test func `a visitor who refuses comes back to the page, which says so once`() throws {
            try Stage.withBrowser { browser, stage in
                try browser.wait(for: "#status", "data-state", is: "ready")
                try browser.click("#login-userinfo")
                try browser.wait(for: "#deny")
                try stage.picture(of: browser, "4-consent")
                try browser.click("#deny")
                try browser.wait(for: "#status", "data-state", is: "ready")
                #expect(try browser.text("#login-message").contains("chose not to log in"))
                #expect(try browser.attribute("data-state", of: "#session") == "none")
                #expect(try browser.url == stage.origin + "/")
            }
        }

        @Test func `logging out ends the session on the server too`() throws {
            try Stage.withBrowser { browser, _ in
                try logIn(browser, as: "plain", with: "#login-base")
                try browser.click("#logout")
                try browser.wait(for: "#session", "data-state", is: "none")
                try browser.reload()
                try browser.wait(for: "#status", "data-state", is: "ready")
                #expect(try browser.attribute("data-state", of: "#session") == "none")
            }
        }

        // MARK: - Looks

        @Test func `the page speaks both languages and remembers which`() throws {
            try Stage.withBrowser { browser, stage in
                try browser.wait(for: "#status", "data-state", is: "ready")
                #expect(try browser.text("#h-login").contains("Log in"))
                try browser.click("#language")
                try browser.reload()
                try browser.wait(for: "#status", "data-state", is: "ready")
                #expect(try browser.text("#h-login").contains("登录"))
                #expect(try browser.attribute("lang", of: "html") == "zh-CN")
                try browser.command(
                    "Emulation.setEmulatedMedia", ["features": [["name": "prefers-color-scheme", "value": "dark"]]])
                try stage.picture(of: browser, "7-dark-chinese")
            }
        }

        private func logIn(_ browser: Browser, as user: String, with button: String) throws {
            try browser.wait(for: "#session", "data-state", is: "none")
            try browser.wait(for: "#status", "data-state", is: "ready")
            try browser.click(button)
            try browser.wait(for: "[data-user=\(user)]")
            try browser.click("[data-user=\(user)]")
            try browser.click("#allow")
            try browser.wait(for: "#session", "data-state", is: "active")
        }
    }
}
