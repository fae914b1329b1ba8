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
        var first: String?
        try forEach(name) { value throws(WireError) in
            first = value
            return false
        }
        return first
    }

    package func all(_ name: String) throws(WireError) -> [String] {
        var all: [String] = []
        try forEach(name) { value throws(WireError) in
            all.append(value)
            return true
        }
        return all
    }

    /// The one value with this name. Two of them throw `.duplicateParameter`: which one counts is what attackers and
    /// proxies disagree about.
    package func only(_ name: String) throws(WireError) -> String? {
        try lend { query throws(WireError) in try query.only(name.utf8Span.span) }
    }

    /// The names, sorted, each once: what a log may show. A name that cannot be decoded is shown as it came.
    package var keys: [String] {
        var keys: Set<String> = []
        lend { $0.forEachName { keys.insert($0.text) } }
        return keys.sorted()
    }

    /// Hands over the values with this name, decoded, until `body` wants no more.
    private func forEach(_ name: String, _ body: (String) throws(WireError) -> Bool) throws(WireError) {
        try lend { query throws(WireError) in
            try query.forEach(name.utf8Span.span) { place throws(WireError) in
                try body(try PercentCoding.decode(query.bytes.span.extracting(place), plusIsSpace: true))
            }
        }
    }
}

/// Reads a body of type `application/x-www-form-urlencoded`. Bytes outside ASCII become escapes, so that a body which is
/// not UTF-8 throws `.badEscape` at the parameter that holds it, like any other bad value.
package func parseForm(_ body: [UInt8]) -> Query {
    guard body.span.contains({ $0.above(0x7F) }) else { return Query(raw: body.span.text) }
    return Query(raw: PercentCoding.encode(body.span) { $0 < 0x80 })
}
