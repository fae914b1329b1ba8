/// A body in the chunked coding while it is read (RFC 9112 §7.1): a state machine over a receive buffer.
///
/// Chunk extensions and trailers are checked like everything else and then dropped: a trailer is never merged into the
/// head (§7.1.2), where it could replace what has been decided on already.
struct ChunkedBody: Sendable {
    private enum State {
        case size
        case data(remaining: Int)
        /// The CRLF after a chunk's data.
        case dataEnd
        case trailers
    }

    private var state = State.size
    private var line = LineScanner()
    private var trailerBytes = 0
    private var extensionBytes = 0
    private let limits: ParserLimits
    private(set) var body: [UInt8] = []

    init(limits: ParserLimits) {
        self.limits = limits
    }

    /// Takes what it can from the buffer; true when the body is complete.
    mutating func read(_ buffer: inout ReceiveBuffer) throws(WireError) -> Bool {
        while true {
            switch state {
            case .size:
                guard try readSize(&buffer) else { return false }
            case .data(let remaining):
                let taken = min(remaining, buffer.count)
                guard taken > 0 else { return false }
                buffer.append(0..<taken, to: &body)
                buffer.consume(taken)
                state = taken == remaining ? .dataEnd : .data(remaining: remaining - taken)
            case .dataEnd:
                guard !buffer.isEmpty else { return false }
                guard buffer[0] == 0x0D else { throw .badChunk }
                guard buffer.count > 1 else { return false }
                guard buffer[1] == 0x0A else { throw .badChunk }
                buffer.consume(2)
                state = .size
            case .trailers:
                guard let isLast = try readTrailer(&buffer) else { return false }
                if isLast { return true }
            }
        }
    }

    private mutating func readSize(_ buffer: inout ReceiveBuffer) throws(WireError) -> Bool {
        let storage = buffer.storage
        let bytes = storage.span.extracting(buffer.filled)
        switch line.scan(bytes, limit: 16 + limits.chunkExtension) {
        case .open: return false
        case .bad: throw .badChunk
        case .tooLong: throw .chunkExtensionTooLarge(limit: limits.chunkExtension)
        case .line(let end):
            let (size, digits) = try Self.size(bytes.extracting(..<end))
            guard ChunkExtension.isWellFormed(bytes.extracting(digits..<end)) else { throw .badChunk }
            let extensions = end - digits
            extensionBytes += extensions
            // A chunk of one byte may bring a whole line of extensions: what one line may hold bounds no body.
            guard extensions <= limits.chunkExtension, extensionBytes <= limits.headerBytes else {
                throw .chunkExtensionTooLarge(limit: limits.chunkExtension)
            }
            guard size <= UInt64(limits.bodyBytes - body.count) else { throw .bodyTooLarge(limit: limits.bodyBytes) }
            buffer.consume(end + 2)
            line = LineScanner()
            state = size == 0 ? .trailers : .data(remaining: Int(size))
            return true
        }
    }

    /// 1 to 16 hexadecimal digits: what fits 64 bits, so that nothing can overflow.
    private static func size(_ line: Span<UInt8>) throws(WireError) -> (value: UInt64, digits: Int) {
        var value: UInt64 = 0
        var digits = 0
        while digits < line.count, let digit = line[digits].hexadecimalValue {
            guard digits < 16 else { throw .badChunk }
            value = value << 4 | UInt64(digit)
            digits += 1
        }
        guard digits > 0 else { throw .badChunk }
        return (value, digits)
    }

    /// True after the empty line, nil when no line is complete.
    private mutating func readTrailer(_ buffer: inout ReceiveBuffer) throws(WireError) -> Bool? {
        let storage = buffer.storage
        let bytes = storage.span.extracting(buffer.filled)
        let room = limits.trailerBytes - trailerBytes
        switch line.scan(bytes, limit: min(limits.fieldLine, room)) {
        case .open: return nil
        case .bad: throw .badFieldLine
        case .tooLong: throw .fieldsTooLarge(limit: limits.fieldLine < room ? limits.fieldLine : limits.trailerBytes)
        case .line(let end):
            if end > 0 {
                var checked = HeadFields()
                _ = try checked.append(bytes, line: 0..<end, sectionStart: 0)
                trailerBytes += end + 2
            }
            buffer.consume(end + 2)
            line = LineScanner()
            return end == 0
        }
    }
}
