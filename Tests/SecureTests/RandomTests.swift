import Secure
import Testing

@Suite struct RandomTests {
    @Test(arguments: [0, 1, 16, 32, 64, 65, 5_000]) func `as many bytes come as were asked for`(count: Int) {
        #expect(Random.bytes(count).count == count)
    }

    @Test func `tokens have the alphabet and length they promise`() {
        let token = Random.token()
        #expect(token.utf8.count == 43)
        #expect(Base64URL.decode(token)?.count == 32)
        #expect(Random.hex(bytes: 32).utf8.count == 64)
        let nonce = Random.alphanumeric(16)
        #expect(nonce.utf8.count == 16)
        #expect(nonce.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
        #expect(Random.alphanumeric(0).isEmpty)
    }

    @Test func `no value comes twice, whoever asks`() async {
        let values = await withTaskGroup(of: [[UInt8]].self) { group in
            for _ in 0..<8 { group.addTask { (0..<2_000).map { _ in Random.bytes(16) } } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        #expect(Set(values).count == 16_000)
    }

    @Test func `every letter and digit is equally likely`() {
        var counts: [UInt8: Int] = [:]
        for byte in Random.alphanumeric(62_000).utf8 { counts[byte, default: 0] += 1 }
        #expect(counts.count == 62)
        // 1,000 of each are expected with a standard deviation of 31.5: eight of them are an accident once in 10¹³ runs.
        // Taking bytes modulo 62 without rejection would give the first eight 1,210.
        #expect(counts.values.allSatisfy { abs($0 - 1_000) < 252 })
        let firstEight = "ABCDEFGH".utf8.reduce(0) { $0 + (counts[$1] ?? 0) }
        #expect(abs(firstEight - 8_000) < 680)
    }

    @Test func `the bits of many bytes are balanced`() {
        let ones = Random.bytes(100_000).reduce(0) { $0 + $1.nonzeroBitCount }
        // 800,000 fair bits: a standard deviation of 447.
        #expect(abs(ones - 400_000) < 3_600)
    }
}
