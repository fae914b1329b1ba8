import Foundation
import Testing

extension EndToEndTests {
    /// The client script on pages of one's own, in every client that opens them. The sandbox verifies as each of them does.
    @Suite struct ClientScriptTests {
        // MARK: - Addresses

        /// As a browser shows them; the pages are there under their plain names.
        static let addresses = [
            "/page.html", "/page.html?from=singlemessage&isappinstalled=0", "/page.html?id=7#/cart/2?tab=a",
            "/%E5%95%86%E5%93%81/%E9%9E%8B.html?q=%E9%9E%8B&size=42%20cm",
        ]

        @Test(arguments: Device.allCases, addresses)
        func `a page is accepted at any address, in any client`(_ device: Device, _ address: String) throws {
            let signed = String(address.prefix { $0 != "#" })
            try Stage.withBrowser(device, at: address) { browser, stage in
                let page = Page(browser, stage)
                #expect(try page.initialize() == "ready")
                #expect(try page.verified == stage.origin + signed)
                #expect(try page.calls("getNetworkType") == "wifi")
                let complaints = try browser.console()
                #expect(complaints == [])
            }
        }

        @Test func `an address that was written in Chinese is signed as the browser escapes it`() throws {
            try Stage.withBrowser(.android, at: "/page.html") { browser, stage in
                try browser.run("location.href = '/商品/鞋.html?q=鞋 子'")
                let page = Page(browser, stage)
                try browser.wait(for: "script")
                #expect(try page.initialize() == "ready")
                #expect(
                    try page.verified == stage.origin
                        + "/%E5%95%86%E5%93%81/%E9%9E%8B.html?q=%E9%9E%8B%20%E5%AD%90")
            }
        }

        @Test(arguments: [Device.iPhone, .android])
        func `a page behind a login is signed for the address the login ends at`(_ device: Device) throws {
            try Stage.withBrowser(device, at: nil) { browser, stage in
                try stage.control("settings", ["visitor": "plain", "autoConsent": true])
                defer { _ = try? stage.control("settings", ["visitor": "", "autoConsent": false]) }
                try browser.open(stage.origin + "/redirect?to=%2Fpage.html%3Forder%3D7%23%2Fpay&scope=base")
                #expect(try browser.url == stage.origin + "/page.html?order=7#/pay")
                let page = Page(browser, stage)
                #expect(try page.initialize() == "ready")
                #expect(try page.verified == stage.origin + "/page.html?order=7")
                let openID = try browser.run("return sdk.session().then(session => session.openid)") as? String
                #expect(openID?.count == 28)
            }
        }

        // MARK: - Routes

        @Test(arguments: Device.allCases)
        func `a change of route is signed where the client notices it`(_ device: Device) throws {
            try Stage.withBrowser(device, at: "/page.html?from=menu") { browser, stage in
                let page = Page(browser, stage)
                #expect(try page.initialize() == "ready")
                let entry = stage.origin + "/page.html?from=menu"
                let steps: [(change: String, current: String)] = [
                    ("history.pushState(null, '', '/list?page=2#top')", "/list?page=2"),
                    ("history.replaceState(null, '', '/list?page=3')", "/list?page=3"),
                    ("history.pushState(null, '', '/item/鞋')", "/item/%E9%9E%8B"),
                    ("history.back()", "/list?page=3"), ("history.back()", "/page.html?from=menu"),
                    ("history.forward()", "/list?page=3"),
                ]
                for (change, current) in steps {
                    try page.move(change, to: stage.origin + current)
                    let expected = device.verifiesEntry ? entry : stage.origin + current
                    #expect(try page.verified == expected, "\(change)")
                    #expect(try page.calls("getNetworkType") == "wifi", "\(change)")
                }
                let verdicts = try stage.verdicts()
                #expect(verdicts.count == (device.verifiesEntry ? 1 : 1 + steps.count))
                #expect(verdicts.allSatisfy { $0 == "ok" })
            }
        }

        @Test(arguments: Device.allCases)
        func `a hash router needs one signature for all its routes`(_ device: Device) throws {
            try Stage.withBrowser(device, at: "/page.html#/") { browser, stage in
                let page = Page(browser, stage)
                #expect(try page.initialize() == "ready")
                for route in ["#/cart", "#/cart?x=1", "#/订单"] {
                    try browser.run("location.hash = arguments[0]", [route])
                    #expect(try page.calls("getNetworkType") == "wifi")
                }
                try browser.run("history.back()")
                #expect(try page.calls("getNetworkType") == "wifi")
                #expect(try stage.verdicts() == ["ok"])
            }
        }

        // MARK: - Copies and instances

