import Testing

@testable import WeChat

struct LooseJSONTests {
    private func read(_ text: String) throws -> LooseJSON { try LooseJSON.read(Array(text.utf8)) }

    @Test func `every kind of value is read`() throws {
        let json = try read(#" {"a":[1,-2.5e3,"x",true,false,null],"b":{},"c":[]} "#)
        #expect(
            json
                == .object([
                    "a": .array([.number("1"), .number("-2.5e3"), .string("x"), .bool(true), .bool(false), .null]),
                    "b": .object([:]), "c": .array([]),
                ]))
    }

    @Test func `a 64-bit id keeps its digits`() throws {
        #expect(try read("23456789012345678") == .number("23456789012345678"))
    }

    @Test func `raw control bytes inside strings are dropped`() throws {
        #expect(try read("{\"nickname\":\"a\u{0}b\u{1f}\nc\"}") == .object(["nickname": .string("abc")]))
    }

    @Test func `bytes that are not UTF-8 become the replacement character`() throws {
        let bytes = Array("\"a".utf8) + [0xE4, 0xBD] + Array("\"".utf8)
        #expect(try LooseJSON.read(bytes) == .string("a\u{FFFD}"))
        #expect(try LooseJSON.read([0x22, 0xFF, 0x22]) == .string("\u{FFFD}"))
    }

    @Test func `escapes are undone, slashes and unknown ones included`() throws {
        #expect(try read(#""\"\\\/\n\t\r\b\f\q""#) == .string("\"\\/\n\t\r\u{8}\u{c}q"))
        #expect(try read(#""\u9e4a\ud83d\ude00""#) == .string("鹊😀"))
    }

    @Test func `half a surrogate pair becomes the replacement character`() throws {
        #expect(try read(#""a\ud83d""#) == .string("a\u{FFFD}"))
        #expect(try read(#""\ude00\ud83dx""#) == .string("\u{FFFD}\u{FFFD}x"))
        #expect(try read(#""\ud83d\u0041""#) == .string("\u{FFFD}A"))
    }

    @Test func `a byte order mark in front and zero bytes behind do no harm`() throws {
        #expect(try LooseJSON.read([0xEF, 0xBB, 0xBF] + Array("{}".utf8) + [0x0A, 0]) == .object([:]))
    }

    @Test func `two equal keys are refused, however they are spelled`() {
        #expect(throws: Unreadable.duplicateKey) { try read(#"{"ticket":"a","ticket":"b"}"#) }
        #expect(throws: Unreadable.duplicateKey) { try read(#"{"ticket":"a","tick\u0065t":"b"}"#) }
    }

    @Test(arguments: [
        "", " ", "{", "[", "{\"a\"", "{\"a\":", "{\"a\":1", "[1,", "[1,]", "{,}", "{\"a\":1,}", "\"abc", "\"\\",
        "\"\\u12",
        "nul", "truth", "-", "1..2", "1e", "<html>", "{} {}", "{}x", "{a:1}", "'a'", "ok",
    ])
    func `what is not JSON is refused`(text: String) {
        #expect(throws: Unreadable.notJSON) { try read(text) }
    }

    @Test func `a document cut anywhere is refused`() {
        let whole = Array(#"{"access_token":"15_\u0041","expires_in":7200,"x":[true,null]}"#.utf8)
        for length in 0..<whole.count {
            #expect(throws: Unreadable.notJSON) { try LooseJSON.read(Array(whole.prefix(length))) }
        }
    }

    @Test func `depth and size have limits`() throws {
        #expect(throws: Never.self) { try read(String(repeating: "[", count: 16) + String(repeating: "]", count: 16)) }
        #expect(throws: Unreadable.tooDeep) { try read(String(repeating: "[", count: 17)) }
        #expect(throws: Unreadable.tooDeep) { try read(String(repeating: "{\"a\":", count: 60_000 / 5)) }
        #expect(throws: Unreadable.tooLarge) { try read("\"" + String(repeating: "a", count: 65_536) + "\"") }
        // Brackets side by side are not depth.
        #expect(throws: Never.self) { try read("[" + Array(repeating: "[{}]", count: 40).joined(separator: ",") + "]") }
    }

    @Test func `random bytes never crash the reader`() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("{}[]\",:\\u0dDtrue1e-+. \u{1}".utf8) + [0xFF, 0xE4]
        for _ in 0..<5000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                alphabet.randomElement(using: &generator) ?? 0
            }
            _ = try? LooseJSON.read(bytes)
        }
    }
}
