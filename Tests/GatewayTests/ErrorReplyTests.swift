import Foundation
import HTTP
import Testing
import Wire

@testable import Gateway

/// What is told to whoever sends bytes that are no request.
struct ErrorReplyTests {
    private struct Told: Decodable {
        struct Detail: Decodable {
            let code: String
            let message: String
            let hint: String?
            let requestId: String?
        }

        let error: Detail
    }

    private func told(_ status: Status, _ error: WireError?) throws -> Told.Detail {
        let response = ErrorReply.refusal(status, error)
        #expect(response.status == status && response.fields[.cacheControl] == "no-store")
        return try JSONDecoder().decode(Told.self, from: Data(response.text.utf8)).error
    }

    @Test(arguments: [
        ("商品", "holds a character that a URL escapes", "encodeURIComponent"),
        ("a%", "a % without", "encodeURIComponent"),
        ("a b", "an address without spaces", "%20"),
    ])
    func `an address that is not escaped is told so, and how to escape it`(
        _ page: String, _ says: String, _ hint: String
    ) throws {
        let told = try told(of: "GET /get-signature?url=https://m.example.com/\(page) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(told.code == "bad_request" && told.requestId == nil)
        #expect(told.message.contains(says) && told.hint?.contains(hint) == true)
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\nHost: a\n\n", "and CR LF"),
        ("GET / HTTP/1.1\r\nX-A: a\u{1}b\r\n\r\n", "without control characters"),
        ("GET / HTTP/1.1\r\nX A: a\r\n\r\n", "name of a header"), ("GET / HTTP/1.1\r\n\r\n", "Host is missing"),
    ])
    func `what is no request is told by what is wrong with it`(_ bytes: String, _ says: String) throws {
        #expect(try told(of: bytes).message.contains(says))
    }

    private func told(of bytes: String) throws -> Told.Detail {
        var parser = RequestParser()
        parser.feed(bytes.utf8)
        let error = try #require(throws: WireError.self) { try parser.next() }
        return try told(error.status, error)
    }

    @Test(arguments: [
        (WireError.targetTooLong(limit: 1_234), "uri_too_long", "requestLine"),
        (.fieldsTooLarge(limit: 1_234), "request_header_fields_too_large", "headerBytes"),
        (.tooManyFields(limit: 1_234), "request_header_fields_too_large", "headerFields"),
        (.bodyTooLarge(limit: 1_234), "content_too_large", "bodyBytes"),
    ])
    func `what is too large is told with its limit and the setting that moves it`(
        _ error: WireError, _ code: String, _ setting: String
    ) throws {
        let told = try told(error.status, error)
        #expect(told.code == code)
        #expect(told.message.contains("1234") && told.hint?.contains("limits.\(setting)") == true)
    }

    @Test func `every other fault of a request has an explanation of its own`() throws {
        let faults: [WireError] = [
            .badRequestLine, .badTarget, .unsupportedVersion, .badFieldName, .badFieldLine,
            .cookiesTooLarge(limit: 1), .tooManyCookies(limit: 1), .badHost, .unmetExpectation, .badContentLength,
            .conflictingLengths, .badTransferEncoding, .unsupportedTransferCoding, .badChunk,
            .chunkExtensionTooLarge(limit: 1), .timedOut,
        ]
        let texts = try faults.map { try told($0.status, $0).message }
        #expect(Set(texts).count == faults.count && !texts.contains(RefusalText(.truncated).message))
    }

    @Test func `one connection too many is told so`() throws {
        let told = try told(.unavailable, nil)
        #expect(told.code == "service_unavailable" && told.message.contains("too many connections"))
        #expect(told.hint?.contains("limits.connections") == true)
    }
}
