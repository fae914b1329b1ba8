import Foundation
import Testing

extension EndToEndTests {
    /// What the client script makes of scripts, servers and clients that fail.
    @Suite struct ClientTroubleTests {
        @Test(arguments: [Device.iPhone, .android])
        func `a blocked script is fetched from the backup host`(_ device: Device) throws {
            try Stage.withBrowser(device, at: "/page.html") { browser, stage in
                let page = Page(browser, stage)
                // To this browser the first host is closed, and the backup is the sandbox.
                let blocked = "http://res.wx.qq.com/open/js/jweixin-1.6.0.js"
                #expect(try page.initialize("{ customUrl: '\(blocked)' }") == "ready")
                let scripts =
                    try browser.run(
                        "return [...document.querySelectorAll('script[src*=jweixin]')].map(each => each.src)")
                    as? [String]
                #expect(scripts == [blocked, blocked.replacingOccurrences(of: "res.", with: "res2.")])
                #expect(try page.calls("getNetworkType") == "wifi")
            }
        }

        @Test func `a plain browser is told at once, and Tencent is asked nothing`() throws {
            try Stage.withBrowser(.desktop, at: "/page.html") { browser, stage in
                let outcome = try Page(browser, stage).initialize("{ customUrl: undefined }")
                #expect(outcome == "outside_wechat: the page is not open in WeChat")
                let asked =
                    try browser.run(
                        "return performance.getEntriesByType('resource').map(each => each.name)") as? [String]
                #expect(asked == [stage.origin + "/wechat-jssdk.js"])
            }
        }

        @Test(arguments: [
            ("{ customUrl: silence + '/sdk.js' }", "timeout: timed out: "),
            ("{ signatureUrl: silence + '/get-signature' }", "timeout: no answer from "),
            ("(window.WeixinJSBridge = { invoke() {} }, {})", "timeout: timed out: wx.config"),
        ])
        func `what never answers ends in a timeout`(_ options: String, _ outcome: String) throws {
            try Stage.withBrowser(.android, at: "/page.html") { browser, stage in
                let silence = try LoopbackSilence()
                try browser.run("window.silence = 'http://127.0.0.1:' + arguments[0]", [Int(silence.port)])
                let start = Date()
                let told = try Page(browser, stage).initialize("Object.assign({ timeout: 400 }, \(options))")
                #expect(told?.hasPrefix(outcome) == true, "\(told ?? "")")
                #expect(Date().timeIntervalSince(start) < 20)
            }
        }

        @Test func `a page of a foreign domain is told what the server refused`() throws {
            try Stage.withBrowser(.android, at: "/page.html") { browser, stage in
                try browser.open("http://elsewhere.example:\(stage.port)/page.html")
                let told = try Page(browser, stage).initialize()
                #expect(told == "refused: Pages of the host in url are not signed here.")
            }
        }

        @Test func `in debug mode the console says why, in words that magpie diagnose reads`() throws {
            try Stage.withBrowser(.android, at: "/page.html?from=singlemessage&isappinstalled=0#/cart") {
                browser, stage in
                // The page's own server forgets the query.
                let told =
                    try browser.run(
                        """
                        const sign = '/get-signature?url=' + encodeURIComponent(location.origin + location.pathname);
                        return fetch(sign).then(answer => answer.json()).then(signed => {
                          const { appId, timestamp, nonceStr, signature } = signed;
                          const options = { appId, timestamp, nonceStr, signature, debug: true, customUrl: arguments[0] };
                          return new WechatJSSDK(options).initialize().then(() => 'ready', error => error.message);
                        });
                        """, [stage.sdk]) as? String
                #expect(told == "config:invalid signature")
                let complaints = try browser.console().filter { $0.contains("[WechatJSSDK]") }
                #expect(complaints.count == 1)
                let complaint = try #require(complaints.first)
                // The reason is the sandbox's.
                #expect(complaint.contains("query"), "\(complaint)")
                let start = try #require(complaint.firstIndex(of: "{"))
                let diagnosis = try stage.diagnose(String(complaint[start...]))
                #expect(diagnosis.contains("query_dropped"), "\(diagnosis)")
            }
        }
    }
}
