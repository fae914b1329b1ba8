/// The field section of a message while it is read: checks each line, notes where its name and value lie.
///
/// It looks at no meaning; what a field says about the message is the matter of `RequestHead` and `ResponseParser`.
struct HeadFields: Sendable {
    private(set) var entries: [Fields.Entry] = []

    /// One `field-line` of RFC 9112 §5 without its CRLF; `offset` is where it begins in the section.
    ///
    /// The scanner has refused control bytes already, so that what is left to check is the name. Whitespace before the
    /// colon (§5.1), a line that begins with whitespace (§2.2, and folding, §5.2) and a missing colon are all faults of
    /// the name.
    mutating func append(_ line: UnsafeBufferPointer<UInt8>, offset: Int) throws(WireError) -> Fields.Entry {
        var colon = 0
        while colon < line.count, line[colon] != UInt8(ascii: ":") { colon += 1 }
        guard colon < line.count, let first = line.first, !first.isWhitespace else { throw .badFieldLine }
        let name = UnsafeBufferPointer(rebasing: line[..<colon])
        let known = KnownField.named(name)
        if known == nil { try Self.check(name) }
        let value = Fields.trim(line[(colon + 1)...])
        let entry = Fields.Entry(
            nameStart: UInt32(offset), valueStart: UInt32(offset + value.startIndex), valueLength: UInt32(value.count),
            nameLength: UInt16(colon), known: known?.rawValue ?? 0)
        if entries.isEmpty { entries.reserveCapacity(16) }
        entries.append(entry)
        return entry
    }

    /// The fields over a copy of the section's bytes; begins anew for the next message.
    mutating func take(_ section: [UInt8]) -> Fields {
        defer { entries = [] }
        return Fields(parsed: section, entries)
    }

    /// A name is a token. One that a gateway which turns "-" into "_" would take for a field that is acted on here is
    /// refused too: `Content_Length` beside `Content-Length` is how such a gateway is led to see another message.
    private static func check(_ name: UnsafeBufferPointer<UInt8>) throws(WireError) {
        let token = ByteSet.token
        var hasUnderscore = false
        for byte in name {
            guard token.contains(byte) else { throw .badFieldName }
            hasUnderscore = hasUnderscore || byte == UInt8(ascii: "_")
        }
        guard !name.isEmpty, name.count <= UInt16.max else { throw .badFieldName }
        guard hasUnderscore else { return }
        let alias = name.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
        guard alias.withUnsafeBufferPointer(KnownField.named) == nil else { throw .badFieldName }
    }
}
