/// Finds the ends of lines, and the bytes which no line may hold, in one pass over what has arrived.
///
/// A line ends with CRLF and nothing else: a bare LF or CR is where two readers of one message come to disagree about
/// its lines (RFC 9112 §2.2, §11.2). A control byte is reported as soon as it is seen, without waiting for the end of a
/// line that may never come.
struct LineScanner: Sendable {
    enum Finding: Equatable {
        /// No end yet; all bytes are fit for a line.
        case open
        /// A line ends before this offset, where its CRLF stands.
        case line(end: Int)
        /// The line is longer than it may be.
        case tooLong
        /// A control byte, or a CR or LF by itself.
        case bad
    }

    /// Where the line begins, as an offset into the buffer.
    private(set) var start = 0
    /// Bytes before this one have been looked at.
    private var looked = 0

    init(start: Int = 0) {
        self.start = start
        looked = start
    }

    /// Goes on where it stopped. The line may hold bytes before `limit`, an offset like all others.
    mutating func scan(_ bytes: Span<UInt8>, limit: Int) -> Finding {
        let stop = Self.firstControl(in: bytes, from: looked)
        looked = stop
        // The limit comes first, so that the finding does not depend on how the bytes were cut into reads.
        if stop > limit { return .tooLong }
        if stop == bytes.count { return .open }
        guard bytes[stop] == 0x0D else { return .bad }
        if stop + 1 == bytes.count { return .open }
        return bytes[stop + 1] == 0x0A ? .line(end: stop) : .bad
    }

    /// Takes up the line after the one that ended at `end`.
    mutating func advance(past end: Int) {
        self = LineScanner(start: end + 2)
    }

    /// The first byte that is a control character other than HTAB, or the count. Eight bytes at a time: a byte below
    /// 0x20, or 0x7F, sets the top bit of its lane. The carry can add false alarms above a true one only, so that the
    /// lowest is true.
    private static func firstControl(in bytes: Span<UInt8>, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let raw = bytes.bytes
        var index = start
        while index + 8 <= bytes.count {
            // Eight bytes from here are within the span.
            let word = raw.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self).littleEndian
            let delete = word ^ (ones &* 0x7F)
            let alarms = ((word &- (ones &* 0x20)) & ~word | (delete &- ones) & ~delete) & tops
            guard alarms != 0 else {
                index &+= 8
                continue
            }
            index &+= alarms.trailingZeroBitCount / 8
            guard bytes[index] == 0x09 else { return index }
            index &+= 1
        }
        while index < bytes.count, !isControl(bytes[index]) { index += 1 }
        return index
    }

    @inline(__always)
    private static func isControl(_ byte: UInt8) -> Bool {
        (byte < 0x20 && byte != 0x09) || byte == 0x7F
    }
}
