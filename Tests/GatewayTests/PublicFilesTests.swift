import HTTP
import Testing
import Wire

@testable import Gateway

struct PublicFilesTests {
    private struct Fixed: Responder {
        let response: Response
        func respond(to request: Request) async -> Response { response }
    }

    private func served(_ response: Response) async throws -> Response {
        await PublicFiles(files: Fixed(response: response)).respond(to: try Request(target: "/"))
    }

    @Test func `other sites may not frame a page, and learn only where its reader came from`() async throws {
        let page = try await served(.html("<p>hello</p>"))
        #expect(page.fields.values(.contentSecurityPolicy) == ["frame-ancestors 'self'"])
        #expect(page.fields[.referrerPolicy] == "strict-origin-when-cross-origin")
    }

    @Test func `a script stays free to be loaded by pages of other sites`() async throws {
        let script = try await served(Response(.ok, [(.contentType, "text/javascript; charset=utf-8")]))
        #expect(!script.fields.contains(.contentSecurityPolicy))
        #expect(!script.fields.contains(.crossOriginResourcePolicy))
    }
}
