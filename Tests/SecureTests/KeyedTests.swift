import Secure
import Testing

private func bytes(_ digits: String) throws -> [UInt8] {
    try #require(Hex.decode(digits))
}

@Suite struct MACTests {
    // RFC 4231 §4, all but the truncated case.
    static let answers = [
        (
            String(repeating: "0b", count: 20), "4869205468657265",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            String(repeating: "aa", count: 20), String(repeating: "dd", count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            "0102030405060708090a0b0c0d0e0f10111213141516171819", String(repeating: "cd", count: 50),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
        ),
        (
            String(repeating: "aa", count: 131),
            "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579204669727374",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ]

    @Test(arguments: answers)
    func `HMAC gives the answers of RFC 4231`(key: String, message: String, code: String) throws {
        #expect(hex(MAC.hmacSHA256(key: try bytes(key), message: try bytes(message))) == code)
    }

    @Test func `an empty key is the key of zeroes, not the key before`() throws {
        _ = MAC.hmacSHA256(key: [1, 2, 3], message: [])
        #expect(
            hex(MAC.hmacSHA256(key: [], message: []))
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }
}

@Suite struct KDFTests {
    // RFC 5869 appendix A.1 to A.3.
    static let answers = [
        (
            String(repeating: "0b", count: 22), "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42,
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        ),
        (
            run(0x00...0x4F), run(0x60...0xAF), run(0xB0...0xFF), 82,
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
        (
            String(repeating: "0b", count: 22), "", "", 42,
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
        ),
    ]

    private static func run(_ range: ClosedRange<UInt8>) -> String { hex(Array(range)) }

    @Test(arguments: answers)
    func `HKDF gives the answers of RFC 5869`(
        key: String, salt: String, info: String, length: Int, output: String
    ) throws {
        let derived = KDF.hkdfSHA256(
            key: try bytes(key), salt: try bytes(salt), info: try bytes(info), length: length)
        #expect(hex(derived) == output)
    }

    @Test func `a key in one step is SHA-256 of a counter, the secret and the use`() {
        let key = KDF.oneStepSHA256(key: Secret(String(repeating: "A", count: 43)), info: "magpie session")
        #expect(hex(key) == "fde300b0c5d89e1f5fe640693068c338fb7983cd7dfde6b0911a2d36b3e72642")
        let other = KDF.oneStepSHA256(key: Secret(String(repeating: "A", count: 43)), info: "magpie login")
        #expect(other != key)
    }
}

@Suite struct ConstantTimeTests {
    @Test func `equality is that of the bytes`() {
        #expect(constantTimeEquals([], []))
        #expect(constantTimeEquals([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEquals([1, 2, 3], [1, 2]))
        #expect(!constantTimeEquals([], [0]))
    }
}
