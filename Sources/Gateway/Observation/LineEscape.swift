import Wire

/// Makes any text safe inside one line of a log (ASVS 16.4.1): nobody's input can forge a line or drive a terminal.
enum LineEscape {
    /// Longer values are cut: a log line is for reading, and a client must not decide its length.
    static let limit = 512

    /// Control bytes of C0 and C1, line and paragraph separators, and the marks that reverse the reading direction.
    static func isHazardous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F, 0x200B...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFF9...0xFFFB:
            true
        default: false
        }
    }

    /// A JSON string with its quotation marks (RFC 8259 §7). The text is UTF-8.
    static func putJSON(_ text: Span<UInt8>, to writer: inout ByteWriter, limit: Int = limit) {
        writer.put(UInt8(ascii: "\""))
        if text.count <= limit, isPlain(text) {
            writer.put(text)
        } else {
            putEscaped(text, to: &writer, limit: limit)
        }
        writer.put(UInt8(ascii: "\""))
    }

    /// For people: bare when it is one plain word, otherwise as a JSON string.
    static func putReadable(_ text: Span<UInt8>, to writer: inout ByteWriter, limit: Int = limit) {
        let isWord =
            !text.isEmpty && isPlain(text)
            && text.allSatisfy { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "=") }
        if isWord, text.count <= limit {
            writer.put(text)
        } else {
            putJSON(text, to: &writer, limit: limit)
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    /// Whether nothing needs an escape: the common case, and so eight bytes at a time.
    private static func isPlain(_ text: Span<UInt8>) -> Bool {
        let bytes = text.bytes
        guard bytes.byteCount >= 8 else { return text.allSatisfy(isPlain) }
        // Never behind the last eight, of which some may have been looked at before.
        let last = bytes.byteCount - 8
        var index = 0
        while index < last {
            let eight = bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
            guard isPlain(eight) else { return false }
            index += 8
        }
        return isPlain(bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: last, as: UInt64.self))
    }

    private static func isPlain(_ eight: UInt64) -> Bool {
        let each: UInt64 = 0x0101_0101_0101_0101
        // The top bit of the lowest byte that is less than 0x20, a quotation mark, a backslash or 0x7F is set by one of the
        // subtractions, and of no byte if there is none; that of a byte outside ASCII is set as it is.
        let controls = eight &- each &* 0x20
        let marks = (eight ^ each &* 0x22) &- each
        let backslashes = (eight ^ each &* 0x5C) &- each
        let deletes = (eight ^ each &* 0x7F) &- each
        return (controls | marks | backslashes | deletes | eight) & (each &* 0x80) == 0
    }

    private static func putEscaped(_ text: Span<UInt8>, to writer: inout ByteWriter, limit: Int) {
        var taken = 0
        for scalar in text.text.unicodeScalars {
            taken += UTF8.width(scalar)
            if taken > limit {
                writer.put("…")
                return
            }
            put(scalar, to: &writer)
        }
    }

    private static func put(_ scalar: Unicode.Scalar, to writer: inout ByteWriter) {
        switch scalar {
        case "\"": writer.put("\\\"")
        case "\\": writer.put("\\\\")
        case "\n": writer.put("\\n")
        case "\r": writer.put("\\r")
        case "\t": writer.put("\\t")
        case _ where isHazardous(scalar):
            // All of them lie in the basic plane: one unit of four digits is enough.
            writer.put("\\u")
            for shift in [12, 8, 4, 0] { writer.put(hexadecimalDigit: UInt8(scalar.value >> UInt32(shift) & 0xF)) }
        default:
            for byte in String(scalar).utf8 { writer.put(byte) }
        }
    }
}
