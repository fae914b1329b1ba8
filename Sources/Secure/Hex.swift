/// Bytes as lower-case hexadecimal digits, the spelling of WeChat's signatures and of our identifiers.
package enum Hex {
    package static func encode(_ bytes: [UInt8]) -> String { encode(bytes.span) }

    package static func encode(_ bytes: Span<UInt8>) -> String {
        unsafe String(unsafeUninitializedCapacity: 2 * bytes.count) { digits in
            for index in bytes.indices {
                unsafe digits[2 * index] = digit(bytes[index] >> 4)
                unsafe digits[2 * index + 1] = digit(bytes[index] & 15)
            }
            return 2 * bytes.count
        }
    }

    /// `nil` for an odd length or anything that is not a hexadecimal digit; both cases of letters are read.
    package static func decode(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    // Arithmetic, not a table: the digits of a secret should not choose which cache line is read.
    static func digit(_ value: UInt8) -> UInt8 {
        value + 48 + (value > 9 ? 39 : 0)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

/// Bytes as lower-case hexadecimal digits.
package func hex(_ bytes: [UInt8]) -> String { Hex.encode(bytes) }
