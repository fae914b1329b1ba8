import Testing

@testable import Secure

private func bytes(_ digits: String) throws -> [UInt8] {
    try #require(Hex.decode(digits))
}

@Suite struct AEADTests {
    // McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to 16; NIST's CAVP uses the same.
    static let answers = [
        (
            String(repeating: "0", count: 64), String(repeating: "0", count: 24), "", "",
            "530f8afbc74536b9a963b4f1c4cb738b"
        ),
        (
            String(repeating: "0", count: 64), String(repeating: "0", count: 24), String(repeating: "0", count: 32), "",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
        ),
        (
            "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b"
        ),
    ]

    @Test(arguments: answers)
    func `AES-GCM gives NIST's answers`(
        key: String, nonce: String, plaintext: String, context: String, output: String
    ) throws {
        let sealed = AEAD.seal(
            try bytes(plaintext), key: try bytes(key), context: try bytes(context), nonce: try bytes(nonce))
        #expect(hex(sealed) == nonce + output)
        #expect(try AEAD.open(sealed, key: try bytes(key), context: try bytes(context)) == bytes(plaintext))
    }

    @Test func `what was sealed opens, and never looks the same twice`() throws {
        let key = Random.bytes(AEAD.keyLength)
        for count in [0, 1, 15, 16, 17, 4_096] {
            let plaintext = Random.bytes(count)
            let sealed = AEAD.seal(plaintext, key: key, context: [7])
            #expect(sealed.count == count + 28)
            #expect(try AEAD.open(sealed, key: key, context: [7]) == plaintext)
            #expect(AEAD.seal(plaintext, key: key, context: [7]) != sealed)
        }
    }

    @Test func `no changed bit, key or context opens`() throws {
        let key = Random.bytes(AEAD.keyLength)
        let sealed = AEAD.seal(Array("openid".utf8), key: key, context: Array("session".utf8))
        for bit in 0..<sealed.count * 8 {
            var forged = sealed
            forged[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: SecureError.tampered) { try AEAD.open(forged, key: key, context: Array("session".utf8)) }
        }
        for count in 0..<sealed.count {
            #expect(throws: SecureError.tampered) {
                try AEAD.open(Array(sealed.prefix(count)), key: key, context: Array("session".utf8))
            }
        }
        #expect(throws: SecureError.tampered) {
            try AEAD.open(sealed, key: Random.bytes(AEAD.keyLength), context: Array("session".utf8))
        }
        #expect(throws: SecureError.tampered) { try AEAD.open(sealed, key: key, context: Array("Session".utf8)) }
        #expect(throws: SecureError.tampered) { try AEAD.open(sealed, key: key) }
    }
}

@Suite struct CBCTests {
    // NIST SP 800-38A, F.2.1 and F.2.5.
    static let plaintext =
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
        + "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
    static let answers = [
        (
            "2b7e151628aed2a6abf7158809cf4f3c",
            "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
                + "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"
        ),
        (
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
                + "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"
        ),
    ]

    @Test(arguments: answers) func `AES-CBC gives NIST's answers`(key: String, ciphertext: String) throws {
        let iv = try bytes("000102030405060708090a0b0c0d0e0f")
        let encrypted = try CBC.encrypt(try bytes(Self.plaintext), key: try bytes(key), iv: iv, padding: .none)
        #expect(hex(encrypted) == ciphertext)
        #expect(hex(try CBC.decrypt(encrypted, key: try bytes(key), iv: iv, padding: .none)) == Self.plaintext)
    }

    @Test func `padding is added and taken away at every length`() throws {
        let (key, iv) = (Random.bytes(32), Random.bytes(16))
        for count in 0...48 {
            let plaintext = Random.bytes(count)
            let ciphertext = try CBC.encrypt(plaintext, key: key, iv: iv)
            #expect(ciphertext.count == (count / 16 + 1) * 16)
            #expect(try CBC.decrypt(ciphertext, key: key, iv: iv) == plaintext)
        }
    }

    @Test func `damage is an error or another text, never a crash`() throws {
        let (key, iv) = (Random.bytes(16), Random.bytes(16))
        let ciphertext = try CBC.encrypt(Array("a session key".utf8), key: key, iv: iv)
        #expect(throws: SecureError.partialBlock) { try CBC.decrypt(Array(ciphertext.dropLast()), key: key, iv: iv) }
        #expect(throws: SecureError.partialBlock) { try CBC.encrypt([1, 2, 3], key: key, iv: iv, padding: .none) }
        // The last byte of the vector is xored into the padding length, 3: 3 ^ 19 = 16 says a whole block of padding.
        var other = iv
        other[15] ^= 0xFF
        #expect(throws: SecureError.badPadding) { try CBC.decrypt(ciphertext, key: key, iv: other) }
        #expect(throws: SecureError.badPadding) { try CBC.decrypt([], key: key, iv: iv) }
    }
}
