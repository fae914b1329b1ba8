/// The head of a request while it is read: its first line, then field by field what the fields decide.
///
/// Every fault is thrown at the line that has it; what only the whole head can show (no `Host`, two lengths) at its end.
struct RequestHead: Sendable {
    /// A host that was checked before: the requests of one connection nearly always name the same.
    struct CheckedHost: Sendable {
        var bytes: [UInt8]
        var authority: Authority
    }

    private let method: Method
    private let target: RequestTarget
    private let version: Version

    private var fields = HeadFields()
    private var framing = Framing()
    private(set) var checkedHost: CheckedHost?
    private var hasHost = false
    private var asksToClose = false
    private var asksToKeep = false
    private var expectsContinue = false
    private var cookies = 0
    private var cookieBytes = 0

    /// Reads `method SP request-target SP HTTP-version` (RFC 9112 §3): single spaces, nothing around them.
    init(line: UnsafeBufferPointer<UInt8>, checkedHost: CheckedHost?) throws(WireError) {
        let token = ByteSet.token
        var space = 0
        while space < line.count, token.contains(line[space]) { space += 1 }
        guard space > 0, space < line.count, line[space] == 0x20 else { throw .badRequestLine }
        var second = space + 1
        while second < line.count, line[second] != 0x20 { second += 1 }
        guard second > space + 1, second < line.count else { throw .badRequestLine }
        // Before the target: the bytes of another version may mean anything.
        version = try Self.version(line[(second + 1)...])
        method = Method(String(decoding: line[..<space], as: UTF8.self))
        target = try RequestTarget(UnsafeBufferPointer(rebasing: line[(space + 1)..<second]), method: method)
        self.checkedHost = checkedHost
    }

    /// `HTTP/` DIGIT `.` DIGIT, the name in upper case (RFC 9112 §2.3).
    private static func version(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) throws(WireError) -> Version {
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8) else { throw .badVersion }
        let (major, dot, minor) = (bytes[bytes.endIndex - 3], bytes[bytes.endIndex - 2], bytes[bytes.endIndex - 1])
        guard major.isDigit, dot == UInt8(ascii: "."), minor.isDigit else { throw .badVersion }
        guard major == UInt8(ascii: "1") else { throw .unsupportedVersion }
        switch minor {
        case UInt8(ascii: "1"): return .http11
        case UInt8(ascii: "0"): return .http10
        default: throw .unsupportedVersion
        }
    }

    /// Takes the field line that begins at `offset` of the section.
    mutating func append(
        _ line: UnsafeBufferPointer<UInt8>, offset: Int, limits: ParserLimits
    ) throws(WireError) {
        guard fields.entries.count < limits.headerFields else { throw .tooManyFields(limit: limits.headerFields) }
        let entry = try fields.append(line, offset: offset)
        guard let known = KnownField(rawValue: entry.known) else { return }
        let start = Int(entry.valueStart) - offset
        let value = line[start..<start + Int(entry.valueLength)]
        switch known {
        case .host: try noteHost(value)
        case .contentLength: try framing.noteLength(value)
        case .transferEncoding: try framing.noteCoding(value)
        case .connection: noteConnection(value)
        case .expect: try noteExpectation(value)
        case .cookie: try noteCookies(value, limits)
        default: break
        }
    }

    /// The end of the head. `section` holds the bytes of the field lines.
    mutating func finish(
        section: [UInt8], limits: ParserLimits
    ) throws(WireError) -> (request: Request, body: Framing.Body, expectsContinue: Bool) {
        guard hasHost || version == .http10 else { throw .badHost }
        let body = try framing.body(version: version, limit: limits.bodyBytes)
        // §9.3: 1.1 lives on unless told otherwise, 1.0 ends unless asked otherwise. A tunnel is never opened, and what
        // follows a CONNECT may be meant for one.
        let keepsAlive = !asksToClose && (version == .http11 || asksToKeep) && method != .connect
        let request = Request(
            method: method, path: target.path, query: target.query, version: version, fields: fields.take(section),
            authority: target.authority ?? (hasHost ? checkedHost?.authority : nil), keepsAlive: keepsAlive)
        return (request, body, expectsContinue && body != .none)
    }

    /// §3.2: exactly one in 1.1, and a valid one in any version. An absolute target replaces it, but does not excuse it.
    private mutating func noteHost(_ value: Slice<UnsafeBufferPointer<UInt8>>) throws(WireError) {
        guard !hasHost else { throw .badHost }
        hasHost = true
        if let checkedHost, checkedHost.bytes.elementsEqual(value) { return }
        guard let authority = Authority(UnsafeBufferPointer(rebasing: value)) else { throw .badHost }
        checkedHost = CheckedHost(bytes: Array(value), authority: authority)
    }

    private mutating func noteConnection(_ value: Slice<UnsafeBufferPointer<UInt8>>) {
        for option in ListOfTokens(value) {
            if option.isEqualIgnoringCase("close") { asksToClose = true }
            if option.isEqualIgnoringCase("keep-alive") { asksToKeep = true }
        }
    }

    /// RFC 9110 §10.1.1: `100-continue` is the one expectation there is; a 1.0 client cannot mean it.
    private mutating func noteExpectation(_ value: Slice<UnsafeBufferPointer<UInt8>>) throws(WireError) {
        guard value.isEqualIgnoringCase("100-continue") else { throw .unmetExpectation }
        expectsContinue = version == .http11
    }

    private mutating func noteCookies(
        _ value: Slice<UnsafeBufferPointer<UInt8>>, _ limits: ParserLimits
    ) throws(WireError) {
        cookieBytes += value.count
        guard cookieBytes <= limits.cookieBytes else { throw .cookiesTooLarge(limit: limits.cookieBytes) }
        cookies += CookieValue.pairCount(value)
        guard cookies <= limits.cookies else { throw .tooManyCookies(limit: limits.cookies) }
    }
}

/// The elements of a comma-separated list (RFC 9110 §5.6.1), without the whitespace around them.
struct ListOfTokens: Sequence, IteratorProtocol {
    private var rest: Slice<UnsafeBufferPointer<UInt8>>

    init(_ value: Slice<UnsafeBufferPointer<UInt8>>) {
        rest = value
    }

    mutating func next() -> Slice<UnsafeBufferPointer<UInt8>>? {
        guard !rest.isEmpty else { return nil }
        let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.endIndex
        defer { rest = rest[Swift.min(end + 1, rest.endIndex)...] }
        return Fields.trim(rest[..<end])
    }
}

extension Collection<UInt8> {
    /// Compares with a text of lower-case letters.
    func isEqualIgnoringCase(_ lowercase: StaticString) -> Bool {
        guard count == lowercase.utf8CodeUnitCount else { return false }
        return lowercase.withUTF8Buffer { zip(self, $0).allSatisfy { $0.lowercased == $1 } }
    }
}
