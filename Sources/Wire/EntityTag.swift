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
    package func matches(ifNoneMatch field: String) -> Bool {
        var rest = field.utf8[...]
        func skip(while isSkipped: (UInt8) -> Bool) { rest = rest.drop(while: isSkipped) }
        skip(while: \.isWhitespace)
        if rest.first == UInt8(ascii: "*") {
            return rest.dropFirst().allSatisfy(\.isWhitespace)
        }
        while true {
            skip { $0.isWhitespace || $0 == UInt8(ascii: ",") }
            if rest.starts(with: "W/".utf8) { rest = rest.dropFirst(2) }
            guard rest.first == UInt8(ascii: "\""),
                let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "\""))
            else { return false }
            let after = rest.index(after: end)
            if rest[..<after].elementsEqual(description.utf8) { return true }
            rest = rest[after...]
        }
    }
}
