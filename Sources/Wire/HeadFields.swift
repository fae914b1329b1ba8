/// The field section of a message while it is read: checks each line, notes where its name and value lie.
///
/// It looks at no meaning; what a field says about the message is the matter of `RequestHead` and `ResponseParser`.
struct HeadFields: Sendable {
    private(set) var entries: [Fields.Entry] = []
    private(set) var names = KnownFieldSet()

    /// Takes one `field-line` of RFC 9112 §5, without its CRLF, of the section that begins at `sectionStart`. Returns
    /// which known field it is, if any, and where its value stands.
    ///
    /// The scanner has refused control bytes already, so that what is left to check is the name. Whitespace before the
    /// colon (§5.1), a line that begins with whitespace (§2.2, and folding, §5.2) and a missing colon are all faults of
    /// the name.
    mutating func append(
        _ bytes: Span<UInt8>, line: Range<Int>, sectionStart: Int
    ) throws(WireError) -> (known: KnownField?, value: Range<Int>) {
        let colon = bytes.first(UInt8(ascii: ":"), in: line)
        guard colon < line.upperBound, !bytes[line.lowerBound].isWhitespace else { throw .badFieldLine }
        let name = bytes.extracting(line.lowerBound..<colon)
        let known = KnownField.named(name)
        if known == nil { try Self.check(name) }
        let value = bytes.trimming(colon + 1..<line.upperBound)
        if entries.isEmpty { entries.reserveCapacity(16) }
        entries.append(
            Fields.Entry(
                nameStart: UInt32(line.lowerBound - sectionStart), valueStart: UInt32(value.lowerBound - sectionStart),
                valueLength: UInt32(value.count), nameLength: UInt16(name.count), known: known?.rawValue ?? 0))
        names.insert(known?.rawValue ?? 0)
        return (known, value)
    }

    /// The fields over a copy of the section's bytes; begins anew for the next message.
    mutating func take(_ section: [UInt8]) -> Fields {
        let taken = self
        self = HeadFields()
        return Fields(parsed: section, taken.entries, names: taken.names)
    }

    /// Begins anew for the next message, in the memory that is there.
    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        names = KnownFieldSet()
    }

    /// A name is a token. One that a gateway which turns "-" into "_" would take for a field that is acted on here is
    /// refused too: `Content_Length` beside `Content-Length` is how such a gateway is led to see another message.
    private static func check(_ name: Span<UInt8>) throws(WireError) {
        let token = ByteSet.token
        var hasUnderscore = false
        for index in name.indices {
            guard token.contains(name[index]) else { throw .badFieldName }
            hasUnderscore = hasUnderscore || name[index] == UInt8(ascii: "_")
        }
        guard !name.isEmpty, name.count <= UInt16.max else { throw .badFieldName }
        guard hasUnderscore else { return }
        let alias = name.indices.map { name[$0] == UInt8(ascii: "_") ? UInt8(ascii: "-") : name[$0] }
        guard KnownField.named(alias.span) == nil else { throw .badFieldName }
    }
}
