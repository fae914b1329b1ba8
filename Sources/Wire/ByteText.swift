extension [UInt8] {
    /// Appends text known when the program was compiled, without making a string of it.
    @inline(__always)
    mutating func append(text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    mutating func append(decimal number: Int) {
        precondition(number >= 0, "lengths and counts are not negative")
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    mutating func append(field name: FieldName, text value: String) {
        name.withBytes { append(contentsOf: $0) }
        append(text: ": ")
        append(contentsOf: value.utf8)
        append(text: "\r\n")
    }

    /// Appends the lines of the fields that are not held back.
    mutating func append(_ fields: Fields, except heldBack: KnownFieldSet) {
        if fields.isSerialized, fields.names.isDisjoint(with: heldBack) {
            append(contentsOf: fields.bytes)
            return
        }
        for entry in fields.entries where !heldBack.contains(entry.known) {
            append(contentsOf: fields.nameBytes(of: entry))
            append(text: ": ")
            append(contentsOf: fields.valueBytes(of: entry))
            append(text: "\r\n")
        }
    }
}
