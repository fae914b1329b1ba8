/// The header fields of a message that somebody else holds, lent for the length of a call: `Fields` without a copy.
package struct FieldsView {
    let bytes: UnsafeBufferPointer<UInt8>
    let entries: UnsafeBufferPointer<Fields.Entry>
    let names: KnownFieldSet

    package func contains(_ name: FieldName) -> Bool {
        mayContain(name) && (name.known != nil || entries.contains { matches($0, name) })
    }

    /// As the subscript of `Fields`.
    package subscript(name: FieldName) -> String? { first(name)?.span.text }

    /// Whether the first value with this name is these bytes.
    package func firstValue(_ name: FieldName, is wanted: StaticString) -> Bool {
        first(name)?.span.isEqual(to: wanted) ?? false
    }

    /// The first value with this name, without the whitespace around it.
    func first(_ name: FieldName) -> UnsafeBufferPointer<UInt8>? {
        guard mayContain(name) else { return nil }
        for index in entries.indices where matches(entries[index], name) { return value(of: entries[index]) }
        return nil
    }

    /// Has `isGood` look at the value of the one field with this name, which makes no string. Nil where there is none;
    /// false where there are several, of which nobody knows which one counts.
    package func onlyValue(_ name: FieldName, isGood: (Span<UInt8>) -> Bool) -> Bool? {
        guard mayContain(name) else { return nil }
        var found: Int?
        for index in entries.indices where matches(entries[index], name) {
            guard found == nil else { return false }
            found = index
        }
        guard let found else { return nil }
        return isGood(value(of: entries[found]).span)
    }

    /// Hands over the values with this name, the last one first, until `body` wants no more.
    package func forEachValueFromLast(_ name: FieldName, _ body: (Span<UInt8>) -> Bool) {
        guard mayContain(name) else { return }
        for index in entries.indices.reversed() where matches(entries[index], name) {
            guard body(value(of: entries[index]).span) else { return }
        }
    }

    /// The same as a value of its own.
    func copy() -> Fields {
        Fields(parsed: Array(bytes), Array(entries), names: names)
    }

    /// Whether it is worth looking for this name.
    @inline(__always)
    private func mayContain(_ name: FieldName) -> Bool {
        names.contains(name.known?.rawValue ?? 0)
    }

    @inline(__always)
    func matches(_ entry: Fields.Entry, _ name: FieldName) -> Bool {
        if let known = name.known { return entry.known == known.rawValue }
        return entry.known == 0 && Self.isSpelled(entry, name, in: bytes)
    }

    /// Whether a field that is not among the known ones has this name.
    static func isSpelled(_ entry: Fields.Entry, _ name: FieldName, in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        name.withBytes { wanted in
            guard wanted.count == Int(entry.nameLength) else { return false }
            let start = Int(entry.nameStart)
            for index in 0..<wanted.count where wanted[index].lowercased != bytes[start + index].lowercased {
                return false
            }
            return true
        }
    }

    @inline(__always)
    func value(of entry: Fields.Entry) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: bytes[Int(entry.valueStart)..<Int(entry.valueStart) + Int(entry.valueLength)])
    }
}

extension Fields {
    /// Lends the fields for the length of a call.
    package func lend<Result, Failure: Error>(
        _ body: (FieldsView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let entries = entries
        return try bytes.withUnsafeBufferPointer { bytes throws(Failure) in
            try entries.withUnsafeBufferPointer { entries throws(Failure) in
                try body(FieldsView(bytes: bytes, entries: entries, names: names))
            }
        }
    }
}
