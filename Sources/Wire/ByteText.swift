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
        // The general way costs seven times as much.
        isASCII ? String(decoding: self, as: UTF8.self) : String(validating: self, as: UTF8.self)
    }

    var isUTF8: Bool {
        isASCII || String(validating: self, as: UTF8.self) != nil
    }

    private var isASCII: Bool { !span.contains { $0.above(0x7F) } }
}

extension StaticString {
    /// The bytes of a text, which live as long as the program.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount) }
}
