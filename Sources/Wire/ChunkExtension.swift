/// The grammar of chunk extensions, RFC 9112 §7.1.1, which begins with ";" wherever there are any.
enum ChunkExtension {
    /// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`
    static func isWellFormed(_ bytes: Span<UInt8>) -> Bool {
        var index = 0
        while index < bytes.count {
            skipWhitespace(bytes, &index)
            guard index < bytes.count, bytes[index] == UInt8(ascii: ";") else { return false }
            index += 1
            skipWhitespace(bytes, &index)
            guard skipToken(bytes, &index) else { return false }
            // Whitespace after the name belongs to "=" or to the next ";", but not to the end of the line.
            var next = index
            skipWhitespace(bytes, &next)
            guard next < bytes.count, bytes[next] == UInt8(ascii: "=") else { continue }
            index = next + 1
            skipWhitespace(bytes, &index)
            guard skipQuoted(bytes, &index) || skipToken(bytes, &index) else { return false }
        }
        return true
    }

    private static func skipWhitespace(_ bytes: Span<UInt8>, _ index: inout Int) {
        while index < bytes.count, bytes[index].isWhitespace { index += 1 }
    }

    private static func skipToken(_ bytes: Span<UInt8>, _ index: inout Int) -> Bool {
        let token = ByteSet.token
        let start = index
        while index < bytes.count, token.contains(bytes[index]) { index += 1 }
        return index > start
    }

    /// RFC 9110 §5.6.4 `quoted-string`; control bytes were refused before.
    private static func skipQuoted(_ bytes: Span<UInt8>, _ index: inout Int) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return false }
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard index < bytes.count else { return false }
        index += 1
        return true
    }
}
