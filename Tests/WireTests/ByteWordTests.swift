import Testing

@testable import Wire

/// Eight bytes at a time, held against one at a time.
struct ByteWordTests {
    /// Letters, with up to three odd bytes in any place.
    private static func texts() -> [[UInt8]] {
        var random = SystemRandomNumberGenerator()
        return (0..<4_000).map { number in
            var text = (0..<number % 41).map { _ in UInt8.random(in: 0x61...0x7A, using: &random) }
            for _ in 0..<Int.random(in: 0...3, using: &random) where !text.isEmpty {
                text[Int.random(in: text.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            return text
        }
    }

    @Test func `a text holds a byte below, above or equal to one exactly where one of its bytes is`() {
        for text in Self.texts() {
            let span = text.span
            #expect(span.contains { $0.below(0x21) } == text.contains { $0 < 0x21 }, "\(text)")
            #expect(span.contains { $0.below(0x20) } == text.contains { $0 < 0x20 }, "\(text)")
            #expect(span.contains { $0.above(0x7E) } == text.contains { $0 > 0x7E }, "\(text)")
            #expect(span.contains { $0.above(0x7F) } == text.contains { $0 > 0x7F }, "\(text)")
            #expect(span.contains { $0.equal(to: 0x22) } == text.contains(0x22), "\(text)")
            #expect(
                span.contains { $0.equal(to: 0x22, or: 0x23) } == text.contains { $0 == 0x22 || $0 == 0x23 }, "\(text)")
        }
    }

    @Test func `every byte is told from every other in any lane`() {
        for byte in UInt8.min...UInt8.max {
            for place in 0..<9 {
                var text = [UInt8](repeating: 0x61, count: 9)
                text[place] = byte
                #expect(text.span.contains { $0.equal(to: 0x3C, or: 0x3E) } == (byte == 0x3C || byte == 0x3E))
                #expect(text.span.contains { $0.below(0x21) | $0.above(0x7E) } == !(0x21...0x7E).contains(byte))
            }
        }
    }

    @Test func `spans are equal exactly where their bytes are`() {
        for text in Self.texts() {
            var other = text
            #expect(areEqual(text, other))
            guard let place = text.indices.randomElement() else { continue }
            other[place] ^= 1 << UInt8.random(in: 0...7)
            #expect(!areEqual(text, other), "\(text) \(other)")
            #expect(!areEqual(text, text.dropLast()))
        }
    }

    private func areEqual(_ one: [UInt8], _ other: [UInt8]) -> Bool { one.span.isEqual(to: other.span) }

    @Test func `a query holds what it may hold, byte for byte`() {
        let allowed = Set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;=:@/?[]\\^`{|}".utf8)
        for byte in UInt8.min...UInt8.max {
            for place in 0..<10 {
                var target = Array("/?aaaaaaaaaa".utf8)
                target[place + 2] = byte
                var authority: Authority?
                let isTaken = (try? RequestTarget(target.span, method: .get, authority: &authority)) != nil
                // A "%" before two of the letters is an escape.
                #expect(
                    isTaken == (allowed.contains(byte) || (byte == UInt8(ascii: "%") && place < 8)), "\(byte) \(place)")
            }
        }
    }
}
