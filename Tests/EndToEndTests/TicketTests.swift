import Foundation
import Testing

extension EndToEndTests {
    /// The last of all, as Magpie asks for a new ticket only half a minute after it was given the one it has.
    @Suite struct TicketTests {
        @Test func `an expired ticket is replaced by signing once more`() throws {
            try Stage.withBrowser(.android, at: "/page.html") { browser, stage in
                Thread.sleep(until: stage.startedAt + 32)
                try stage.control("kill", ["what": "ticket"])
                let page = Page(browser, stage)
                #expect(try page.initialize() == "ready")
                #expect(try stage.verdicts().map { String($0.prefix(17)) } == ["invalid signature", "ok"])
                #expect(try page.calls("getNetworkType") == "wifi")
            }
        }
    }
}
