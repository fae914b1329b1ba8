extension Span<UInt8> {
    /// The text of these bytes; what is not UTF-8 is replaced.
    package var text: String {
        withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// The part without the optional whitespace of RFC 9110 §5.6.3 at both ends.
    package func trimming(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, self[start].isWhitespace { start += 1 }
        while start < end, self[end - 1].isWhitespace { end -= 1 }
        return start..<end
    }

    /// Where the byte is first, or where the range ends.
    @inline(__always)
    package func first(_ byte: UInt8, in range: Range<Int>) -> Int {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "looks within the span")
        let (raw, pattern) = (bytes, 0x0101_0101_0101_0101 &* UInt64(byte))
        var index = range.lowerBound
        while index + 8 <= range.upperBound {
            // Eight bytes at a time, within the range: the lanes that hold the byte become 0, and the lowest lane whose
            // top bit a subtraction of 1 sets is one of them.
            let word = raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self).littleEndian ^ pattern
            let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            if zeros != 0 { return index + zeros.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < range.upperBound, self[index] != byte { index += 1 }
        return index
    }

    func isEqual(to text: StaticString) -> Bool { isEqual(to: text.bytes.span) }

    package func isPrefixed(by text: StaticString) -> Bool {
        count >= text.utf8CodeUnitCount && extracting(..<text.utf8CodeUnitCount).isEqual(to: text)
    }

    /// Looks for a text of lower-case letters.
    package func isPrefixedIgnoringCase(by lowercase: StaticString) -> Bool {
        count >= lowercase.utf8CodeUnitCount
            && extracting(..<lowercase.utf8CodeUnitCount).isEqualIgnoringCase(lowercase)
    }

    package func isEqual(to other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        guard count >= 8 else {
            for index in indices where self[index] != other[index] { return false }
            return true
        }
        // Eight bytes at a time; the last eight overlap those before them, and all are within both.
        var index = 0
        while index < count &- 8 {
            guard word(at: index) == other.word(at: index) else { return false }
            index &+= 8
        }
        return word(at: count &- 8) == other.word(at: count &- 8)
    }

    /// There must be eight bytes from here.
    @inline(__always)
    private func word(at index: Int) -> UInt64 {
        bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
    }

    /// Compares with bytes that hold no upper-case letters.
    func isEqualIgnoringCase(_ lowercase: Span<UInt8>) -> Bool {
        guard count == lowercase.count else { return false }
        for index in indices where self[index].lowercased != lowercase[index] { return false }
        return true
    }

    /// Compares with a text of lower-case letters.
    func isEqualIgnoringCase(_ lowercase: StaticString) -> Bool {
        guard count == lowercase.utf8CodeUnitCount else { return false }
        return lowercase.withUTF8Buffer { lowercase in
            for index in indices where self[index].lowercased != lowercase[index] { return false }
            return true
        }
    }

    package func allSatisfy(_ isGood: (UInt8) -> Bool) -> Bool {
        for index in indices where !isGood(self[index]) { return false }
        return true
    }

    /// The value of decimal digits; there must be at most nineteen, which fit 64 bits.
    var decimal: UInt64? {
        guard (1...19).contains(count) else { return nil }
        var number: UInt64 = 0
        for index in indices {
            guard self[index].isDigit else { return nil }
            number = number * 10 + UInt64(self[index] - UInt8(ascii: "0"))
        }
        return number
    }

    /// Hands over the elements of a comma-separated list (RFC 9110 §5.6.1), without the whitespace around them.
    func forEachInList(_ body: (Range<Int>) -> Void) {
        var start = 0
        while start <= count {
            let end = first(UInt8(ascii: ","), in: start..<count)
            body(trimming(start..<end))
            start = end + 1
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    package func isEqual(to other: [UInt8]) -> Bool { span.isEqual(to: other.span) }
}
