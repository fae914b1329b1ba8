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

extension PercentCodingTests {
    @Test func `a text of any length and with any number of escapes is decoded as one byte at a time would be`() {
        func plainly(_ text: [UInt8], plusIsSpace: Bool) -> [UInt8]? {
            var (rest, decoded) = (text[...], [UInt8]())
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%") else {
                    decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
                    continue
                }
                let digits = rest.prefix(2).compactMap(\.hexadecimalValue)
                guard digits.count == 2 else { return nil }
                rest.removeFirst(2)
                decoded.append(digits[0] << 4 | digits[1])
            }
            return String(validating: decoded, as: UTF8.self) == nil ? nil : decoded
        }
        let pieces = ["a", "bcdefghij", "+", "%41", "%2f", "%7E", "%", "%4", "%zz", "~"].map { Array($0.utf8) }
        for number in 0..<5_000 {
            let text = (0..<number % 23).flatMap { _ in
                // Broken escapes are rare, or hardly anything would be decoded.
                pieces[
                    Int.random(in: 0..<100) == 0 ? Int.random(in: 6...8) : [0, 1, 2, 3, 4, 5, 9].randomElement() ?? 0]
            }
            for plusIsSpace in [true, false] {
                let decoded = try? PercentCoding.decode(text.span, plusIsSpace: plusIsSpace)
                #expect(
                    decoded.map { Array($0.utf8) } == plainly(text, plusIsSpace: plusIsSpace),
                    "\(String(decoding: text, as: UTF8.self))")
            }
        }
    }
}
