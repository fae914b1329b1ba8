/// Eight bytes in one number, for questions about all of them at once: every byte of a request is asked some.
///
/// Each answer is 0 for "none of them"; in any other the lowest lane whose top bit is set is one, in the order of memory
/// where the bytes were read as little-endian. Those above it may be false: a borrow or a carry goes from a byte that was
/// found to the next.
@usableFromInline
package struct ByteWord {
    @usableFromInline static let ones: UInt64 = 0x0101_0101_0101_0101
    @usableFromInline static let tops: UInt64 = 0x8080_8080_8080_8080

    @usableFromInline let bytes: UInt64

    @inlinable @inline(__always)
    init(_ bytes: UInt64) {
        self.bytes = bytes
    }

    /// - Parameter limit: at most 0x80.
    @inlinable @inline(__always)
    package func below(_ limit: UInt8) -> UInt64 {
        (bytes &- Self.ones &* UInt64(limit)) & ~bytes & Self.tops
    }

    /// - Parameter limit: at most 0x7F.
    @inlinable @inline(__always)
    package func above(_ limit: UInt8) -> UInt64 {
        ((bytes &+ Self.ones &* UInt64(0x7F &- limit)) | bytes) & Self.tops
    }

    @inlinable @inline(__always)
    package func equal(to byte: UInt8) -> UInt64 {
        ByteWord(bytes ^ Self.ones &* UInt64(byte)).below(1)
    }

    /// The same for either of two bytes, which must differ in one bit.
    @inlinable @inline(__always)
    package func equal(to byte: UInt8, or other: UInt8) -> UInt64 {
        ByteWord((bytes ^ Self.ones &* UInt64(byte)) & ~(Self.ones &* UInt64(byte ^ other))).below(1)
    }
}

extension Span<UInt8> {
    /// Whether `isFound` is not 0 for any of the bytes. It must be 0 for the letter "a", which fills up a short word.
    @inlinable @inline(__always)
    package func contains(_ isFound: (ByteWord) -> UInt64) -> Bool {
        let raw = bytes
        guard count >= 8 else {
            var word = ByteWord.ones &* 0x61
            for index in indices { word = word << 8 | UInt64(self[index]) }
            return isFound(ByteWord(word)) != 0
        }
        // The last eight overlap those before them. All are within the span.
        var index = 0
        while index < count &- 8 {
            let word = raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
            if isFound(ByteWord(word)) != 0 { return true }
            index &+= 8
        }
        let last = raw.unsafeLoadUnaligned(fromUncheckedByteOffset: count &- 8, as: UInt64.self)
        return isFound(ByteWord(last)) != 0
    }
}
