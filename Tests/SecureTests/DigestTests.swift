import Secure
import Testing

@Suite struct DigestTests {
    // FIPS 180-4, the examples of NIST's Cryptographic Standards and Guidelines.
    static let answers: [(message: String, sha1: String, sha256: String)] = [
        (
            "", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        ),
        (
            "abc", "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        ),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000), "34aa973cd4c4daa4f61eeb2bdbad27316534016f",
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ]

    @Test(arguments: answers) func `digests give NIST's answers`(message: String, sha1: String, sha256: String) {
        let bytes = Array(message.utf8)
        #expect(hex(Digest.sha1(bytes)) == sha1)
        #expect(hex(Digest.sha256(bytes)) == sha256)
        #expect(bytes.withUnsafeBytes { hex(Digest.sha1($0)) + hex(Digest.sha256($0)) } == sha1 + sha256)
    }

    @Test func `the documented WeChat string has the documented signature`() {
        let text =
            "jsapi_ticket=sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
            + "&noncestr=Wm3WZYTPz0wzccnW&timestamp=1414587457&url=http://mp.weixin.qq.com?params=value"
        let digits = Digest.sha1Hex(of: Array(text.utf8).span)
        let signature = String(decoding: digits.indices.map { digits[$0] }, as: UTF8.self)
        #expect(signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed")
    }

    @Test func `many tasks can hash at once`() async {
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let message = Array("message \(number)".utf8)
                    let first = Digest.sha256(message)
                    return (0..<2_000).allSatisfy { _ in Digest.sha256(message) == first }
                }
            }
            for await isStable in group { #expect(isStable) }
        }
    }
}

@Suite struct HexTests {
    @Test func `hexadecimal is written in lower case and read in both`() {
        let bytes: [UInt8] = [0x00, 0x09, 0x0A, 0xF0, 0xFF]
        #expect(Hex.encode(bytes) == "00090af0ff")
        #expect(Hex.decode("00090af0ff") == bytes)
        #expect(Hex.decode("00090AF0FF") == bytes)
        #expect(Hex.decode("") == [])
    }

    @Test(arguments: ["0", "0g", " 00", "0x00", "+1", "é0"]) func `what is not hexadecimal is refused`(text: String) {
        #expect(Hex.decode(text) == nil)
    }
}
