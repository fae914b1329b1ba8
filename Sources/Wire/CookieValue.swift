/// What a request says about one cookie name.
package enum CookieValue: Hashable, Sendable {
    case absent
    case one(String)
    /// The name came twice. A sibling host can plant a second cookie, and their order proves nothing (RFC 6265bis
    /// §4.2.2), so neither may be believed.
    case ambiguous

    /// Walks the `Cookie` lines. Pairs without a name, without "=" or with odd values have no effect; a value is taken
    /// as it stands, quotes included, since nothing here ever sends a quoted one.
    static func find(_ name: String, in fields: FieldsView) -> CookieValue {
        var found = CookieValue.absent
        let wanted = name.utf8Span.span
        guard !wanted.isEmpty else { return .absent }
        for index in fields.entries.indices where fields.entries[index].known == KnownField.cookie.rawValue {
            let line = fields.value(of: fields.entries[index]).span
            var start = 0
            while start < line.count {
                let end = line.first(UInt8(ascii: ";"), in: start..<line.count)
                let equals = line.first(UInt8(ascii: "="), in: start..<end)
                if equals < end, line.extracting(line.trimming(start..<equals)).isEqual(to: wanted) {
                    guard case .absent = found else { return .ambiguous }
                    found = .one(line.extracting(line.trimming(equals + 1..<end)).text)
                }
                start = end + 1
            }
        }
        return found
    }
}
