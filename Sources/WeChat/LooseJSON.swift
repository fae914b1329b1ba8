import Wire

/// JSON as WeChat really sends it.
///
/// Nicknames bring raw control bytes and broken UTF-8 into replies (weixin_authorize #52, EasyWeChat #1625), both of
/// which `JSONDecoder` refuses, as it refuses a lone surrogate; and it lets the last of two equal keys win in silence,
/// and turns 64-bit ids into floating point. Hence a reader of our own: forgiving inside strings, strict about shape.
enum LooseJSON: Equatable, Sendable {
    case null
    case bool(Bool)
    /// As it was written: WeChat's ids exceed what a `Double` holds.
    case number(String)
    case string(String)
    case array([LooseJSON])
    case object([String: LooseJSON])

    private static let largestReply = 64 * 1024

    /// Reads one document. White space and zero bytes may follow it, nothing else.
    static func read(_ bytes: [UInt8]) throws(Unreadable) -> LooseJSON {
        guard bytes.count <= largestReply else { throw .tooLarge }
        var reader = LooseJSONReader(bytes)
        return try reader.document()
    }
}

private struct LooseJSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0
    // The deepest documented reply has four levels.
    private static let deepest = 16

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // A byte order mark, as some gateways put in front.
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    mutating func document() throws(Unreadable) -> LooseJSON {
        let value = try value()
        skipSpace()
        while position < bytes.count {
            guard bytes[position] == 0 else { throw .notJSON }
            position += 1
        }
        return value
    }

    private mutating func value() throws(Unreadable) -> LooseJSON {
        skipSpace()
        switch peek {
        case UInt8(ascii: "{"): return .object(try object())
        case UInt8(ascii: "["): return .array(try array())
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func object() throws(Unreadable) -> [String: LooseJSON] {
        try enter()
        var members: [String: LooseJSON] = [:]
        if accept("}") { return members }
        repeat {
            skipSpace()
            let key = try string()
            guard accept(":") else { throw .notJSON }
            let value = try value()
            guard members.updateValue(value, forKey: key) == nil else { throw .duplicateKey }
        } while accept(",")
        guard accept("}") else { throw .notJSON }
        return members
    }

    private mutating func array() throws(Unreadable) -> [LooseJSON] {
        try enter()
        var elements: [LooseJSON] = []
        if accept("]") { return elements }
        repeat {
            elements.append(try value())
        } while accept(",")
        guard accept("]") else { throw .notJSON }
        return elements
    }

    /// Steps over the opening bracket, which `accept` balances when it takes the closing one.
    private mutating func enter() throws(Unreadable) {
        position += 1
        depth += 1
        guard depth <= Self.deepest else { throw .tooDeep }
    }

    private mutating func accept(_ mark: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek == UInt8(ascii: mark) else { return false }
        position += 1
        if mark == "}" || mark == "]" { depth -= 1 }
        return true
    }

    private mutating func string() throws(Unreadable) -> String {
        guard peek == UInt8(ascii: "\"") else { throw .notJSON }
        position += 1
        if let (text, end) = plainString() {
            position = end
            return text
        }
        var text: [UInt8] = []
        while let byte = peek {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                // Bytes that are not UTF-8 become U+FFFD.
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try escape(into: &text)
            case 0..<0x20:
                continue
            default:
                text.append(byte)
            }
        }
        throw .notJSON
    }

    /// A string in which nothing is escaped or left out, as most are, and what stands behind it; nil for any other.
    private func plainString() -> (text: String, end: Int)? {
        let span = bytes.span
        let end = span.first(UInt8(ascii: "\""), in: position..<span.count)
        let inside = span.extracting(position..<end)
        guard end < span.count, !inside.contains({ $0.below(0x20) | $0.equal(to: UInt8(ascii: "\\")) }) else {
            return nil
        }
        return (inside.text, end + 1)
    }

    private mutating func escape(into text: inout [UInt8]) throws(Unreadable) {
        guard let byte = peek else { throw .notJSON }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"): text.append(contentsOf: String(try scalar()).utf8)
        // `\"`, `\\`, `\/`, and what is no escape at all stands for itself.
        default: text.append(byte)
        }
    }

    private mutating func scalar() throws(Unreadable) -> Unicode.Scalar {
        let unit = try codeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // Half of a surrogate pair; a nickname cut to length ends in one.
        let mark = position
        if unit < 0xDC00, peek == UInt8(ascii: "\\"), position + 1 < bytes.count,
            bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            let low = UInt32(try codeUnit())
            if (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xD800) << 10 + (low - 0xDC00))
            {
                return scalar
            }
            position = mark
        }
        return "\u{FFFD}"
    }

    private mutating func codeUnit() throws(Unreadable) -> UInt16 {
        guard position + 4 <= bytes.count else { throw .notJSON }
        var unit: UInt16 = 0
        for digit in bytes[position..<position + 4] {
            guard let value = Character(Unicode.Scalar(digit)).hexDigitValue else { throw .notJSON }
            unit = unit << 4 | UInt16(value)
        }
        position += 4
        return unit
    }

    private mutating func number() throws(Unreadable) -> String {
        let start = position
        while let byte = peek, isNumeric(byte) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard text.utf8.count <= 64, Double(text) != nil else { throw .notJSON }
        return text
    }

    private func isNumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "e"), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func literal(_ word: StaticString, _ value: LooseJSON) throws(Unreadable) -> LooseJSON {
        let word = Array("\(word)".utf8)
        guard bytes[position...].starts(with: word) else { throw .notJSON }
        position += word.count
        return value
    }

    private mutating func skipSpace() {
        while let byte = peek, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }
}