        @Test(arguments: ["/page.html", "/small.html", "the module"], [Device.iPhone, .android])
        func `the script, its minified copy and the module do the same`(_ form: String, _ device: Device) throws {
            try Stage.withBrowser(device, at: form.hasPrefix("/") ? form : "/favicon.svg") { browser, stage in
                if !form.hasPrefix("/") {
                    try browser.open(stage.origin + "/index.html?plain")
                    try browser.run(
                        "return import('/wechat-jssdk.mjs').then(m => { window.WechatJSSDK = m.default; })")
                }
                let page = Page(browser, stage)
                #expect(try page.initialize() == "ready")
                try page.move("history.pushState(null, '', '/next')", to: stage.origin + "/next")
                #expect(try page.calls("getNetworkType") == "wifi")
                #expect(try page.calls("scanQRCode") == "api_fail: scanQRCode:permission denied (not in jsApiList)")
                #expect(try page.resign(#"{ signature: 'bad' }"#) == "config_failed: config:invalid signature")
                #expect(try page.resign("") == "ready")
            }
        }

        @Test func `two instances on one page do not disturb each other`() throws {
            try Stage.withBrowser(.android, at: "/page.html") { browser, stage in
                let outcome =
                    try browser.run(
                        """
                        const options = { signatureUrl: '/get-signature', customUrl: arguments[0], jsApiList: ['getNetworkType'] };
                        const bad = { appId: 'wx5a6d617069650001', timestamp: '1', nonceStr: 'n', signature: 'bad' };
                        window.one = new WechatJSSDK(options);
                        window.two = new WechatJSSDK(options);
                        const three = new WechatJSSDK(Object.assign({ customUrl: arguments[0] }, bad));
                        return Promise.all([one, two, three].map(each => each.initialize().then(() => 'ready', e => e.message)));
                        """, [stage.sdk]) as? [String]
                #expect(outcome == ["ready", "ready", "config:invalid signature"])
                try browser.run("return two.signSignature().then(() => history.pushState(null, '', '/list'))")
                let answers =
                    try browser.run(
                        """
                        return new Promise(done => setTimeout(done, 50)).then(() => Promise.all([one, two].map(each =>
                          each.call('getNetworkType').then(result => result.networkType, error => error.message))));
                        """) as? [String]
                #expect(answers == ["wifi", "wifi"])
                #expect(try browser.count("script[src*=jweixin]") == 1)
            }
        }

        // MARK: - Methods

        @Test func `the share helpers work with a list that does not name them`() throws {
            try Stage.withBrowser(.iPhone, at: "/page.html") { browser, stage in
                let page = Page(browser, stage)
                #expect(try page.initialize("{ jsApiList: ['scanQRCode'] }") == "ready")
                let answers =
                    try browser.run(
                        """
                        const helpers = { updateAppMessageShareData: null, updateTimelineShareData: null,
                          shareOnChat: 'menu:share:appmessage', shareOnMoment: 'menu:share:timeline' };
                        return Promise.all(Object.keys(helpers).map(name => new Promise(done => {
                          sdk[name]({ title: name, link: location.href, success: r => done(r.errMsg), fail: r => done(r.errMsg) });
                          // The old ones answer when the visitor shares.
                          if (helpers[name]) setTimeout(() => WeixinJSBridge.sandbox.tapMenu(helpers[name]), 0);
                        })));
                        """) as? [String]
                #expect(
                    answers == [
                        "updateAppMessageShareData:ok", "updateTimelineShareData:ok", "onMenuShareAppMessage:ok",
                        "onMenuShareTimeline:ok",
                    ])
                let title = try browser.run("return WeixinJSBridge.sandbox.shared().appMessage.title") as? String
                #expect(title == "updateAppMessageShareData")
                #expect(
                    try page.calls("getNetworkType") == "api_fail: getNetworkType:permission denied (not in jsApiList)")
            }
        }

        @Test(arguments: Device.allCases)
        func `a page written for wechat-jssdk works as it is`(_ device: Device) throws {
            try Stage.withBrowser(device, at: nil) { browser, stage in
                try browser.open(stage.origin + "/peer.html?sdk=" + stage.sdk)
                try browser.wait(for: "#refusal")
                #expect(try browser.text("#initialized") == "true")
                #expect(try browser.text("#refusal") == "config:invalid signature")
                try browser.click("#sign")
                try browser.wait(for: "#again")
                #expect(try browser.text("#again") == "ok")
                try browser.wait(for: "#scan")
                #expect(try browser.text("#network") == "wifi")
                #expect(try browser.text("#message") == "updateAppMessageShareData:ok")
                #expect(try browser.text("#timeline") == "updateTimelineShareData:ok")
                for (item, name) in [("menu:share:appmessage", "chat"), ("menu:share:timeline", "moment")] {
                    try browser.run("WeixinJSBridge.sandbox.tapMenu(arguments[0])", [item])
                    try browser.wait(for: "#\(name)")
                    #expect(try browser.text("#\(name)").hasSuffix(":ok"))
                }
            }
        }
    }
}
