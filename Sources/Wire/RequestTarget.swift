/// What a request asks for, in any of the four forms of RFC 9112 §3.2.
struct RequestTarget {
    var path: String
    var query: Query
    /// Present in absolute form, where it replaces `Host`, and for `CONNECT`.
    var authority: Authority?

    init() {
        self.init(asteriskOf: nil)
    }

    init(_ bytes: Span<UInt8>, method: Method) throws(WireError) {
        guard !bytes.isEmpty else { throw .badTarget }
        if method == .connect {
            // Authority form: host and port, both obligatory (RFC 9110 §9.3.6).
            guard let named = Authority(bytes), named.port != nil else { throw .badTarget }
            self.init(asteriskOf: named)
            return
        }
        switch bytes[0] {
        case UInt8(ascii: "/"):
            try self.init(origin: bytes, authority: nil)
        case UInt8(ascii: "*"):
            guard bytes.count == 1, method == .options else { throw .badTarget }
            self.init(asteriskOf: nil)
        default:
            try self.init(absolute: bytes, method: method)
        }
    }

    private init(asteriskOf authority: Authority?) {
        path = "*"
        query = Query(raw: "")
        self.authority = authority
    }

    private init(absolute bytes: Span<UInt8>, method: Method) throws(WireError) {
        guard let start = Self.schemeLength(bytes) else { throw .badTarget }
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "/"), bytes[end] != UInt8(ascii: "?") { end += 1 }
        guard let named = Authority(bytes.extracting(start..<end)) else { throw .badTarget }
        if end == bytes.count, method == .options {
            // `OPTIONS http://host` asks about the server as a whole (RFC 9112 §3.2.4).
            self.init(asteriskOf: named)
        } else {
            try self.init(origin: bytes.extracting(end...), authority: named)
        }
    }

    private init(origin bytes: Span<UInt8>, authority: Authority?) throws(WireError) {
        let pathEnd = bytes.first(UInt8(ascii: "?"), in: bytes.indices)
        guard Self.isEncoded(bytes.extracting(..<pathEnd), in: .path) else { throw .badTarget }
        path = pathEnd == 0 ? "/" : bytes.extracting(..<pathEnd).text
        self.authority = authority
        guard pathEnd < bytes.count else {
            query = Query(raw: "")
            return
        }
        let rest = bytes.extracting((pathEnd + 1)...)
        guard Self.isEncoded(rest, in: .query) else { throw .badTarget }
        query = Query(raw: rest.text)
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
