/// Percent-encoding (RFC 3986 §2.1), strict in what it decodes.
package enum PercentCoding {
    /// Encodes everything but RFC 3986's unreserved characters, as `encodeURIComponent` does for all but `!'()*`.
    package static func encodeComponent(_ text: String) -> String {
        encode(text, keeping: .unreserved)
    }

    /// Encodes a path: "/" and the other characters of a path segment stay.
    package static func encodePath(_ path: String) -> String {
        encode(path, keeping: .path)
    }

    static func encode(_ text: String, keeping kept: ByteSet) -> String {
        guard !text.utf8.allSatisfy(kept.contains) else { return text }
        var encoded: [UInt8] = []
        encoded.reserveCapacity(text.utf8.count * 2)
        for byte in text.utf8 {
            if kept.contains(byte) {
                encoded.append(byte)
            } else {
                appendEscape(of: byte, to: &encoded)
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    static func appendEscape(of byte: UInt8, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "%"))
        bytes.append(digit(byte >> 4))
        bytes.append(digit(byte & 15))
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    /// Decodes escapes, and "+" to a space where a form asks for it. Throws `.badEscape` for a "%" without two
    /// hexadecimal digits, and for a result that is not UTF-8: half a character hides what a later decoder will see.
    package static func decode(_ text: String, plusIsSpace: Bool = false) throws(WireError) -> String {
        var text = text
        let decoded: String?? = text.withUTF8 { decode($0, plusIsSpace: plusIsSpace) }
        guard let decoded else { return text }
        guard let decoded else { throw .badEscape }
        return decoded
    }

    /// The outer `nil` says that nothing had to be decoded, the inner one that it could not be.
    private static func decode(_ bytes: UnsafeBufferPointer<UInt8>, plusIsSpace: Bool) -> String?? {
        let hasEscape = bytes.contains { $0 == UInt8(ascii: "%") || (plusIsSpace && $0 == UInt8(ascii: "+")) }
        guard hasEscape else { return .none }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "%"):
                guard index + 2 < bytes.count, let high = bytes[index + 1].hexadecimalValue,
                    let low = bytes[index + 2].hexadecimalValue
                else { return .some(nil) }
                decoded.append(high << 4 | low)
                index += 3
            case UInt8(ascii: "+") where plusIsSpace:
                decoded.append(0x20)
                index += 1
            case let byte:
                decoded.append(byte)
                index += 1
            }
        }
        return .some(String(validating: decoded, as: UTF8.self))
    }
}
