import Testing

@testable import Wire

struct RequestParserTests {
    @Test func `there are at least 150 cases`() {
        #expect(RequestCase.all.count >= 150)
    }

    @Test(arguments: RequestCase.all)
    func `a request has its outcome when it arrives at once`(_ example: RequestCase) {
        #expect(RequestParser.outcome(of: [example.bytes[...]]) == example.outcome)
    }

    @Test(arguments: RequestCase.all)
    func `a request has the same outcome byte by byte`(_ example: RequestCase) {
        let pieces = example.bytes.indices.map { example.bytes[$0...$0] }
        #expect(RequestParser.outcome(of: pieces) == example.outcome)
    }

    @Test(arguments: RequestCase.all.filter { $0.bytes.count < 600 })
    func `a request has the same outcome split at any byte`(_ example: RequestCase) {
        let others = example.bytes.indices.filter { split in
            RequestParser.outcome(of: [example.bytes[..<split], example.bytes[split...]]) != example.outcome
        }
        #expect(others == [], "splits at which something else came out")
    }

    private func parse(_ text: String, limits: ParserLimits = ParserLimits()) -> RequestParser {
        var parser = RequestParser(limits: limits)
        parser.feed(text.utf8)
        return parser
    }

    private func request(_ parser: inout RequestParser) throws -> Request? {
        if case .request(let request) = try parser.next() { request } else { nil }
    }

    @Test func `fields keep their order, their names and their trimmed values`() throws {
        var parser = parse("GET / HTTP/1.1\r\nHost: a\r\nX-B: \t 2 \r\nx-b:3\r\nACCEPT: */*\r\nEmpty:\r\n\r\n")
        let fields = try #require(try request(&parser)).fields
        #expect(fields.map { "\($0.name)=\($0.value)" } == ["Host=a", "X-B=2", "x-b=3", "ACCEPT=*/*", "Empty="])
        #expect(fields.values("X-B") == ["2", "3"])
        #expect(fields[.accept] == "*/*")
    }

    @Test func `trailers never reach the fields`() throws {
        var parser = parse(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-T: 1\r\nHost: b\r\n\r\n")
        let read = try #require(try request(&parser))
        #expect(read.fields["X-T"] == nil)
        #expect(read.fields.values(.host) == ["a"])
        #expect(read.authority == Authority("a"))
    }

    @Test func `a line of a trailer may be no longer than a line of the head`() throws {
        var limits = ParserLimits()
        let start = "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nTransfer-Encoding:chunked\r\n\r\n0\r\n"
        limits.fieldLine = 25
        var parser = parse(start + "X-T: \(String(repeating: "1", count: 20))\r\n\r\n", limits: limits)
        #expect(try request(&parser) != nil)
        parser = parse(start + "X-T: \(String(repeating: "1", count: 21))\r\n\r\n", limits: limits)
        #expect(throws: WireError.fieldsTooLarge(limit: 25)) { try request(&parser) }
    }

    @Test func `the phase says which deadline counts`() throws {
        var parser = RequestParser()
        func phase() throws -> RequestParser.Phase? {
            if case .needsMore(let phase) = try parser.next() { phase } else { nil }
        }
        #expect(try phase() == .idle)
        parser.feed("\r\n".utf8)
        #expect(try phase() == .idle)
        parser.feed("G".utf8)
        #expect(try phase() == .head)
        parser.feed("ET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n".utf8)
        #expect(try phase() == .body)
        parser.feed("x".utf8)
        #expect(try request(&parser) != nil)
        #expect(try phase() == .idle)
    }

    @Test func `100 Continue is asked for once, and only while the body is to come`() throws {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        var waiting = parse(head)
        guard case .expectsContinue = try waiting.next(), case .needsMore(.body) = try waiting.next() else {
            Issue.record("the client is not told to go on")
            return
        }
        waiting.feed("hi".utf8)
        #expect(try request(&waiting)?.body == Array("hi".utf8))
        var begun = parse(head + "h")
        guard case .needsMore(.body) = try begun.next() else {
            Issue.record("a client that has begun to send is told to go on")
            return
        }
        var old = parse(head.replacing("HTTP/1.1", with: "HTTP/1.0"))
        guard case .needsMore(.body) = try old.next() else {
            Issue.record("a 1.0 client is told to go on")
            return
        }
    }

    @Test func `an error comes again and again, whatever follows`() {
        var parser = parse("GET / HTTP/3.0\r\n")
        for _ in 0..<3 {
            #expect(throws: WireError.unsupportedVersion) { try parser.next() }
            parser.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        }
    }

    @Test func `the host of one request does not stick to the next`() throws {
        var parser = parse(
            "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a:1\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try request(&parser)?.authority == Authority("a"))
        #expect(try request(&parser)?.authority == Authority("a:1"))
        #expect(try request(&parser)?.authority == Authority("a"))
        var old = parse("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n")
        #expect(try request(&old)?.authority == Authority("a"))
        #expect(try request(&old)?.authority == nil)
    }

    @Test func `memory is given back, and what is unread stays`() throws {
        var parser = RequestParser()
        parser.withSpareCapacity(atLeast: 16_384) { space in
            #expect(space.count >= 16_384)
            space.copyBytes(from: "GET / HTTP/1.1\r\nHost: a\r\n\r\nGE".utf8)
            return 29
        }
        #expect(try request(&parser) != nil)
        parser.releaseMemory()
        #expect(parser.buffered == 2)
        parser.feed("T /2 HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        #expect(try request(&parser)?.path == "/2")
    }

    @Test func `a thousand requests in small reads never grow the buffer`() throws {
        var parser = RequestParser()
        let one = Array("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".utf8)
        let all = Array(repeatElement(one, count: 1000).joined())
        var sent = 0
        var count = 0
        while count < 1000 {
            while let read = try request(&parser) {
                #expect(read.body == Array("abc".utf8))
                count += 1
            }
            guard sent < all.count else { break }
            sent += parser.withSpareCapacity(atLeast: 256) { space in
                #expect(space.count < 4096)
                let part = all[sent..<min(sent + 200, all.count)]
                space.copyBytes(from: part)
                return part.count
            }
        }
        #expect(count == 1000)
    }

    @Test func `random bytes never stop the parser from answering`() throws {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "GET ", "POST ", "/", " HTTP/1.1", "\r\n", "\r", "\n", "Host: a", "Content-Length: 3",
            "Transfer-Encoding: chunked",
            "\r\n\r\n", "abc", "0\r\n\r\n", "3\r\n", ":", " ", "\0", "\t", ";x=\"y\"", "http://b", "%41", "%", "?q",
            "\u{7F}", "é",
        ]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 1...14, using: &generator)).compactMap { _ in
                pieces.randomElement(using: &generator)
            }
            let bytes = Array(text.joined().utf8)
            let whole = RequestParser.outcome(of: [bytes[...]])
            let bytewise = RequestParser.outcome(of: bytes.indices.map { bytes[$0...$0] })
            #expect(whole == bytewise, "\(text)")
        }
    }
}

