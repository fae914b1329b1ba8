/// Writes one piece behind the other into memory that an array or a string lends: whether there is room is asked once for
/// each, and nothing grows on the way.
package struct ByteWriter: ~Copyable {
    @usableFromInline let memory: UnsafeMutableBufferPointer<UInt8>
    /// How many have been written.
    @usableFromInline package internal(set) var count = 0

    /// The memory must outlive the writer. What does not fit it traps.
    @inlinable
    package init(_ memory: UnsafeMutableBufferPointer<UInt8>) {
        self.memory = memory
    }

    @inlinable
    package mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
        precondition(bytes.count <= memory.count - count, "a piece fits the memory")
        guard let source = bytes.baseAddress, let target = memory.baseAddress else { return }
        (target + count).update(from: source, count: bytes.count)
        count += bytes.count
    }

    @inlinable
    package mutating func put(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { put($0) }
    }

    // Into its caller, where the length is known: a few stores in the place of a call.
    @inlinable @inline(__always)
    package mutating func put(_ text: StaticString) {
        put(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    @inlinable @inline(__always)
    package mutating func put(_ byte: UInt8) {
        precondition(count < memory.count, "a piece fits the memory")
        memory[count] = byte
        count += 1
    }

    /// Writes a number that is not negative.
    package mutating func put(decimal number: Int) {
        precondition(number >= 0, "lengths and counts are not negative")
        put(decimal: number.magnitude)
    }

    package mutating func put(decimal number: UInt) {
        // From the last digit, in twenty places, which hold any of 64 bits.
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var (rest, start) = (number, digits.count)
        repeat {
            start -= 1
            digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        put(digits.span.extracting(start...))
    }

    /// Writes all sixteen digits of a number.
    package mutating func put(hexadecimal number: UInt64) {
        var digits = InlineArray<16, UInt8>(repeating: 0)
        for place in 0..<16 {
            digits[place] = Self.digit(UInt8(truncatingIfNeeded: number >> UInt64(60 &- 4 &* place)) & 15)
        }
        put(digits.span)
    }

    /// Writes one hexadecimal digit, in lower case, of a value below 16.
    package mutating func put(hexadecimalDigit value: UInt8) {
        put(Self.digit(value))
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value &+ (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") &- 10)
    }

    /// What has been written.
    package var written: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(rebasing: memory[..<count]) }
}

extension ByteWriter {
    /// Writes the lines of the fields that are not held back.
    mutating func put(_ fields: Fields, except heldBack: KnownFieldSet) {
        if fields.isSerialized, fields.names.isDisjoint(with: heldBack) { return put(fields.bytes.span) }
        for entry in fields.entries where !heldBack.contains(entry.known) {
            fields.nameBytes(of: entry).withUnsafeBufferPointer { put($0) }
            put(": ")
            fields.valueBytes(of: entry).withUnsafeBufferPointer { put($0) }
            put("\r\n")
        }
    }
}

extension [UInt8] {
    /// Appends what `body` writes, which is at most `capacity` bytes.
    package mutating func append(atMost capacity: Int, _ body: (inout ByteWriter) -> Void) {
        append(addingCapacity: capacity) { span in
            span.withUnsafeMutableBufferPointer { all, used in
                var writer = ByteWriter(UnsafeMutableBufferPointer(rebasing: all[used...]))
                body(&writer)
                used += writer.count
            }
        }
    }
}
