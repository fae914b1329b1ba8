/// What the fields of a message say about where its body ends (RFC 9112 §6).
///
/// Requests smuggled past a proxy live on two readers deciding this differently, so whatever leaves room for a second
/// reading is refused instead of repaired.
struct Framing: Sendable {
    enum Body: Equatable, Sendable {
        case none
        case length(Int)
        case chunked
    }

    private enum Coding {
        case chunked
        /// Other codings, with `chunked` last: understood as a message, but not decodable here.
        case unsupported
        case bad
    }

    private var length: UInt64?
    private var coding: Coding?

    /// Notes a `Content-Length`: one line of 1 to 19 digits (§6.2, §6.3). A list, even of equal numbers, is refused.
    /// A server may have sent the same line twice, which §6.3 lets a client accept.
    mutating func noteLength(_ value: Span<UInt8>, mayRepeat: Bool = false) throws(WireError) {
        guard let number = value.decimal else { throw .badContentLength }
        guard length == nil || (mayRepeat && length == number) else { throw .badContentLength }
        length = number
    }

    /// Notes a `Transfer-Encoding`: one line, exactly `chunked` (§6.1).
    mutating func noteCoding(_ value: Span<UInt8>) throws(WireError) {
        guard coding == nil else { throw .badTransferEncoding }
        coding = Self.coding(value)
    }

    /// The decision at the end of a head.
    func body(version: Version, limit: Int) throws(WireError) -> Body {
        guard let coding else {
            guard let length, length > 0 else { return .none }
            guard let count = Int(exactly: length), count <= limit else { throw .bodyTooLarge(limit: limit) }
            return .length(count)
        }
        guard length == nil else { throw .conflictingLengths }
        // §6.1: whoever speaks 1.0 does not know transfer codings, so something between us does not either.
        guard version == .http11 else { throw .badTransferEncoding }
        switch coding {
        case .chunked: return .chunked
        case .unsupported: throw .unsupportedTransferCoding
        case .bad: throw .badTransferEncoding
        }
    }

    /// Whether the head said how long the body is, if only that there is none.
    var isExplicit: Bool { length != nil || coding != nil }

    private static func coding(_ value: Span<UInt8>) -> Coding {
        let token = ByteSet.token
        var count = 0
        var isGood = true
        var endsInChunked = false
        value.forEachInList { element in
            let name = value.extracting(element)
            // Nothing may follow `chunked`, not even itself.
            isGood = isGood && !endsInChunked && !name.isEmpty && name.allSatisfy(token.contains)
            endsInChunked = name.isEqualIgnoringCase("chunked")
            count += 1
        }
        guard isGood, endsInChunked else { return .bad }
        return count == 1 ? .chunked : .unsupported
    }
}
