import Testing

@testable import Wire

struct ResponseSerializerTests {
    private func request(_ method: Wire.Method = .get, _ version: Version = .http11, keepsAlive: Bool = true) throws
        -> Request
    {
        var request = try Request(method: method, target: "/")
        request.version = version
        request.keepsAlive = keepsAlive
        return request
    }

    private func bytes(
        _ response: Response, to request: Request, mayKeepAlive: Bool = true
    ) -> (text: String, outcome: ResponseSerializer.Outcome) {
        var bytes: [UInt8] = []
        let outcome = ResponseSerializer(to: request, mayKeepAlive: mayKeepAlive)
            .append(response, date: Array("D".utf8), to: &bytes)
        return (String(decoding: bytes, as: UTF8.self), outcome)
    }

    @Test func `head and body are one piece`() throws {
        let (text, outcome) = bytes(.text("hello"), to: try request())
        #expect(
            text
                == "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello"
        )
        #expect(outcome == ResponseSerializer.Outcome(remainder: .none, keepsAlive: true))
    }

    @Test func `an empty body has the length 0`() throws {
        #expect(
            bytes(Response(.found), to: try request()).text
                == "HTTP/1.1 302 Found\r\nDate: D\r\nContent-Length: 0\r\n\r\n")
    }

    @Test func `HEAD gets the length of the body and not the body`() throws {
        let (text, _) = bytes(.text("hello"), to: try request(.head))
        #expect(text.hasSuffix("Content-Length: 5\r\n\r\n"))
        let stream = Response(.ok, body: .stream(length: 7) { _ in })
        #expect(bytes(stream, to: try request(.head)).text.hasSuffix("Content-Length: 7\r\n\r\n"))
        #expect(bytes(stream, to: try request(.head)).outcome.remainder == .none)
        let unknown = bytes(Response(.ok, body: .stream(length: nil) { _ in }), to: try request(.head))
        #expect(unknown.text == "HTTP/1.1 200 OK\r\nDate: D\r\n\r\n")
        #expect(unknown.outcome == ResponseSerializer.Outcome(remainder: .none, keepsAlive: true))
    }

    @Test(arguments: [Status(100), .noContent, .notModified])
    func `some statuses have neither body nor length`(_ status: Status) throws {
        for body in [Response.Body.empty, .bytes([1]), .stream(length: 3) { _ in }, .stream(length: nil) { _ in }] {
            let (text, outcome) = bytes(Response(status, body: body), to: try request())
            #expect(text == "HTTP/1.1 \(status)\r\nDate: D\r\n\r\n")
            #expect(outcome == ResponseSerializer.Outcome(remainder: .none, keepsAlive: true))
        }
    }

    @Test func `a stream has its length, or comes in chunks, or ends with the connection`() throws {
        let known = bytes(Response(.ok, body: .stream(length: 3) { _ in }), to: try request())
        #expect(known.text.hasSuffix("Content-Length: 3\r\n\r\n"))
        #expect(known.outcome == ResponseSerializer.Outcome(remainder: .length(3), keepsAlive: true))
        let unknown = Response(.ok, body: .stream(length: nil) { _ in })
        let chunked = bytes(unknown, to: try request())
        #expect(chunked.text.hasSuffix("Transfer-Encoding: chunked\r\n\r\n"))
        #expect(chunked.outcome == ResponseSerializer.Outcome(remainder: .chunked, keepsAlive: true))
        let old = bytes(unknown, to: try request(.get, .http10, keepsAlive: true))
        #expect(old.text == "HTTP/1.1 200 OK\r\nDate: D\r\nConnection: close\r\n\r\n")
        #expect(old.outcome == ResponseSerializer.Outcome(remainder: .untilClose, keepsAlive: false))
    }

    @Test func `the connection lives on only when both sides and the response want it`() throws {
        var closing = Response(.ok)
        closing.closesConnection = true
        #expect(bytes(closing, to: try request()).text.contains("Connection: close\r\n"))
        #expect(!bytes(closing, to: try request()).outcome.keepsAlive)
        #expect(bytes(Response(.ok), to: try request(keepsAlive: false)).text.contains("Connection: close\r\n"))
        #expect(bytes(Response(.ok), to: try request(), mayKeepAlive: false).text.contains("Connection: close\r\n"))
        #expect(!bytes(Response(.ok), to: try request()).text.contains("Connection"))
        #expect(bytes(Response(.ok), to: try request(.get, .http10)).text.contains("Connection: keep-alive\r\n"))
        var bare: [UInt8] = []
        let outcome = ResponseSerializer().append(Response(.badRequest), date: Array("D".utf8), to: &bare)
        #expect(
            String(decoding: bare, as: UTF8.self).contains(
                "400 Bad Request\r\nDate: D\r\nContent-Length: 0\r\nConnection: close"))
        #expect(!outcome.keepsAlive)
    }

    @Test func `a handler cannot contradict the framing`() throws {
        let response = Response(
            .ok,
            [
                (.contentLength, "99"), (.transferEncoding, "chunked"), (.connection, "keep-alive"), (.date, "never"),
                ("content-length", "98"), (.keepAlive, "x"), ("X-A", "kept"),
            ], body: .bytes([0x61]))
        #expect(
            bytes(response, to: try request()).text
                == "HTTP/1.1 200 OK\r\nDate: D\r\nX-A: kept\r\nContent-Length: 1\r\n\r\na")
    }

    @Test func `an abort sends nothing`() throws {
        let (text, outcome) = bytes(Response(.ok, body: .abort), to: try request())
        #expect(text.isEmpty)
        #expect(!outcome.keepsAlive)
    }

    @Test func `chunks say their size in hexadecimal, and an empty one is left out`() {
        var bytes: [UInt8] = []
        ResponseSerializer.append(chunk: Array(repeating: 0x61, count: 26), to: &bytes)
        ResponseSerializer.append(chunk: [], to: &bytes)
        ResponseSerializer.appendLastChunk(to: &bytes)
        #expect(
            String(decoding: bytes, as: UTF8.self) == "1a\r\n" + String(repeating: "a", count: 26) + "\r\n0\r\n\r\n")
    }

    @Test func `numbers are written in decimal`() {
        for number in [0, 1, 9, 10, 11, 99, 100, 65_536, 999_999, 1_000_000, UInt.max] {
            var bytes: [UInt8] = []
            bytes.append(decimal: number)
            #expect(String(decoding: bytes, as: UTF8.self) == "\(number)")
        }
    }
}
