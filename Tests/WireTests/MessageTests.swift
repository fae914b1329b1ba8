import Testing

@testable import Wire

struct MessageTests {
    @Test func `a request made by hand passes the parser's rules`() throws {
        let request = try Request(
            method: .post, target: "/a%20b?c=d", fields: [(.host, "A.example:1")], body: Array("x".utf8))
        #expect(request.path == "/a%20b")
        #expect(request.query.raw == "c=d")
        #expect(request.authority == Authority("a.example:1"))
        #expect(request.keepsAlive)
        #expect(throws: WireError.badTarget) { try Request(target: "/a b") }
        #expect(throws: WireError.badTarget) { try Request(target: "*") }
        #expect(throws: WireError.badTarget) { try Request(target: "") }
        #expect(throws: WireError.badTarget) { try Request(target: "/\r\nX: 1") }
        #expect(throws: WireError.badHost) { try Request(target: "/", fields: [(.host, "a b")]) }
        #expect(throws: WireError.badFieldValue) { try Request(target: "/", fields: [(.accept, "a\n")]) }
    }

    @Test func `a response with a value that may not go out is a bare 500`() {
        let response = Response.redirect(to: "/\r\nSet-Cookie: a=b")
        #expect(response.status == .internalError)
        #expect(response.fields.isEmpty)
        #expect(Response.redirect(to: "/a", status: .seeOther).fields[.location] == "/a")
    }

    @Test func `content types name their character set`() {
        #expect(Response.text("a").fields[.contentType] == "text/plain; charset=utf-8")
        #expect(Response.html("a").fields[.contentType] == "text/html; charset=utf-8")
        #expect(Response.json([], status: .notFound).fields[.contentType] == "application/json; charset=utf-8")
    }

    @Test func `every method has its name back`() {
        for method in Method.known {
            #expect(Method(method.description) == method)
            #expect(method.isKnown)
        }
        #expect(Method("get") == .other("get"))
        #expect(!Method("get").isKnown)
    }

    @Test(arguments: [
        (WireError.badRequestLine, 400), (.badTarget, 400), (.unsupportedVersion, 505), (.targetTooLong(limit: 1), 414),
        (.fieldsTooLarge(limit: 1), 431), (.tooManyCookies(limit: 1), 431), (.bodyTooLarge(limit: 1), 413),
        (.chunkExtensionTooLarge(limit: 1), 413), (.unmetExpectation, 417), (.unsupportedTransferCoding, 501),
        (.timedOut, 408), (.conflictingLengths, 400),
    ])
    func `an error knows its status, and ends the connection`(_ error: WireError, _ code: Int) {
        #expect(error.status.code == code)
        #expect(error.closesConnection)
    }

    @Test func `a fault inside a value does not end the connection`() {
        for error in [WireError.badEscape, .duplicateParameter, .badCookie, .badURL] {
            #expect(error.status == .badRequest)
            #expect(!error.closesConnection)
        }
    }
}
