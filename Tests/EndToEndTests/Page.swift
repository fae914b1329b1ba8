import Foundation

/// A page with the client script on it, and one instance of the class in its `sdk`.
struct Page {
    let browser: Browser
    let stage: Stage

    init(_ browser: Browser, _ stage: Stage) {
        self.browser = browser
        self.stage = stage
    }

    /// How a promise of the class ends, in one line.
    private static let outcome = ".then(() => 'ready', error => error.code + ': ' + error.message)"

    /// Makes an instance with further `options` (JavaScript) and says how `initialize()` ends: "ready", or code and message.
    func initialize(_ options: String = "{}") throws -> String? {
        try stage.control("reset", ["what": "events"])
        return try browser.run(
            """
            window.sdk = new WechatJSSDK(Object.assign(
              { signatureUrl: '/get-signature', customUrl: arguments[0], jsApiList: ['getNetworkType'] }, \(options)));
            return sdk.initialize()\(Self.outcome);
            """, [stage.sdk]) as? String
    }

    /// What `wx.config` comes to with one signature of Magpie's and no second try, in WeChat's words.
    func signsOnce() throws -> String? {
        try browser.run(
            """
            return (async sdk => {
              const signed = await fetch('/get-signature?url=' + encodeURIComponent(location.href)).then(r => r.json());
              const script = document.createElement('script');
              script.src = sdk;
              await new Promise(done => { script.onload = done; document.head.append(script); });
              return new Promise(done => {
                wx.error(result => done(result.errMsg));
                wx.ready(() => setTimeout(() => done('ready'), 0));
                wx.config(Object.assign({ jsApiList: [] }, signed));
              });
            })(arguments[0]);
            """, [stage.sdk]) as? String
    }

    func resign(_ signature: String) throws -> String? {
        try browser.run("return sdk.signSignature(\(signature))\(Self.outcome)") as? String
    }

    /// What an API answers; code and message when it does not.
    func calls(_ api: String) throws -> String? {
        try browser.run(
            """
            return sdk.call(arguments[0]).then(result => result.networkType || result.errMsg,
              error => error.code + ': ' + error.message);
            """, [api]) as? String
    }

    /// The URL that the client verifies now.
    var verified: String? {
        get throws { try browser.run("return WeixinJSBridge.sandbox.url()") as? String }
    }

    /// Changes the route, and waits until the page is there and signed for it, if it is to be.
    func move(_ change: String, to url: String) throws {
        let state =
            try browser.run(
                """
                \(change);
                const there = () => location.href.split('#')[0] === arguments[0];
                return new Promise((done, failed) => {
                  const start = Date.now();
                  (function look() {
                    // Once more around the loop: the script looks at a new address only when the router is done with it.
                    if (there()) return setTimeout(() => sdk.initialize().then(() => done('there'), failed), 20);
                    if (Date.now() - start > 10000) return done('still at ' + location.href);
                    setTimeout(look, 5);
                  }());
                });
                """, [url]) as? String
        guard state == "there" else { throw EndToEndError("\(change): \(state ?? "no answer")") }
    }
}
