/// A set of ASCII bytes as a 128-bit map: membership is a shift and a mask, cheap enough for every byte of a request.
struct ByteSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    init(_ members: String) {
        for byte in members.utf8 { insert(byte) }
    }

    func union(_ members: String) -> ByteSet {
        var all = self
        for byte in members.utf8 { all.insert(byte) }
        return all
    }

    private mutating func insert(_ byte: UInt8) {
        precondition(byte < 128, "a byte set holds ASCII only")
        if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte & 63) }
    }

    @inline(__always)
    func contains(_ byte: UInt8) -> Bool {
        let word = byte < 64 ? low : high
        return byte < 128 && (word >> UInt64(byte & 63)) & 1 == 1
    }

    /// Whether there is nothing else in the text.
    func holdsAll(of text: String) -> Bool {
        text.utf8Span.span.allSatisfy(contains)
    }

    private static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    private static let digits = "0123456789"

    /// RFC 9110 §5.6.2 `tchar`: methods, field names, cookie names.
    static let token = ByteSet(letters + digits + "!#$%&'*+-.^_`|~")
    /// RFC 3986 §2.3 `unreserved`.
    static let unreserved = ByteSet(letters + digits + "-._~")
    /// RFC 3986 §3.3: `pchar` and "/", without "%", which must open an escape.
    static let path = ByteSet(letters + digits + "-._~!$&'()*+,;=:@/")
    /// RFC 3986 §3.4 `query`, and the characters which browsers leave unescaped there (WHATWG URL, query percent-encode
    /// set): refusing those would refuse pages that work everywhere else. Never a quote, an angle bracket or "#".
    static let query = ByteSet(letters + digits + "-._~!$&'()*+,;=:@/?" + "[]\\^`{|}")
    /// RFC 6265 §4.1.1 `cookie-octet`: no space, quote, comma, semicolon or backslash.
    static let cookieValue = ByteSet(letters + digits + "!#$%&'()*+-./:<=>?@[]^_`{|}~")
    /// What a `Path` attribute of a cookie may hold: no control byte, no semicolon.
    static let cookiePath = ByteSet(letters + digits + "-._~!$&'()*+,=:@/%")
}
