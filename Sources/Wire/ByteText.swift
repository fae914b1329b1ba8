extension [UInt8] {
    /// Appends text known when the program was compiled, without making a string of it.
    @inline(__always)
    package mutating func append(text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    package mutating func append(decimal number: UInt) {
        append(atMost: 20) { $0.put(decimal: number) }
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
