/// The validator of one version of a file (RFC 9110 §8.8.3), always a strong one.
package struct EntityTag: Hashable, Sendable, CustomStringConvertible {
    /// With its quotes, as the field has it.
    package let description: String

    /// Refuses what may not stand between the quotes. A digest in hexadecimal or Base64 always may.
    package init?(_ opaque: String) {
        guard opaque.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") }) else { return nil }
        description = "\"\(opaque)\""
    }

    /// Whether an `If-None-Match` names it: `*`, or a list with it, weak or strong (§13.1.2 compares weakly). A list that
    /// is not well formed matches only as far as it can be read, which costs a body and never shows an old one.
    package func matches(ifNoneMatch field: Span<UInt8>) -> Bool {
        let tag = description.utf8Span.span
        let end = field.count
        var index = field.trimming(0..<end).lowerBound
        if index < end, field[index] == UInt8(ascii: "*") {
            return field.extracting((index + 1)...).allSatisfy(\.isWhitespace)
        }
        while true {
            while index < end, field[index].isWhitespace || field[index] == UInt8(ascii: ",") { index += 1 }
            if field.extracting(index...).isPrefixed(by: "W/") { index += 2 }
            guard index < end, field[index] == UInt8(ascii: "\"") else { return false }
            let close = field.first(UInt8(ascii: "\""), in: index + 1..<end)
            guard close < end else { return false }
            if field.extracting(index...close).isEqual(to: tag) { return true }
            index = close + 1
        }
    }
}
