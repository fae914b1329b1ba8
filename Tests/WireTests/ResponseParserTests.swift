import Testing

@testable import Wire

struct ResponseParserTests {
    /// What comes out: the status and body, `wait`, or an error; and "reusable" when the connection may be used again.
    private static func outcome(
        of pieces: [ArraySlice<UInt8>], to method: Wire.Method, ends: Bool, limits: ParserLimits = ParserLimits()
    ) -> String {
        var parser = ResponseParser(limits: limits)
        parser.begin(method)
        var outcomes: [String] = []
        func note(_ response: ReceivedResponse) {
            outcomes.append("\(response.status.code) \(String(decoding: response.body, as: UTF8.self))")
        }
        do throws(WireError) {
            for piece in pieces {
                parser.feed(piece)
                while case .response(let response) = try parser.next() { note(response) }
            }
            if ends, outcomes.isEmpty { note(try parser.end()) }
        } catch {
            outcomes.append("\(error)")
        }
        return outcomes.joined(separator: ", ") + (parser.isReusable ? " reusable" : "")
    }

    private static let cases: [(bytes: String, outcome: String)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 hi reusable"),
        ("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nhi", "200 hi reusable"),
        ("HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200  reusable"),
        ("HTTP/1.1 299 Fine, thanks\r\nContent-Length: 0\r\n\r\n", "299  reusable"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", "200 hi"),
        ("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi", "200 hi reusable"),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi", "200 hi"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhi\r\n0\r\nT: 1\r\n\r\n", "200 hi reusable"),
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end", "200 until the end"),
        ("HTTP/1.1 200 OK\r\n\r\n", "200 "),
        ("HTTP/1.1 204 No Content\r\n\r\n", "204  reusable"),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "304  reusable"),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
            "200 a reusable"
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "200 a reusable"),
        // What cannot be trusted.
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na", "badContentLength"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na", "badContentLength"),
        ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "badContentLength"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "conflictingLengths"),
        ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "badTransferEncoding"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "unsupportedTransferCoding"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "badTransferEncoding"),
        ("HTTP/1.1 200 OK\r\nA: 1\r\n 2\r\n\r\n", "badFieldLine"),
        ("HTTP/1.1 200 OK\r\nA : 1\r\n\r\n", "badFieldName"),
        ("HTTP/1.1 200 OK\r\nA: 1\nB: 2\r\n\r\n", "badFieldLine"),
        ("HTTP/1.1 200 OK\n\r\n", "badStatusLine"),
        ("\r\nHTTP/1.1 200 OK\r\n\r\n", "badStatusLine"),
        ("HTTP/2 200 OK\r\n\r\n", "badStatusLine"),
        ("HTTP/1.1 20 OK\r\n\r\n", "badStatusLine"),
        ("HTTP/1.1 2000 OK\r\n\r\n", "badStatusLine"),
        ("HTTP/1.1 600 OK\r\n\r\n", "badStatusLine"),
        ("HTTP/1.1 099 OK\r\n\r\n", "badStatusLine"),
        ("HTTP/1.1  200 OK\r\n\r\n", "badStatusLine"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "badStatusLine"),
        ("ICY 200 OK\r\n\r\n", "badStatusLine"),
        ("<html>hello</html>\r\n", "badStatusLine"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "badChunk"),
        // What stops too early.
        ("", "truncated"),
        ("HTTP/1.1 200 OK\r\n", "truncated"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi", "truncated"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n", "truncated"),
        ("HTTP/1.1 100 Continue\r\n\r\n", "truncated"),
        // What goes on too long.
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiX", "200 hi, trailingBytes"),
        ("HTTP/1.1 204 No Content\r\n\r\nhi", "204 , trailingBytes"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "bodyTooLarge(limit: 65536)"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n", "bodyTooLarge(limit: 65536)"),
        ("HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 65_537), "bodyTooLarge(limit: 65536)"),
        ("HTTP/1.1 200 OK\r\nA: " + String(repeating: "x", count: 9_000) + "\r\n\r\n", "fieldsTooLarge(limit: 8192)"),
        ("HTTP/1.1 200 " + String(repeating: "x", count: 9_000), "badStatusLine"),
        (String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 17), "badStatusLine"),
    ]

    @Test(arguments: 0..<cases.count)
    func `a response has its outcome, however its bytes arrive`(_ index: Int) {
        let (text, expected) = Self.cases[index]
        let bytes = Array(text.utf8)
        #expect(Self.outcome(of: [bytes[...]], to: .get, ends: true) == expected)
        guard bytes.count < 600 else { return }
        #expect(Self.outcome(of: bytes.indices.map { bytes[$0...$0] }, to: .get, ends: true) == expected)
        for split in bytes.indices {
            #expect(
                Self.outcome(of: [bytes[..<split], bytes[split...]], to: .get, ends: true) == expected, "at \(split)")
        }
    }

    @Test func `an answer to HEAD has no body, whatever length it names`() {
        let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n".utf8)
        #expect(Self.outcome(of: [bytes[...]], to: .head, ends: false) == "200  reusable")
    }

    @Test func `a connection carries one answer after another`() throws {
        var parser = ResponseParser()
        for number in 1...3 {
            #expect(parser.isReusable)
            parser.begin(.get)
            #expect(!parser.hasBegun)
            #expect(!parser.isReusable)
            parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX-N: \(number)\r\n\r\n\(number)".utf8)
            #expect(parser.hasBegun)
            guard case .response(let response) = try parser.next() else {
                Issue.record("no response")
                return
            }
            #expect(response.fields["X-N"] == "\(number)")
            #expect(response.body == Array("\(number)".utf8))
        }
        parser.feed([0x48])
        #expect(!parser.isReusable)
        #expect(throws: WireError.trailingBytes) { try parser.next() }
    }

    @Test func `after an error there is only that error`() {
        var parser = ResponseParser()
        parser.begin(.get)
        parser.feed("nonsense\r\n".utf8)
        #expect(throws: WireError.badStatusLine) { try parser.next() }
        parser.feed("HTTP/1.1 204 No Content\r\n\r\n".utf8)
        #expect(throws: WireError.badStatusLine) { try parser.next() }
        #expect(throws: WireError.badStatusLine) { try parser.end() }
        #expect(!parser.isReusable)
    }
}
