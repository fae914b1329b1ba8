import Testing

@testable import Wire

struct PercentCodingTests {
    @Test func `a component keeps the unreserved characters only`() {
        #expect(PercentCoding.encodeComponent("AZaz09-._~") == "AZaz09-._~")
        #expect(PercentCoding.encodeComponent("https://a.b/?c=d&e#f") == "https%3A%2F%2Fa.b%2F%3Fc%3Dd%26e%23f")
        #expect(PercentCoding.encodeComponent(" +%鹊") == "%20%2B%25%E9%B9%8A")
        #expect(PercentCoding.encodePath("/a b/鹊;c=1") == "/a%20b/%E9%B9%8A;c=1")
    }

    @Test(arguments: [
        ("", ""), ("a", "a"), ("%41%7a", "Az"), ("%E9%B9%8a", "鹊"), ("%25", "%"), ("%2525", "%25"), ("a+b", "a+b"),
        ("%00", "\0"),
        ("%2B", "+"),
    ])
    func `escapes are decoded once`(_ text: String, _ decoded: String) throws {
        #expect(try PercentCoding.decode(text) == decoded)
    }

    @Test func `plus is a space in forms only`() throws {
        #expect(try PercentCoding.decode("a+%2B+", plusIsSpace: true) == "a + ")
        #expect(try PercentCoding.decode("a+", plusIsSpace: false) == "a+")
    }

    @Test(arguments: [
        "%", "%4", "a%", "%4g", "%g4", "%%41", "% 41", "%u0041", "%80", "%C3", "%C3%28", "%C0%AF", "%ED%A0%80",
        "%F4%90%80%80", "%FF", "%E9%B9",
    ])
    func `a bad escape or bad UTF-8 is refused`(_ text: String) {
        #expect(throws: WireError.badEscape) { try PercentCoding.decode(text) }
    }

    @Test func `decoding undoes encoding`() throws {
        for scalar in (0...0x2FF).compactMap(Unicode.Scalar.init) {
            let text = "a\(Character(scalar))b"
            #expect(try PercentCoding.decode(PercentCoding.encodeComponent(text), plusIsSpace: true) == text)
        }
    }
}
