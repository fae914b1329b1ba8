import FoundationEssentials

/// Where every key of a JSON5 text stands, which keys came twice, and where its syntax breaks.
///
/// Foundation's decoder decides what is valid; when it says no, it does not say where. This walk follows the grammar
/// of JSON5 (https://spec.json5.org) closely enough to point at the byte a person has to look at.
struct DocumentMap {
    private(set) var positions: [String: ConfigurationDocument.Position] = [:]
    private(set) var repeated: [(path: String, position: ConfigurationDocument.Position)] = []
    private(set) var fault: (position: ConfigurationDocument.Position, problem: String)?

    private struct Fault: Error {
        let offset: Int
        let problem: String
    }

    private let bytes: [UInt8]
    private var at = 0
    /// Nesting beyond this is a mistake in any configuration, and a walk without a bound could exhaust the stack.
    private static let depthLimit = 32

    init(of bytes: [UInt8]) {
        self.bytes = bytes
        // Foundation's reader of JSON5 ends the process at such a byte in a key without quotation marks.
        if let offset = Self.firstByteBeyondUTF8(in: bytes) {
            fault = (position(of: offset), "this is not UTF-8; save the file in that encoding")
            return
        }
        do throws(Fault) {
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
            try skipBlank()
            try value(path: "", depth: 0)
            try skipBlank()
            if at < bytes.count { throw Fault(offset: at, problem: "something follows the closing brace") }
        } catch {
            fault = (position(of: error.offset), error.problem)
        }
    }

