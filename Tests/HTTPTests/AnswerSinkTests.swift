import HTTP
import Testing
import Wire

/// What is answered at once is written as any other answer is.
struct AnswerSinkTests {
    private let date = Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8)
    private let shared = Response(.ok, [(.contentType, "text/plain"), (.vary, "Origin")]).fields

    private func written(
        _ request: Request, further: Fields? = nil, after output: [UInt8] = [],
        _ put: (inout AnswerSink, borrowing RequestView) throws -> Void
    ) rethrows -> (text: String, status: Status?, keepsAlive: Bool) {
        try request.lend { request in
            var sink = AnswerSink(ResponseSerializer(to: request), date: date, output: output)
            sink.fieldsOfEveryAnswer = further
            try put(&sink, request)
            let (status, keepsAlive) = (sink.status, sink.keepsAlive)
            return (String(decoding: sink.take(), as: UTF8.self), status, keepsAlive)
        }
    }

    /// Both ways to put the same answer.
    private func both(_ request: Request, further: Fields? = nil) throws -> [String] {
        let body = Array("hello".utf8)
        let lent = try written(request, further: further) { sink, request in
            try body.withUnsafeBufferPointer {
                try sink.put(
                    .ok, shared, .accessControlAllowOrigin, copying: .origin, of: request.fields, body: $0)
            }
        }
        var response = Response(.ok, fields: shared, body: .bytes(body))
        if let origin = request.fields[.origin] { try response.fields.append(.accessControlAllowOrigin, origin) }
        let whole = written(request, further: further) { sink, _ in sink.put(response) }
        #expect(lent.status == .ok && whole.status == .ok && lent.keepsAlive == whole.keepsAlive)
        return [lent.text, whole.text]
    }

    @Test(arguments: [Method.get, .head], [true, false])
    func `an answer whose parts are lent is the same to the byte as one that was put together`(
        _ method: Method, _ hasOrigin: Bool
    ) throws {
        let fields: [(FieldName, String)] = [(.host, "a")] + (hasOrigin ? [(.origin, "https://a")] : [])
        var request = try Request(method: method, target: "/", fields: fields)
        for (version, keepsAlive) in [(Version.http11, true), (.http11, false), (.http10, true)] {
            request.version = version
            request.keepsAlive = keepsAlive
            let texts = try both(request)
            #expect(texts[0] == texts[1])
            #expect(texts[0].contains("Access-Control-Allow-Origin: https://a\r\n") == hasOrigin)
            #expect(texts[0].hasSuffix("\r\n\r\nhello") == (method == .get))
        }
        let further = try both(request, further: Response(.ok, [(.strictTransportSecurity, "max-age=1")]).fields)
        #expect(further[0] == further[1] && further[0].contains("Strict-Transport-Security: max-age=1\r\n"))
    }

    @Test func `an answer goes behind those before it`() throws {
        let request = try Request(target: "/", fields: [(.host, "a")])
        let behind = written(request, after: Array("before".utf8)) { sink, _ in sink.put(.text("now")) }
        #expect(behind.text.hasPrefix("beforeHTTP/1.1 200 OK\r\n") && behind.status == .ok)
    }

    @Test func `a second answer traps, and one that a task must send`() async {
        await #expect(processExitsWith: .failure) {
            try Request(target: "/", fields: [(.host, "a")]).lend { request in
                var sink = AnswerSink(ResponseSerializer(to: request), date: [])
                sink.put(.text("one"))
                sink.put(.text("two"))
            }
        }
        await #expect(processExitsWith: .failure) {
            try Request(target: "/", fields: [(.host, "a")]).lend { request in
                var sink = AnswerSink(ResponseSerializer(to: request), date: [])
                sink.put(Response(.ok, body: .stream(length: nil, { _ in })))
            }
        }
    }

    @Test func `a value that may not go out throws, and nothing is written`() throws {
        var parser = RequestParser()
        parser.feed("GET / HTTP/1.1\r\nHost: a\r\nOrigin: caf\u{e9}\r\n\r\n".utf8)
        guard case .request(let request) = try parser.next() else { throw WireError.badRequestLine }
        let (text, status, _) = written(request) { sink, request in
            let fields = request.fields
            #expect(throws: WireError.badFieldValue) {
                try sink.put(
                    .ok, shared, .accessControlAllowOrigin, copying: .origin, of: fields,
                    body: UnsafeBufferPointer(start: nil, count: 0))
            }
        }
        #expect(text.isEmpty && status == nil)
    }
}
