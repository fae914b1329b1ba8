import FoundationEssentials
import WeChat
import Wire

/// Bytes that are no record of the expected form.
struct UnfitRecord: Error {}

/// Writes a record of ours: field after field, each text with its length before it.
struct RecordWriter {
    var bytes: [UInt8] = []

    mutating func put(_ byte: UInt8) { bytes.append(byte) }

    mutating func put(_ flag: Bool) { put(flag ? 1 : 0 as UInt8) }

    mutating func put(_ scope: Scope) { put(scope == .userinfo) }

    /// In four bytes: nothing in a record is larger.
    mutating func put(count: Int) {
        withUnsafeBytes(of: UInt32(count).littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// To the bit, so that what is read is what was written.
    mutating func put(_ date: Date) {
        withUnsafeBytes(of: date.timeIntervalSinceReferenceDate.bitPattern.littleEndian) {
            bytes.append(contentsOf: $0)
        }
    }

    mutating func put(bytes text: [UInt8]) {
        put(count: text.count)
        bytes.append(contentsOf: text)
    }

    mutating func put(_ text: String) {
        put(count: text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    mutating func put(_ text: String?) {
        put(text != nil)
        if let text { put(text) }
    }
}

/// Reads what `RecordWriter` has written, and trusts nothing: what is cut short or impossible throws.
struct RecordReader {
    private let all: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { all = bytes }

    var isAtEnd: Bool { at == all.count }

    private mutating func take(_ count: Int) throws(UnfitRecord) -> ArraySlice<UInt8> {
        guard count <= all.count - at else { throw UnfitRecord() }
        defer { at += count }
        return all[at..<at + count]
    }

    mutating func byte() throws(UnfitRecord) -> UInt8 {
        guard at < all.count else { throw UnfitRecord() }
        defer { at += 1 }
        return all[at]
    }

    mutating func flag() throws(UnfitRecord) -> Bool {
        switch try byte() {
        case 0: return false
        case 1: return true
        default: throw UnfitRecord()
        }
    }

    mutating func scope() throws(UnfitRecord) -> Scope { try flag() ? .userinfo : .base }

    mutating func count() throws(UnfitRecord) -> Int {
        Int(try take(4).reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) })
    }

    mutating func date() throws(UnfitRecord) -> Date {
        let bits = try take(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        return Date(timeIntervalSinceReferenceDate: Double(bitPattern: bits))
    }

    mutating func bytes() throws(UnfitRecord) -> ArraySlice<UInt8> { try take(try count()) }

    mutating func text() throws(UnfitRecord) -> String {
        guard let text = try bytes().withUnsafeBufferPointer(\.text) else { throw UnfitRecord() }
        return text
    }

    mutating func optionalText() throws(UnfitRecord) -> String? { try flag() ? try text() : nil }
}