    /// Decodes the text with Foundation's reader. Throws where there is a fault: at some of them that ends the process.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let fault {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: fault.problem))
        }
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        // The line end is for a bare number: see `scalar`.
        return try decoder.decode(type, from: Data(bytes + [0x0A]))
    }

    private static func firstByteBeyondUTF8(in bytes: [UInt8]) -> Int? {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
            return nil
        } catch {
            return error.byteOffsets.lowerBound
        }
    }

    private func position(of offset: Int) -> ConfigurationDocument.Position {
        let before = bytes[..<min(offset, bytes.count)]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        // Continuation bytes of UTF-8 do not count: a column is a character.
        let column = before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1
        return .init(line: line, column: column)
    }

    private var byte: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func value(path: String, depth: Int) throws(Fault) {
        guard depth <= Self.depthLimit else { throw Fault(offset: at, problem: "too deeply nested") }
        switch byte {
        case UInt8(ascii: "{"): try object(path: path, depth: depth)
        case UInt8(ascii: "["): try array(path: path, depth: depth)
        case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = try string()
        case nil: throw Fault(offset: at, problem: "the text ends where a value should stand")
        default: try scalar()
        }
    }

    private mutating func object(path: String, depth: Int) throws(Fault) {
        let opening = at
        at += 1
        try skipBlank()
        while byte != UInt8(ascii: "}") {
            guard byte != nil else { throw Fault(offset: opening, problem: "this \"{\" is never closed") }
            let start = at
            let name = try key()
            let member = ConfigurationDocument.path(path, name)
            if positions[member] == nil {
                positions[member] = position(of: start)
            } else {
                repeated.append((member, position(of: start)))
            }
            try skipBlank()
            guard byte == UInt8(ascii: ":") else {
                throw Fault(offset: at, problem: "a \":\" is missing after the key")
            }
            at += 1
            try skipBlank()
            try value(path: member, depth: depth + 1)
            try separator(closing: UInt8(ascii: "}"), of: opening)
        }
        at += 1
    }

    private mutating func array(path: String, depth: Int) throws(Fault) {
        let opening = at
        at += 1
        try skipBlank()
        var index = 0
        while byte != UInt8(ascii: "]") {
            guard byte != nil else { throw Fault(offset: opening, problem: "this \"[\" is never closed") }
            let element = ConfigurationDocument.path(path, index)
            positions[element] = position(of: at)
            try value(path: element, depth: depth + 1)
            try separator(closing: UInt8(ascii: "]"), of: opening)
            index += 1
        }
        at += 1
    }

    private mutating func separator(closing: UInt8, of opening: Int) throws(Fault) {
        let end = at
        try skipBlank()
        switch byte {
        case UInt8(ascii: ","):
            at += 1
            try skipBlank()
            if byte == UInt8(ascii: ",") { throw Fault(offset: at, problem: "two commas in a row") }
        case closing: return
        case nil:
            let bracket = closing == UInt8(ascii: "}") ? "{" : "["
            throw Fault(offset: opening, problem: "this \"\(bracket)\" is never closed")
        default: throw Fault(offset: end, problem: "a comma is missing after this value")
        }
    }

    private mutating func key() throws(Fault) -> String {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { return try string() }
        let start = at
        while let next = byte, Self.isNameByte(next) { at += 1 }
        guard at > start else { throw Fault(offset: at, problem: "a key should stand here") }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func string() throws(Fault) -> String {
        let start = at
        let quote = bytes[at]
        var hasEscapes = false
        at += 1
        while let next = byte, next != quote {
            if next == UInt8(ascii: "\n") { break }
            if next == UInt8(ascii: "\\") {
                hasEscapes = true
                at += 1
            }
            at += 1
        }
        guard byte == quote else {
            throw Fault(offset: start, problem: "this text is never closed by its quotation mark")
        }
        at += 1
        let whole = bytes[start..<at]
        guard hasEscapes else { return String(decoding: whole.dropFirst().dropLast(), as: UTF8.self) }
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        guard let text = try? decoder.decode(String.self, from: Data(whole)) else {
            throw Fault(offset: start, problem: "this text holds an escape that JSON5 does not know")
        }
        return text
    }

    /// A number or one of the words; anything else is most often a text that lacks its quotation marks.
    private mutating func scalar() throws(Fault) {
        let start = at
        while let next = byte, Self.isNameByte(next) || "+-.".utf8.contains(next) { at += 1 }
        guard at > start else { throw Fault(offset: at, problem: "a value should stand here") }
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        // With a blank behind it: Foundation reads a number to the first byte that is none, also beyond the end of what it
        // was given, and ends the process where that differs.
        let text = Data(bytes[start..<at] + [0x20])
        // So it does at an exponent that has a sign and no digit, such as "1e+".
        let lacksDigit = bytes[at - 1] == UInt8(ascii: "+") || bytes[at - 1] == UInt8(ascii: "-")
        let isKnown =
            !lacksDigit
            && ((try? decoder.decode(Double.self, from: text)) != nil
                || (try? decoder.decode(Bool.self, from: text)) != nil || text.elementsEqual("null ".utf8))
        if !isKnown {
            throw Fault(offset: start, problem: "this is no value; a text needs quotation marks")
        }
    }

    private mutating func skipBlank() throws(Fault) {
        while let next = byte {
            if next == UInt8(ascii: " ") || (0x09...0x0D).contains(next) {
                at += 1
            } else if bytes[at...].starts(with: [0xC2, 0xA0]) {  // U+00A0, blank in JSON5
                at += 2
            } else if bytes[at...].starts(with: [0xEF, 0xBB, 0xBF]) {
                at += 3
            } else if bytes[at...].starts(with: "//".utf8) {
                while let next = byte, next != UInt8(ascii: "\n") { at += 1 }
            } else if bytes[at...].starts(with: "/*".utf8) {
                try skipComment()
            } else {
                return
            }
        }
    }

    private mutating func skipComment() throws(Fault) {
        let start = at
        at += 2
        while at < bytes.count, !bytes[at...].starts(with: "*/".utf8) { at += 1 }
        guard at < bytes.count else { throw Fault(offset: start, problem: "this comment is never closed") }
        at += 2
    }

    /// Bytes of unquoted keys and of words; every byte beyond ASCII passes, for the decoder knows better.
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }
}
