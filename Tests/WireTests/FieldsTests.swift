import Testing

@testable import Wire

struct FieldsTests {
    @Test func `names are compared without regard to case, known or not`() throws {
        var fields = Fields()
        try fields.append("content-TYPE", "text/plain")
        try fields.append("X-Own", "1")
        #expect(fields[.contentType] == "text/plain")
        #expect(fields["x-own"] == "1")
        #expect(fields["X-Other"] == nil)
        #expect(FieldName("HOST") == .host)
        #expect("x-a" as FieldName == "X-A")
        #expect(Set<FieldName>(["x-a", "X-A", .host, "host"]).count == 2)
    }

    @Test func `a known name has its usual spelling, another one keeps its own`() {
        #expect("etag" as FieldName == .etag)
        #expect(FieldName("www-authenticate").description == "WWW-Authenticate")
        #expect(FieldName("x-OWN").description == "x-OWN")
    }

    @Test func `every known name is found by its spelling in any case`() {
        for known in KnownField.allCases {
            let spelling = known.spelling.description
            for text in [spelling, spelling.uppercased(), spelling.lowercased()] {
                #expect(FieldName(text)?.known == known)
            }
            #expect(FieldName(spelling + "s")?.known == nil)
            #expect(FieldName(String(spelling.dropLast()) + "_")?.known == nil)
        }
    }

    @Test(arguments: ["", " ", "a b", "a:", "a\r\n", "a\u{e4}", "a\0", "(a)", "a,b"])
    func `a name that is no token is refused`(_ name: String) {
        #expect(FieldName(name) == nil)
    }

    @Test func `values lose the whitespace around them`() throws {
        var fields = Fields()
        try fields.append("X-A", " \t a b \t")
        try fields.append("X-B", "  ")
        #expect(fields["X-A"] == "a b")
        #expect(fields["X-B"] == "")
    }

    @Test func `order and repetition are kept`() throws {
        var fields = Fields()
        try fields.append(.setCookie, "a=1")
        try fields.append(.vary, "Origin")
        try fields.append(.setCookie, "b=2")
        #expect(fields.values(.setCookie) == ["a=1", "b=2"])
        #expect(fields.count(.setCookie) == 2)
        #expect(fields.count == 3)
        try fields.set(.setCookie, "c=3")
        #expect(fields.map { "\($0.name): \($0.value)" } == ["Vary: Origin", "Set-Cookie: c=3"])
        fields.remove(.vary)
        #expect(fields[.vary] == nil)
        #expect(fields.contains(.setCookie))
    }

    @Test func `a value with a byte that may not stand in it leaves the fields as they were`() throws {
        var fields = Fields()
        try fields.append(.location, "/a")
        for byte in (0...0x1F).filter({ $0 != 9 }) + [0x7F, 0x85, 0xE9, 0x560A] {
            let scalar = try #require(Unicode.Scalar(UInt32(byte)))
            let value = "/\(Character(scalar))Set-Cookie: x=1"
            #expect(throws: WireError.badFieldValue) { try fields.append(.location, value) }
            #expect(throws: WireError.badFieldValue) { try fields.set(.location, value) }
        }
        #expect(fields.values(.location) == ["/a"])
    }

    @Test func `the only value of a name is looked at, and two of them are no value`() throws {
        var fields = Fields()
        #expect(fields.lend { $0.onlyValue(.origin) { _ in true } } == nil)
        try fields.append(.host, "a")
        try fields.append(.origin, " https://a ")
        #expect(fields.lend { $0.onlyValue(.origin) { $0.text == "https://a" } } == true)
        #expect(fields.lend { $0.onlyValue(.origin) { _ in false } } == false)
        try fields.append(.origin, "https://a")
        #expect(fields.lend { $0.onlyValue(.origin) { _ in true } } == false)
    }