extension RequestParserTests {
    /// What a handler sees of a request where it stands, in words.
    private static func seen(_ request: borrowing RequestView) -> String {
        let cookie = request.cookie("a")
        let origin = request.fields.onlyValue(.origin) { $0.text == "https://o" }
        return [
            "\(request.method)", request.path.span.text, request.query.copy().raw,
            request.authority?.description ?? "-",
            request.fields[.host] ?? "-", request.fields["X-Own"] ?? "-", origin.map { "\($0)" } ?? "-", "\(cookie)",
            request.keepsAlive ? "keeps" : "closes", "\(request.version)",
        ].joined(separator: " ")
    }

    private static let lentRequests = [
        (
            "GET /a/b?c=d&e HTTP/1.1\r\nHost: h:81\r\nOrigin: https://o\r\nCookie: b=1; a=2\r\nx-own: \t x \r\n\r\n",
            "GET /a/b c=d&e h:81 h:81 x true one(\"2\") keeps HTTP/1.1"
        ),
        ("\r\nGET /? HTTP/1.0\r\n\r\n", "GET /  - - - - absent closes HTTP/1.0"),
        (
            "GET http://other?q HTTP/1.1\r\nHost: h\r\nOrigin: https://o\r\nOrigin: https://o\r\n\r\n",
            "GET / q other h - false absent keeps HTTP/1.1"
        ),
        (
            "OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\nCookie: a=1; a=2\r\n\r\n",
            "OPTIONS *  h h - - ambiguous closes HTTP/1.1"
        ),
    ]

    @Test(arguments: 0..<lentRequests.count)
    func `a request is seen where it stands as it was written, wherever its bytes were cut`(_ index: Int) throws {
        let (text, expected) = Self.lentRequests[index]
        // What came before it, and what comes behind, are none of its.
        let before = Array("GET /before?x=y HTTP/1.1\r\nHost: before\r\nX-Own: before\r\n\r\n".utf8)
        let bytes = before + Array(text.utf8) + Array("GET /behind".utf8)
        for split in before.count..<bytes.count {
            var parser = RequestParser()
            parser.feed(bytes[..<split])
            _ = try parser.find()
            parser.drop()
            var seen: [String] = []
            for piece in [[], bytes[split...]] {
                parser.feed(piece)
                while case .complete = try parser.find() {
                    #expect(parser.lend { seen.append(Self.seen($0)) })
                    parser.drop()
                    if expected.contains(" closes ") { break }
                }
            }
            #expect(seen == [expected], "cut at \(split)")
        }
    }

    @Test func `a request with a body is not lent, and one without is as long as it stands in the buffer`() throws {
        var parser = RequestParser()
        parser.feed(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nxGET /b?c HTTP/1.1\r\nHost: a\r\n\r\nGET".utf8)
        func isComplete(_ finding: RequestParser.Finding) -> Bool {
            if case .complete = finding { true } else { false }
        }
        #expect(isComplete(try parser.find()))
        #expect(!parser.lend { _ in })
        #expect(parser.take().body == Array("x".utf8))
        #expect(isComplete(try parser.find()))
        // Asked again, it is the same one; what follows it is all that is left over.
        #expect(isComplete(try parser.find()))
        #expect(parser.buffered == 3)
        var seen = ""
        #expect(parser.lend { seen = "\($0.path.span.text)?\($0.query.copy().raw)" })
        #expect(seen == "/b?c")
        parser.drop()
        #expect(!parser.lend { _ in })
        #expect(parser.buffered == 3)
        #expect(!isComplete(try parser.find()))
    }
}
