import Secure
import Testing

@Suite struct Base64Tests {
    // RFC 4648 §10.
    static let answers = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: answers) func `the RFC's vectors are met in both directions`(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(text.utf8))
        let unpadded = encoded.filter { $0 != "=" }
        #expect(Base64URL.encode(Array(text.utf8)) == unpadded)
        #expect(Base64URL.decode(unpadded) == Array(text.utf8))
    }

    @Test func `every length survives the way there and back`() {
        for count in 0...70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 89 &+ 251) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        #expect(Base64URL.encode([0xFB, 0xFF, 0xFE]) == "-__-")
    }

    @Test(arguments: [
        "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm9v    ", "Zm 9v", "Z===", "====", "=Zm9",
        "Zm9vYg==Zm9v",
        "-__-", "Zm9é", "Zg==\u{0}\u{0}\u{0}\u{0}",
    ]) func `a second spelling is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(arguments: ["Zg==", "Zh", "Z", "Zm9vY", "+//+", "Zm9v\n", "Zm9 ", "Zm.v"])
    func `a second spelling is refused for URLs`(text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test func `spare bits are read where they are allowed and nothing else is`() {
        // The shape of an EncodingAESKey: 43 characters, the last of which carries two bits too many.
        let key = String(repeating: "A", count: 42) + "B="
        #expect(Base64.decode(key) == nil)
        #expect(Base64.decode(key, allowingSpareBits: true) == [UInt8](repeating: 0, count: 32))
        for text in ["Zm9v\n", " Zm9v", "Zg=", "Zm9vYg=A", "Zg==Zg=="] {
            #expect(Base64.decode(text, allowingSpareBits: true) == nil)
        }
    }
}
