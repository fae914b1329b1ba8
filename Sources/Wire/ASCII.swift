// Questions about single bytes of a protocol that is written in ASCII.

extension UInt8 {
    /// The value of a hexadecimal digit, in either case.
    @inline(__always)
    var hexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    @inline(__always)
    var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }

    /// ASCII lower case; other bytes unchanged.
    @inline(__always)
    var lowercased: UInt8 { self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self }

    /// SP or HTAB: the whitespace of RFC 9110 §5.6.3.
    @inline(__always)
    var isWhitespace: Bool { self == 0x20 || self == 0x09 }
}

extension String {
    /// Lower case for ASCII letters only. `lowercased()` folds Unicode, and would turn a Kelvin sign into "k".
    var asciiLowercased: String {
        var text = self
        return text.withUTF8 { bytes in
            bytes.contains { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
                ? String(decoding: bytes.map(\.lowercased), as: UTF8.self) : nil
        } ?? self
    }
}
