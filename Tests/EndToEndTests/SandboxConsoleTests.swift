import Foundation
import Testing

extension EndToEndTests {
    /// The sandbox's console under a person's finger, and what comes of it on a page that Magpie signs.
    @Suite struct SandboxConsoleTests {
        @Test func `a fault that is scripted by a button is met by the page, and stands in the record`() throws {
            try Stage.withBrowser(at: nil) { browser, stage in
                try stage.control("reset", [:])
                try browser.open(stage.console)
                #expect(try browser.attribute("data-faults", of: "#now") == "0")
                try browser.click("button[value*='invalid signature']")
                try browser.wait(for: "#now", "data-faults", is: "1")
                #expect(try browser.text("#now").contains("Signature refused"))
                try stage.picture(of: browser, "8-console-fault")

                try browser.open(stage.origin + "/page.html")
                let page = Page(browser, stage)
                #expect(try page.signsOnce() == "config:invalid signature")

                try browser.open(stage.console)
                #expect(try browser.attribute("data-faults", of: "#now") == "0")
                let row = "#requests li[data-path='/_sandbox/preverify']"
                #expect(try browser.text(row).contains("fault: errcode -1"))
                try browser.click(row + " summary")
                #expect(try browser.text(row).contains(stage.origin + "/page.html"))
                #expect(try browser.complaints().filter { $0.contains("Content Security Policy") } == [])
                try browser.run("document.getElementById('requests').scrollIntoView()")
                try stage.picture(of: browser, "9-console-requests")

                let recorded = try stage.requests("path=/_sandbox/preverify&account=main")
                #expect(recorded.compactMap { $0["fault"] as? String } == ["errcode -1"])
                let asked = recorded.first?["parameters"] as? [String: Any]
                #expect(asked?["url"] as? String == stage.origin + "/page.html")
            }
        }

        @Test func `an account's tickets die by a button, and the page stays fresh by itself`() throws {
            try Stage.withBrowser(at: "/page.html") { browser, stage in
                #expect(try Page(browser, stage).initialize() == "ready")
                try browser.open(stage.console)
                let ticket = "[data-credential='jsapi ticket']"
                #expect(try browser.text(ticket).contains("valid"))
                let before = try browser.count("#requests li")
                // What another program does meanwhile comes without a touch.
                _ = try LoopbackHTTP(port: stage.sandboxPort).send("GET", "/sns/auth")
                try browser.wait(for: "#requests li[data-path='/sns/auth']")
                #expect(before > 0)
                try browser.click("#accounts button[value*='\"ticket\"']")
                try browser.wait(for: ticket + " .bad")
                #expect(try browser.text(ticket).contains("dead"))
            }
        }

        @Test func `the console works without scripts, too`() throws {
            try Stage.withBrowser(at: nil) { browser, stage in
                try stage.control("reset", [:])
                try browser.command("Emulation.setScriptExecutionDisabled", ["value": true])
                defer { _ = try? browser.command("Emulation.setScriptExecutionDisabled", ["value": false]) }
                try browser.open(stage.console)
                try browser.click("button[value*='45009']")
                try browser.wait(for: "#now", "data-faults", is: "1")
                try browser.click("#now button")
                try browser.wait(for: "#now", "data-faults", is: "0")
            }
        }
    }
}
