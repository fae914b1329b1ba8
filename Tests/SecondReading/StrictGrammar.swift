/// The small rules of RFC 9110 §5.6 and RFC 9112 §7.1.1, for `StrictReader`.
enum StrictGrammar {
    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// With ASCII's capitals made small, and nothing else: Unicode makes a "k" of the Kelvin sign.
    static func lowered(_ bytes: [UInt8]) -> String { text(bytes.map { (65...90).contains($0) ? $0 + 32 : $0 }) }

    static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }

    static func isHexadecimal(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...70).contains(byte) || (97...102).contains(byte)
    }

    /// RFC 9110 §5.6.2 `tchar`.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || marks.contains(byte)
    }

    private static let marks = Set("!#$%&'*+-.^_`|~".utf8)

    static func isToken(_ bytes: [UInt8]) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy(isTokenByte)
    }

    /// Without the spaces and tabs at both ends.
    static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        while let last = bytes.last, last == 32 || last == 9 { bytes.removeLast() }
        return Array(bytes.drop { $0 == 32 || $0 == 9 })
    }

    /// The elements of a list, without the whitespace around them.
    static func split(_ bytes: [UInt8], at separator: UInt8) -> [[UInt8]] {
        bytes.split(separator: separator, omittingEmptySubsequences: false).map { trimmed(Array($0)) }
    }

    /// `*( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )`, as the states of a machine.
    static func isChunkExtension(_ bytes: [UInt8]) -> Bool {
        enum State {
            /// Nothing yet, or a value that is whole.
            case between
            /// Whitespace there, so that something has to come.
            case beforeSemicolon, beforeName, inName, afterName, beforeValue, inValue, inQuotes, afterBackslash
        }
        var state = State.between
        for byte in bytes {
            let isBlank = byte == 32 || byte == 9
            switch state {
            case .between where isBlank, .beforeSemicolon where isBlank: state = .beforeSemicolon
            case .between where byte == 59, .beforeSemicolon where byte == 59: state = .beforeName
            case .beforeName where isBlank: state = .beforeName
            case .beforeName where isTokenByte(byte), .inName where isTokenByte(byte): state = .inName
            case .inName where isBlank, .afterName where isBlank: state = .afterName
            case .inName where byte == 59, .afterName where byte == 59: state = .beforeName
            case .inName where byte == 61, .afterName where byte == 61: state = .beforeValue
            case .beforeValue where isBlank: state = .beforeValue
            case .beforeValue where byte == 34: state = .inQuotes
            case .beforeValue where isTokenByte(byte), .inValue where isTokenByte(byte): state = .inValue
            case .inValue where isBlank: state = .beforeSemicolon
            case .inValue where byte == 59: state = .beforeName
            case .inQuotes where byte == 34: state = .between
            case .inQuotes where byte == 92: state = .afterBackslash
            case .inQuotes, .afterBackslash: state = .inQuotes
            default: return false
            }
        }
        return state == .between || state == .inName || state == .inValue
    }
}
