extension [UInt8] {
    /// Appends text known when the program was compiled, without making a string of it.
    @inline(__always)
    package mutating func append(text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    /// Appends a number that is not negative.
    package mutating func append(decimal number: Int) {
        precondition(number >= 0, "lengths and counts are not negative")
        append(decimal: number.magnitude)
    }

    package mutating func append(decimal number: UInt) {
        // From the last digit, in twenty places, which hold any of 64 bits.
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var (rest, start) = (number, digits.count)
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        digits.span.extracting(start...).withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The text of these bytes; nil if they are not UTF-8.
    package var text: String? {
        var all: UInt8 = 0
        for byte in self { all |= byte }
        // The general way costs seven times as much.
        return all < 0x80 ? String(decoding: self, as: UTF8.self) : String(validating: self, as: UTF8.self)
    }

    var isUTF8: Bool {
        var all: UInt8 = 0
        for byte in self { all |= byte }
        return all < 0x80 || String(validating: self, as: UTF8.self) != nil
    }
}
