import Testing
import Wire

@testable import Gateway

struct FileProtectionTests {
    @Test func `other sites may not frame a page, and learn only where its reader came from`() {
        let page = FileProtection.fields(of: "text/html; charset=utf-8")
        #expect(page.values(.contentSecurityPolicy) == ["frame-ancestors 'self'"])
        #expect(page[.referrerPolicy] == "strict-origin-when-cross-origin")
    }

    @Test func `a script stays free to be loaded by pages of other sites`() {
        let script = FileProtection.fields(of: "text/javascript; charset=utf-8")
        #expect(!script.contains(.contentSecurityPolicy))
        #expect(!script.contains(.crossOriginResourcePolicy))
    }
}
