/// What a request asks for, in any of the four forms of RFC 9112 §3.2.
///
/// It holds where the parts stand in the bytes it was read from, and no copy of them.
struct RequestTarget {
    /// Nil for "*", which also stands where there is no path: `CONNECT`, and `OPTIONS http://host`.
    private(set) var path: Range<Int>?
    /// Without its "?"; empty where there is none.
    private(set) var query = 0..<0

    init() {}

    /// - Parameter authority: set in absolute form, where it replaces `Host`, and for `CONNECT`; nil in all others.
    init(_ bytes: Span<UInt8>, method: Method, authority: inout Authority?) throws(WireError) {
        if authority != nil { authority = nil }
        guard !bytes.isEmpty else { throw .badTarget }
        if method == .connect {
            // Authority form: host and port, both obligatory (RFC 9110 §9.3.6).
            guard let named = Authority(bytes), named.port != nil else { throw .badTarget }
            authority = named
            return
        }
        switch bytes[0] {
        case UInt8(ascii: "/"):
            try readOrigin(bytes, from: 0)
        case UInt8(ascii: "*"):
            guard bytes.count == 1, method == .options else { throw .badTarget }
        default:
            try readAbsolute(bytes, method: method, &authority)
        }
    }

    private mutating func readAbsolute(
        _ bytes: Span<UInt8>, method: Method, _ authority: inout Authority?
    ) throws(WireError) {
        guard let start = Self.schemeLength(bytes) else { throw .badTarget }
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        guard let named = Authority(bytes.extracting(start..<end)) else { throw .badTarget }
        authority = named
        // `OPTIONS http://host` asks about the server as a whole (RFC 9112 §3.2.4).
        if end == bytes.count, method == .options { return }
        try readOrigin(bytes, from: end)
        // No path is the path "/", such as the last one of "http://".
        if path?.isEmpty == true { path = start - 1..<start }
    }

    private mutating func readOrigin(_ bytes: Span<UInt8>, from start: Int) throws(WireError) {
        let pathEnd = bytes.first(UInt8(ascii: "?"), in: start..<bytes.count)
        guard Self.isEncoded(bytes.extracting(start..<pathEnd), in: .path) else { throw .badTarget }
        path = start..<pathEnd
        guard pathEnd < bytes.count else { return }
        query = pathEnd + 1..<bytes.count
        guard Self.isQuery(bytes.extracting(query)) else { throw .badTarget }
    }

    /// What stands for the path in the bytes that this was read from.
    func path(in bytes: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
        path.map { UnsafeBufferPointer(rebasing: bytes[$0]) } ?? ("*" as StaticString).bytes
    }

    func query(in bytes: UnsafeBufferPointer<UInt8>) -> QueryView {
        QueryView(bytes: UnsafeBufferPointer(rebasing: bytes[query]))
    }

    /// Whether there are nothing but the bytes of `ByteSet.query` and well-formed escapes: the same as `isEncoded`, for
    /// the one part of a request that is long.
    private static func isQuery(_ bytes: Span<UInt8>) -> Bool {
        let hasOthers = bytes.contains { word in
            word.below(0x21) | word.above(0x7E) | word.equal(to: UInt8(ascii: "\""), or: UInt8(ascii: "#"))
                | word.equal(to: UInt8(ascii: "<"), or: UInt8(ascii: ">"))
        }
        if hasOthers { return false }
        var escape = bytes.first(UInt8(ascii: "%"), in: bytes.indices)
        while escape < bytes.count {
            guard escape + 2 < bytes.count, bytes[escape + 1].hexadecimalValue != nil,
                bytes[escape + 2].hexadecimalValue != nil
            else { return false }
            escape = bytes.first(UInt8(ascii: "%"), in: escape + 3..<bytes.count)
        }
        return true
    }

    /// Whether there is nothing but these bytes and well-formed escapes.
    private static func isEncoded(_ bytes: Span<UInt8>, in set: ByteSet) -> Bool {
        var index = 0
        while index < bytes.count {
            if set.contains(bytes[index]) {
                index += 1
            } else {
                guard bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                    bytes[index + 1].hexadecimalValue != nil, bytes[index + 2].hexadecimalValue != nil
                else { return false }
                index += 3
            }
        }
        return true
    }

    /// How long `http://` or `https://` is here, in any case; nil for any other scheme.
    private static func schemeLength(_ bytes: Span<UInt8>) -> Int? {
        for scheme in ["http://", "https://"] as [StaticString] where bytes.count > scheme.utf8CodeUnitCount {
            let length = scheme.utf8CodeUnitCount
            if bytes.extracting(..<length).isEqualIgnoringCase(scheme) { return length }
        }
        return nil
    }
}
