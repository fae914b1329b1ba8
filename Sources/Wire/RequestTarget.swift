/// What a request asks for, in any of the four forms of RFC 9112 §3.2.
struct RequestTarget {
    var path: String
    var query: Query
    /// Present in absolute form, where it replaces `Host`, and for `CONNECT`.
    var authority: Authority?

    init(_ bytes: [UInt8], method: Method) throws(WireError) {
        let parsed: Result<RequestTarget, WireError> = bytes.withUnsafeBufferPointer { bytes in
            Result { () throws(WireError) in try RequestTarget(bytes, method: method) }
        }
        self = try parsed.get()
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>, method: Method) throws(WireError) {
        if method == .connect {
            // Authority form: host and port, both obligatory (RFC 9110 §9.3.6).
            guard let named = Authority(bytes), named.port != nil else { throw .badTarget }
            self.init(asteriskOf: named)
            return
        }
        switch bytes.first {
        case UInt8(ascii: "/"):
            try self.init(origin: bytes[...], authority: nil)
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

    private init(absolute bytes: UnsafeBufferPointer<UInt8>, method: Method) throws(WireError) {
        guard let schemeLength = Self.schemeLength(bytes) else { throw .badTarget }
        let rest = bytes[schemeLength...]
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        guard let named = Authority(UnsafeBufferPointer(rebasing: rest[..<end])) else { throw .badTarget }
        if end == rest.endIndex, method == .options {
            // `OPTIONS http://host` asks about the server as a whole (RFC 9112 §3.2.4).
            self.init(asteriskOf: named)
        } else {
            try self.init(origin: rest[end...], authority: named)
        }
    }

    private init(origin bytes: Slice<UnsafeBufferPointer<UInt8>>, authority: Authority?) throws(WireError) {
        let pathSet = ByteSet.path
        let querySet = ByteSet.query
        var index = bytes.startIndex
        var pathEnd = bytes.endIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.endIndex, bytes[index + 1].hexadecimalValue != nil,
                    bytes[index + 2].hexadecimalValue != nil
                else { throw .badTarget }
                index += 3
                continue
            }
            if pathEnd == bytes.endIndex, byte == UInt8(ascii: "?") {
                pathEnd = index
            } else {
                guard pathEnd == bytes.endIndex ? pathSet.contains(byte) : querySet.contains(byte) else {
                    throw .badTarget
                }
            }
            index += 1
        }
        let path = bytes[..<pathEnd]
        self.path = path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
        query = Query(raw: pathEnd < bytes.endIndex ? String(decoding: bytes[(pathEnd + 1)...], as: UTF8.self) : "")
        self.authority = authority
    }

    /// How long `http://` or `https://` is here, in any case; `nil` for any other scheme.
    private static func schemeLength(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        for scheme in ["http://", "https://"] as [StaticString] {
            let matches = scheme.withUTF8Buffer { scheme in
                bytes.count > scheme.count && zip(scheme, bytes).allSatisfy { $0 == $1.lowercased }
            }
            if matches { return scheme.utf8CodeUnitCount }
        }
        return nil
    }
}