    @Test func `a value is taken over from another message, unless it may not go out`() throws {
        let read = try received("Origin: https://a\r\nX-Own: \u{e9}\r\n")
        var fields = Fields()
        try read.lend { try fields.append(.accessControlAllowOrigin, copying: .origin, of: $0) }
        try read.lend { try fields.append(.vary, copying: .etag, of: $0) }
        #expect(fields.map(\.name) == ["Access-Control-Allow-Origin"])
        #expect(fields[.accessControlAllowOrigin] == "https://a")
        #expect(throws: WireError.badFieldValue) {
            try read.lend { try fields.append(.vary, copying: "X-Own", of: $0) }
        }
        #expect(fields.count == 1)
    }

    /// The fields of a request as its parser found them.
    private func received(_ lines: String) throws -> Fields {
        var parser = RequestParser()
        parser.feed("GET / HTTP/1.0\r\n\(lines)\r\n".utf8)
        guard case .request(let request) = try parser.next() else { throw WireError.badFieldLine }
        return request.fields
    }

    @Test func `equality is about names and values, not about how they were put in`() throws {
        var one = Fields()
        try one.append("X-A", "1")
        try one.append(.host, "h")
        var other = Fields()
        try other.append(.vary, "x")
        other.remove(.vary)
        try other.append("x-a", " 1")
        try other.append("HOST", "h")
        #expect(one == other)
        try other.set("X-A", "2")
        #expect(one != other)
    }

    @Test func `a block of fields fills in what is missing, and changes nothing that is there`() throws {
        var block = Fields()
        try block.append(.vary, "Origin")
        try block.append(.cacheControl, "no-store")
        var fields = Fields()
        fields.append(missing: block)
        #expect(fields == block)
        #expect(fields[.cacheControl] == "no-store")
        var other = Fields()
        try other.append(.etag, "e")
        try other.append(.cacheControl, "no-cache")
        other.append(missing: block)
        #expect(other.map { "\($0.name): \($0.value)" } == ["ETag: e", "Cache-Control: no-cache", "Vary: Origin"])
        var bytes: [UInt8] = []
        bytes.append(atMost: 1_000) { $0.put(other, except: KnownFieldSet()) }
        #expect(String(decoding: bytes, as: UTF8.self) == "ETag: e\r\nCache-Control: no-cache\r\nVary: Origin\r\n")
        other.remove(.etag)
        #expect(!other.contains(.etag) && other[.vary] == "Origin")
        other.append(missing: block)
        #expect(other.count == 2)
    }

    @Test func `each known field has a bit of its own in a set`() {
        for field in KnownField.allCases {
            let set = KnownFieldSet(field)
            #expect(set.contains(field.rawValue) && !set.hasOthers)
            #expect(KnownField.allCases.filter { set.contains($0.rawValue) } == [field])
        }
    }

    @Test func `fields go out as they are now, whatever was taken out or read in before`() throws {
        func lines(_ fields: Fields) -> String {
            var bytes: [UInt8] = []
            bytes.append(atMost: 1_000) { $0.put(fields, except: KnownFieldSet(.date)) }
            return String(decoding: bytes, as: UTF8.self)
        }
        var fields = Fields()
        try fields.append("X-A", " 1 ")
        try fields.append(.vary, "Origin")
        #expect(lines(fields) == "X-A: 1\r\nVary: Origin\r\n")
        fields.remove("x-a")
        #expect(lines(fields) == "Vary: Origin\r\n")
        try fields.append(.date, "now")
        try fields.append("X-B", "2")
        #expect(lines(fields) == "Vary: Origin\r\nX-B: 2\r\n")
        for name in ["X-B", "Vary", "Date"] { fields.remove(try #require(FieldName(name))) }
        #expect(lines(fields) == "")
        try fields.append("X-C", "3")
        #expect(lines(fields) == "X-C: 3\r\n")

        var parser = RequestParser()
        parser.feed("GET / HTTP/1.1\r\nHost:a\r\nX-D:\t4  \r\n\r\n".utf8)
        guard case .request(var request) = try parser.next() else {
            Issue.record("no request")
            return
        }
        try request.fields.append("X-E", "5")
        #expect(lines(request.fields) == "Host: a\r\nX-D: 4\r\nX-E: 5\r\n")
    }
}
