/// Percent-encoding (RFC 3986 §2.1), strict in what it decodes.
package enum PercentCoding {
    /// Encodes everything but RFC 3986's unreserved characters, as `encodeURIComponent` does for all but `!'()*`.
    package static func encodeComponent(_ text: String) -> String {
        encode(text, keeping: .unreserved)
    }

    /// Encodes a path: "/" and the other characters of a path segment stay.
    package static func encodePath(_ path: String) -> String {
        encode(path, keeping: .path)
    }

    static func encode(_ text: String, keeping kept: ByteSet) -> String {
        guard !kept.holdsAll(of: text) else { return text }
        return encode(text.utf8Span.span) { kept.contains($0) }
    }

    @inline(__always)
    static func encode(_ bytes: Span<UInt8>, keeping isKept: (UInt8) -> Bool) -> String {
        String(unsafeUninitializedCapacity: 3 * bytes.count) { memory in
            var writer = ByteWriter(memory)
            for index in bytes.indices {
                let byte = bytes[index]
                guard !isKept(byte) else {
                    writer.put(byte)
                    continue
                }
                writer.put(UInt8(ascii: "%"))
                writer.put(digit(byte >> 4))
                writer.put(digit(byte & 15))
            }
            return writer.count
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    /// Decodes escapes, and "+" to a space where a form asks for it. Throws `.badEscape` for a "%" without two
    /// hexadecimal digits, and for a result that is not UTF-8: half a character hides what a later decoder will see.
    package static func decode(_ text: String, plusIsSpace: Bool = false) throws(WireError) -> String {
        try decode(text.utf8Span.span, plusIsSpace: plusIsSpace)
    }

    static func decode(_ bytes: Span<UInt8>, plusIsSpace: Bool) throws(WireError) -> String {
        var isText = true
        // Straight into the string, whose maker repairs what is no UTF-8: whether there was anything to repair is found
        // out before.
        let text = String(unsafeUninitializedCapacity: bytes.count) { memory in
            do throws(WireError) {
                return try decode(bytes, into: memory, plusIsSpace: plusIsSpace).count
            } catch {
                isText = false
                return 0
            }
        }
        guard isText else { throw .badEscape }
        return text
    }

    /// Whether there is anything to decode.
    static func isEncoded(_ bytes: Span<UInt8>, plusIsSpace: Bool) -> Bool {
        bytes.first(UInt8(ascii: "%"), in: bytes.indices) < bytes.count
            || (plusIsSpace && bytes.first(UInt8(ascii: "+"), in: bytes.indices) < bytes.count)
    }

    /// Decodes into memory with room for as many bytes as there are, and returns the part that is filled.
    static func decode(
        _ bytes: Span<UInt8>, into memory: UnsafeMutableBufferPointer<UInt8>, plusIsSpace: Bool
    ) throws(WireError) -> UnsafeBufferPointer<UInt8> {
        guard let count = write(bytes, to: memory, plusIsSpace: plusIsSpace) else { throw .badEscape }
        let decoded = UnsafeBufferPointer(rebasing: memory[..<count])
        guard decoded.isUTF8 else { throw .badEscape }
        return decoded
    }

    /// How many bytes it comes to, at most as many as there are; nil for a bad escape.
    private static func write(
        _ bytes: Span<UInt8>, to decoded: UnsafeMutableBufferPointer<UInt8>, plusIsSpace: Bool
    ) -> Int? {
        precondition(bytes.count <= decoded.count, "nothing grows by being decoded")
        guard let target = decoded.baseAddress.map({ UnsafeMutableRawPointer($0) }) else { return 0 }
        let raw = bytes.bytes
        // `count` never passes `index`, nor that the count of the bytes: there is room, and no sum overflows.
        var (index, count) = (0, 0)
        while index < bytes.count {
            if index &+ 8 <= bytes.count {
                // Eight bytes go over at a time; what stands behind an escape among them is written over.
                let word = raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
                target.storeBytes(of: word, toByteOffset: count, as: UInt64.self)
                let lanes = ByteWord(word.littleEndian)
                let found = lanes.equal(to: UInt8(ascii: "%")) | lanes.equal(to: UInt8(ascii: "+"))
                // The lowest that was found is one, whatever the borrow makes of those above.
                let plain = found == 0 ? 8 : found.trailingZeroBitCount / 8
                index &+= plain
                count &+= plain
                if found == 0 { continue }
            }
            var byte = bytes[index]
            index &+= 1
            if byte == UInt8(ascii: "%") {
                guard index &+ 1 < bytes.count, let high = bytes[index].hexadecimalValue,
                    let low = bytes[index &+ 1].hexadecimalValue
                else { return nil }
                byte = high << 4 | low
                index &+= 2
            } else if byte == UInt8(ascii: "+"), plusIsSpace {
                byte = 0x20
            }
            target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
            count &+= 1
        }
        return count
    }
}
