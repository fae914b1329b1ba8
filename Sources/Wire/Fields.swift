/// The header fields of a message, in order: one buffer of bytes and the offsets into it.
///
/// A string is made only when a value is asked for, so that a request costs two allocations however many fields it has.
/// `append` is the one door through which values enter an outgoing message, and it lets no line break pass. What it
/// writes are the lines as they go out, so that a message sends its fields with one copy; where each begins is looked up
/// when somebody asks, which hardly anybody does of an answer.
package struct Fields: Sendable {
    /// Where one field lies in `bytes`; the value without the whitespace around it.
    struct Entry: Sendable {
        var nameStart: UInt32
        var valueStart: UInt32
        var valueLength: UInt32
        var nameLength: UInt16
        /// The raw value of the `KnownField`; 0 for any other name.
        var known: UInt8
    }

    private(set) var bytes: [UInt8]
    /// What a parser found in `bytes`.
    private var parsed: [Entry] = []
    /// Whether `bytes` are the lines as they go out, and nothing else; then `parsed` is empty.
    private(set) var isSerialized = true
    /// Of whose names there are fields.
    private(set) var names = KnownFieldSet()

    package init() {
        bytes = []
    }

    /// Fields as a parser found them, whose names and values it has checked. Their lines may hold odd whitespace.
    init(parsed bytes: [UInt8], _ entries: [Entry], names: KnownFieldSet) {
        self.bytes = bytes
        parsed = entries
        isSerialized = false
        self.names = names
    }

    var entries: [Entry] { isSerialized ? Self.entries(in: bytes) : parsed }

    package var count: Int { entries.count }
    package var isEmpty: Bool { bytes.isEmpty }

    /// About how many bytes the lines need.
    var byteCount: Int { bytes.count + parsed.count * 4 }

    /// The first value with this name, without the whitespace around it.
    package subscript(name: FieldName) -> String? {
        guard mayContain(name) else { return nil }
        if isSerialized {
            for entry in entries where matches(entry, name) { return value(of: entry) }
        } else {
            // By index: a copy of the list would be counted.
            for index in parsed.indices where matches(parsed[index], name) { return value(of: parsed[index]) }
        }
        return nil
    }

    package func values(_ name: FieldName) -> [String] {
        guard mayContain(name) else { return [] }
        var values: [String] = []
        for entry in entries where matches(entry, name) { values.append(value(of: entry)) }
        return values
    }

    package func count(_ name: FieldName) -> Int {
        guard mayContain(name) else { return 0 }
        guard isSerialized else {
            var count = 0
            for index in parsed.indices where matches(parsed[index], name) { count += 1 }
            return count
        }
        return entries.count { matches($0, name) }
    }

    package func contains(_ name: FieldName) -> Bool {
        mayContain(name) && (name.known != nil || entries.contains { matches($0, name) })
    }

    /// Adds a field after the others. Throws `.badFieldValue` for a control byte, a line break or a byte outside ASCII
    /// (RFC 9110 §5.5, RFC 9112 §11.1): nothing a visitor sends can begin a header line of its own.
    package mutating func append(_ name: FieldName, _ value: String) throws(WireError) {
        try append(name, value.utf8Span.span)
    }

    package mutating func append(_ name: FieldName, _ value: Span<UInt8>) throws(WireError) {
        try Self.check(value)
        value.withUnsafeBufferPointer { value in
            name.withBytes { appendLine($0, Self.trim(value), known: name.known?.rawValue ?? 0) }
        }
    }

    /// Throws `.badFieldValue` for what no value may hold.
    static func check(_ value: Span<UInt8>) throws(WireError) {
        // A tab is the one control byte that is fine, and hardly any value has one.
        let isPlain = !value.contains { $0.below(0x20) | $0.above(0x7E) }
        guard isPlain || value.allSatisfy({ ($0 >= 0x20 && $0 < 0x7F) || $0 == 0x09 }),
            value.count <= Int(UInt32.max) / 2
        else { throw .badFieldValue }
    }

    /// Adds a field with the first value that another message's field has, if it has one.
    package mutating func append(
        _ name: FieldName, copying other: FieldName, of fields: FieldsView
    ) throws(WireError) {
        guard let value = fields.first(other) else { return }
        try append(name, value.span)
    }

    private mutating func appendLine(
        _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>, known: UInt8
    ) {
        let start = bytes.count
        if start == 0 { bytes.reserveCapacity(512) }
        bytes.append(atMost: name.count + value.count + 4) { writer in
            writer.put(name)
            writer.put(": ")
            writer.put(value)
            writer.put("\r\n")
        }
        if !isSerialized {
            parsed.append(
                Entry(
                    nameStart: UInt32(start), valueStart: UInt32(start + name.count + 2),
                    valueLength: UInt32(value.count), nameLength: UInt16(name.count), known: known))
        }
        names.insert(known)
    }

    /// The fields of lines that `appendLine` wrote.
    private static func entries(in lines: [UInt8]) -> [Entry] {
        let bytes = lines.span
        var entries: [Entry] = []
        var start = 0
        while start < bytes.count {
            let colon = bytes.first(UInt8(ascii: ":"), in: start..<bytes.count)
            let end = bytes.first(0x0D, in: colon..<bytes.count)
            entries.append(
                Entry(
                    nameStart: UInt32(start), valueStart: UInt32(colon + 2), valueLength: UInt32(end - colon - 2),
                    nameLength: UInt16(colon - start),
                    known: KnownField.named(bytes.extracting(start..<colon))?.rawValue ?? 0))
            start = end + 2
        }
        return entries
    }

    /// Adds the fields whose names are not here yet. They were checked when they were put together, so a block that
    /// belongs to every answer costs one copy.
    package mutating func append(missing others: Fields) {
        precondition(!others.names.hasOthers, "a block is made of known names")
        if others.names.isSubset(of: names) { return }
        guard isSerialized, others.isSerialized, names.isDisjoint(with: others.names) else {
            let before = names
            for entry in others.entries where !before.contains(entry.known) {
                others.nameBytes(of: entry).withUnsafeBufferPointer { name in
                    others.valueBytes(of: entry).withUnsafeBufferPointer {
                        appendLine(name, $0, known: entry.known)
                    }
                }
            }
            return
        }
        bytes.append(contentsOf: others.bytes)
        names.formUnion(others.names)
    }

    /// Puts one field in the place of all with its name.
    package mutating func set(_ name: FieldName, _ value: String) throws(WireError) {
        let before = self
        remove(name)
        do throws(WireError) {
            try append(name, value)
        } catch {
            self = before
            throw error
        }
    }

    package mutating func remove(_ name: FieldName) {
        guard contains(name) else { return }
        // The lines that stay are written anew, as they go out.
        let former = self
        self = Fields()
        for entry in former.entries where !former.matches(entry, name) {
            former.nameBytes(of: entry).withUnsafeBufferPointer { name in
                former.valueBytes(of: entry).withUnsafeBufferPointer { appendLine(name, $0, known: entry.known) }
            }
        }
    }

    // MARK: - For the rest of the room

    /// Whether it is worth looking for this name.
    private func mayContain(_ name: FieldName) -> Bool {
        names.contains(name.known?.rawValue ?? 0)
    }

    func matches(_ entry: Entry, _ name: FieldName) -> Bool {
        if let known = name.known { return entry.known == known.rawValue }
        return entry.known == 0 && bytes.withUnsafeBufferPointer { FieldsView.isSpelled(entry, name, in: $0) }
    }

    func name(of entry: Entry) -> String {
        String(decoding: nameBytes(of: entry), as: UTF8.self)
    }

    func nameBytes(of entry: Entry) -> ArraySlice<UInt8> {
        bytes[range(entry.nameStart, UInt32(entry.nameLength))]
    }

    /// Bytes outside ASCII are legal in a request's field (RFC 9110 §5.5 `obs-text`); what is not UTF-8 is replaced.
    func value(of entry: Entry) -> String {
        String(decoding: valueBytes(of: entry), as: UTF8.self)
    }

    func valueBytes(of entry: Entry) -> ArraySlice<UInt8> {
        bytes[valueRange(of: entry)]
    }

    func valueRange(of entry: Entry) -> Range<Int> {
        range(entry.valueStart, entry.valueLength)
    }

    private func range(_ start: UInt32, _ length: UInt32) -> Range<Int> {
        Int(start)..<Int(start) + Int(length)
    }

    /// Drops the optional whitespace of RFC 9110 §5.6.3 from both ends.
    private static func trim(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        var start = 0
        var end = bytes.count
        while start < end, bytes[start].isWhitespace { start += 1 }
        while start < end, bytes[end - 1].isWhitespace { end -= 1 }
        return UnsafeBufferPointer(rebasing: bytes[start..<end])
    }
}

extension Fields: Sequence {
    /// The fields in their order, each name as it is spelled here.
    package func makeIterator() -> AnyIterator<(name: String, value: String)> {
        var rest = entries.makeIterator()
        return AnyIterator { rest.next().map { (self.name(of: $0), self.value(of: $0)) } }
    }
}

extension Fields: Equatable {
    /// The same names and values in the same order; names without regard to case.
    package static func == (left: Fields, right: Fields) -> Bool {
        guard left.count == right.count else { return false }
        for (one, other) in zip(left.entries, right.entries) {
            guard one.known == other.known, left.valueBytes(of: one) == right.valueBytes(of: other),
                left.name(of: one).asciiLowercased == right.name(of: other).asciiLowercased
            else { return false }
        }
        return true
    }
}
