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

    /// A JSON string with its quotation marks (RFC 8259 §7).
    static func appendJSON(_ text: String, to line: inout [UInt8], limit: Int = limit) {
        line.append(UInt8(ascii: "\""))
        appendBody(text, to: &line, limit: limit)
        line.append(UInt8(ascii: "\""))
    }

    /// For people: bare when it is one plain word, otherwise as a JSON string.
    static func appendReadable(_ text: String, to line: inout [UInt8], limit: Int = limit) {
        let isWord =
            !text.isEmpty
            && text.utf8.allSatisfy {
                $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=")
                    && $0 != UInt8(ascii: "\\")
            }
        if isWord, text.utf8.count <= limit {
            line.append(contentsOf: text.utf8)
        } else {
            appendJSON(text, to: &line, limit: limit)
        }
    }

    private static func appendBody(_ text: String, to line: inout [UInt8], limit: Int) {
        // The common case, one pass over bytes and one copy: nothing to escape, nothing to cut. All are looked at, which
        // goes many at a time.
        let isDone = text.utf8Span.span.withUnsafeBufferPointer { bytes in
            var escapes: UInt8 = 0
            for byte in bytes {
                let isPlain =
                    byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
                escapes |= isPlain ? 0 : 1
            }
            guard escapes == 0, bytes.count <= limit else { return false }
            line.append(contentsOf: bytes)
            return true
        }
        if isDone { return }
        var taken = 0
        for scalar in text.unicodeScalars {
            taken += UTF8.width(scalar)
            if taken > limit {
                line.append(contentsOf: "…".utf8)
                return
            }
            appendScalar(scalar, to: &line)
        }
    }

    private static func appendScalar(_ scalar: Unicode.Scalar, to line: inout [UInt8]) {
        switch scalar {
        case "\"": line.append(contentsOf: "\\\"".utf8)
        case "\\": line.append(contentsOf: "\\\\".utf8)
        case "\n": line.append(contentsOf: "\\n".utf8)
        case "\r": line.append(contentsOf: "\\r".utf8)
        case "\t": line.append(contentsOf: "\\t".utf8)
        case _ where isHazardous(scalar):
            // All of them lie in the basic plane: one unit of four digits is enough.
            line.append(contentsOf: "\\u".utf8)
            for shift in [12, 8, 4, 0] {
                let digit = UInt8(scalar.value >> UInt32(shift) & 0xF)
                line.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        default: line.append(contentsOf: UTF8.encode(scalar)?.map { $0 } ?? [])
        }
    }
}
