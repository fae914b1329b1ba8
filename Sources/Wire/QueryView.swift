/// The parameters of a query that somebody else holds, lent for the length of a call: what `Query` is, without a copy.
package struct QueryView {
    let bytes: UnsafeBufferPointer<UInt8>

    package var isEmpty: Bool { bytes.isEmpty }

    /// The same as a value of its own.
    package func copy() -> Query { Query(raw: bytes.span.text) }

    /// Where the value stands, if there is one parameter, and it has this name as it stands: then nobody need look for
    /// others.
    @inline(__always)
    private func placeIfAlone(_ name: StaticString) -> Range<Int>? {
        let bytes = bytes.span
        let length = name.utf8CodeUnitCount
        guard bytes.count > length, bytes[length] == UInt8(ascii: "="), bytes.isPrefixed(by: name),
            bytes.first(UInt8(ascii: "&"), in: length..<bytes.count) == bytes.count
        else { return nil }
        return length + 1..<bytes.count
    }

    /// Whether there is one parameter, and it has this name as it stands.
    package func isOnly(_ name: StaticString) -> Bool { placeIfAlone(name) != nil }

    /// Whether there is a parameter with this name. Throws `.badEscape` where a name before it cannot be decoded.
    package func contains(_ name: StaticString) throws(WireError) -> Bool {
        var isThere = false
        try forEach(name.bytes.span) { _ in
            isThere = true
            return false
        }
        return isThere
    }

    /// As `Query.only`.
    package func only(_ name: StaticString) throws(WireError) -> String? { try only(name.bytes.span) }

    func only(_ name: Span<UInt8>) throws(WireError) -> String? {
        guard let place = try place(of: name) else { return nil }
        return try PercentCoding.decode(bytes.span.extracting(place), plusIsSpace: true)
    }

    /// Lends the one value with this name, decoded; nil where there is none. Throws as `Query.only`, and what `body`
    /// throws.
    package func withOnly(_ name: StaticString, _ body: (Span<UInt8>?) throws -> Void) throws {
        guard let place = try placeIfAlone(name) ?? place(of: name.bytes.span) else { return try body(nil) }
        let value = bytes.span.extracting(place)
        guard PercentCoding.isEncoded(value, plusIsSpace: true) else { return try body(value) }
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: value.count) { memory in
            try body(try PercentCoding.decode(value, into: memory, plusIsSpace: true).span)
        }
    }

    /// Where the one value with this name stands. Two of them throw `.duplicateParameter`.
    private func place(of name: Span<UInt8>) throws(WireError) -> Range<Int>? {
        var only: Range<Int>?
        try forEach(name) { place throws(WireError) in
            guard only == nil else { throw .duplicateParameter }
            only = place
            return true
        }
        return only
    }

    /// Hands over the name of each parameter, decoded; one that cannot be decoded as it came.
    package func forEachName(_ body: (Span<UInt8>) -> Void) {
        let bytes = bytes.span
        var start = 0
        while start < bytes.count {
            let end = bytes.first(UInt8(ascii: "&"), in: start..<bytes.count)
            let nameEnd = bytes.first(UInt8(ascii: "="), in: start..<end)
            let name = bytes.extracting(start..<nameEnd)
            if PercentCoding.isEncoded(name, plusIsSpace: true),
                let decoded = try? PercentCoding.decode(name, plusIsSpace: true)
            {
                body(decoded.utf8Span.span)
            } else if end > start {
                body(name)
            }
            start = end + 1
        }
    }

    /// Hands over where the values with this name stand, not decoded, until `body` wants no more.
    @inline(__always)
    func forEach(_ wanted: Span<UInt8>, _ body: (Range<Int>) throws(WireError) -> Bool) throws(WireError) {
        let bytes = bytes.span
        var start = 0
        while start < bytes.count {
            var nameEnd = start
            var isEscaped = false
            while nameEnd < bytes.count, bytes[nameEnd] != UInt8(ascii: "="), bytes[nameEnd] != UInt8(ascii: "&") {
                isEscaped = isEscaped || bytes[nameEnd] == UInt8(ascii: "%") || bytes[nameEnd] == UInt8(ascii: "+")
                nameEnd += 1
            }
            let end = bytes.first(UInt8(ascii: "&"), in: nameEnd..<bytes.count)
            // "&&" holds no parameter, not even one without a name (WHATWG URL §5.1).
            if end > start, try Self.matches(bytes.extracting(start..<nameEnd), isEscaped, wanted) {
                guard try body(min(nameEnd + 1, end)..<end) else { return }
            }
            start = end + 1
        }
    }

    /// A name that is escaped is the same name.
    private static func matches(
        _ name: Span<UInt8>, _ isEscaped: Bool, _ wanted: Span<UInt8>
    ) throws(WireError) -> Bool {
        guard isEscaped else { return name.isEqual(to: wanted) }
        return wanted.isEqual(to: try PercentCoding.decode(name, plusIsSpace: true).utf8Span.span)
    }
}

extension Query {
    /// Lends itself for the length of a call.
    package func lend<Result, Failure: Error>(
        _ body: (QueryView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try raw.utf8Span.span.withUnsafeBufferPointer { bytes throws(Failure) in
            try body(QueryView(bytes: bytes))
        }
    }
}
