/// The parameters of a query or of a form body, `name=value` joined by "&", decoded when they are asked for.
package struct Query: Hashable, Sendable {
    /// As it came, without the "?". Never log it: values carry codes and tokens.
    package let raw: String

    package init(raw: String) {
        self.raw = raw
    }

    package var isEmpty: Bool { raw.isEmpty }

    /// The first value with this name. Throws `.badEscape` where a name before it, or the value, cannot be decoded.
    package func first(_ name: String) throws(WireError) -> String? {
        try values(name, atMost: 1).first
    }

    package func all(_ name: String) throws(WireError) -> [String] {
        try values(name, atMost: .max)
    }

    /// The one value with this name. Two of them throw `.duplicateParameter`: which one counts is what attackers and
    /// proxies disagree about.
    package func only(_ name: String) throws(WireError) -> String? {
        let values = try values(name, atMost: 2)
        guard values.count < 2 else { throw .duplicateParameter }
        return values.first
    }

    /// The names, sorted, each once: what a log may show. A name that cannot be decoded is shown as it came.
    package var keys: [String] {
        var keys: Set<String> = []
        for pair in pairs {
            let (name, _) = Self.split(pair)
            keys.insert((try? PercentCoding.decode(String(name), plusIsSpace: true)) ?? String(name))
        }
        return keys.sorted()
    }

    private var pairs: [Substring.UTF8View] {
        raw.utf8.split(separator: UInt8(ascii: "&"))
    }

    private static func split(_ pair: Substring.UTF8View) -> (name: Substring, value: Substring) {
        guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return (Substring(pair), "") }
        return (Substring(pair[..<equals]), Substring(pair[pair.index(after: equals)...]))
    }

    private func values(_ wanted: String, atMost limit: Int) throws(WireError) -> [String] {
        var values: [String] = []
        var rest = raw.utf8[...]
        while !rest.isEmpty, values.count < limit {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.endIndex
            let (name, value) = Self.split(rest[..<end])
            rest = end < rest.endIndex ? rest[rest.index(after: end)...] : rest[end...]
            let isEscaped = name.utf8.contains { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }
            let matches =
                isEscaped
                ? try PercentCoding.decode(String(name), plusIsSpace: true) == wanted : name == wanted
            if matches { values.append(try PercentCoding.decode(String(value), plusIsSpace: true)) }
        }
        return values
    }
}

/// Reads a body of type `application/x-www-form-urlencoded`. Bytes outside ASCII become escapes, so that a body which is
/// not UTF-8 throws `.badEscape` at the parameter that holds it, like any other bad value.
package func parseForm(_ body: [UInt8]) -> Query {
    guard body.contains(where: { $0 >= 0x80 }) else { return Query(raw: String(decoding: body, as: UTF8.self)) }
    var escaped: [UInt8] = []
    escaped.reserveCapacity(body.count * 3)
    for byte in body {
        if byte < 0x80 { escaped.append(byte) } else { PercentCoding.appendEscape(of: byte, to: &escaped) }
    }
    return Query(raw: String(decoding: escaped, as: UTF8.self))
}
