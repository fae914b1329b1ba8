/// The head of a request while it is read: its first line, then field by field what the fields decide.
///
/// Every fault is thrown at the line that has it; what only the whole head can show (no `Host`, two lengths) at its end.
struct RequestHead: Sendable {
    /// A host that was checked before: the requests of one connection nearly always name the same.
    private struct CheckedHost: Sendable {
        var bytes: [UInt8]
        var authority: Authority
    }

    private let peer: IPAddress?
    private let isSecure: Bool

    private var method = Method.get
    private var target = RequestTarget()
    /// The authority that the target names, if it names one.
    private var targetAuthority: Authority?
    /// Where the target stands in the head.
    private var targetPlace = 0..<0
    private var version = Version.http11

    private var fields = HeadFields()
    private var framing = Framing()
    private var checkedHost: CheckedHost?
    private var hasHost = false
    private var asksToClose = false
    private var asksToKeep = false
    private var expectsContinue = false
    private var cookies = 0
    private var cookieBytes = 0

    /// What follows the head that was finished last.
    private(set) var body = Framing.Body.none
    /// Whether the client lets the connection live on after the answer to that.
    private(set) var keepsAlive = true

    init(peer: IPAddress?, isSecure: Bool) {
        self.peer = peer
        self.isSecure = isSecure
    }

    var isToHead: Bool { method == .head }

    /// Whether the client waits to be told to send it.
    var awaitsContinue: Bool { expectsContinue && body != .none }

    /// Begins with `method SP request-target SP HTTP-version` (RFC 9112 §3): single spaces, nothing around them.
    mutating func begin(_ line: Span<UInt8>) throws(WireError) {
        let token = ByteSet.token
        var space = 0
        while space < line.count, token.contains(line[space]) { space += 1 }
        guard space > 0, space < line.count, line[space] == 0x20 else { throw .badRequestLine }
        let second = line.first(0x20, in: space + 1..<line.count)
        guard second > space + 1, second < line.count else { throw .badRequestLine }
        // Before the target: the bytes of another version may mean anything.
        version = try Self.version(line.extracting((second + 1)...))
        let name = line.extracting(..<space)
        method = name.isEqual(to: "GET") ? .get : Method(name.text)
        targetPlace = space + 1..<second
        target = try RequestTarget(line.extracting(targetPlace), method: method, authority: &targetAuthority)

        fields.removeAll()
        framing = Framing()
        (hasHost, asksToClose, asksToKeep, expectsContinue) = (false, false, false, false)
        (cookies, cookieBytes) = (0, 0)
    }

    /// `HTTP/` DIGIT `.` DIGIT, the name in upper case (RFC 9112 §2.3).
    private static func version(_ bytes: Span<UInt8>) throws(WireError) -> Version {
        guard bytes.count == 8, bytes.extracting(..<5).isEqual(to: "HTTP/"), bytes[5].isDigit,
            bytes[6] == UInt8(ascii: "."), bytes[7].isDigit
        else { throw .badVersion }
        guard bytes[5] == UInt8(ascii: "1") else { throw .unsupportedVersion }
        switch bytes[7] {
        case UInt8(ascii: "1"): return .http11
        case UInt8(ascii: "0"): return .http10
        default: throw .unsupportedVersion
        }
    }

    /// Takes a field line of the section that begins at `sectionStart`.
    mutating func append(
        _ bytes: Span<UInt8>, line: Range<Int>, sectionStart: Int, limits: ParserLimits
    ) throws(WireError) {
        guard fields.entries.count < limits.headerFields else { throw .tooManyFields(limit: limits.headerFields) }
        let (known, place) = try fields.append(bytes, line: line, sectionStart: sectionStart)
        guard let known else { return }
        let value = bytes.extracting(place)
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

    /// The end of the head.
    mutating func finish(limits: ParserLimits) throws(WireError) {
        guard hasHost || version == .http10 else { throw .badHost }
        body = try framing.body(version: version, limit: limits.bodyBytes)
        // §9.3: 1.1 lives on unless told otherwise, 1.0 ends unless asked otherwise. A tunnel is never opened, and what
        // follows a CONNECT may be meant for one.
        keepsAlive = !asksToClose && (version == .http11 || asksToKeep) && method != .connect
    }

    /// Lends what was read as a request. `bytes` are those of the head, from its first; `section` is where in them the
    /// field lines stand.
    func lend(
        _ bytes: UnsafeBufferPointer<UInt8>, section: Range<Int>, _ body: (borrowing RequestView) -> Void
    ) {
        let named = UnsafeBufferPointer(rebasing: bytes[targetPlace])
        fields.entries.withUnsafeBufferPointer { entries in
            body(
                RequestView(
                    method: method, path: target.path(in: named), query: target.query(in: named), version: version,
                    fields: FieldsView(
                        bytes: UnsafeBufferPointer(rebasing: bytes[section]), entries: entries, names: fields.names),
                    authority: targetAuthority ?? (hasHost ? checkedHost?.authority : nil), peer: peer,
                    isSecure: isSecure, keepsAlive: keepsAlive))
        }
    }

    /// Gives back the memory of a head that is done with.
    mutating func releaseMemory() {
        fields = HeadFields()
    }

    /// §3.2: exactly one in 1.1, and a valid one in any version. An absolute target replaces it, but does not excuse it.
    private mutating func noteHost(_ value: Span<UInt8>) throws(WireError) {
        guard !hasHost else { throw .badHost }
        hasHost = true
        if let known = checkedHost?.bytes, value.isEqual(to: known.span) { return }
        guard let authority = Authority(value) else { throw .badHost }
        checkedHost = CheckedHost(bytes: value.indices.map { value[$0] }, authority: authority)
    }

    private mutating func noteConnection(_ value: Span<UInt8>) {
        value.forEachInList { element in
            let option = value.extracting(element)
            if option.isEqualIgnoringCase("close") { asksToClose = true }
            if option.isEqualIgnoringCase("keep-alive") { asksToKeep = true }
        }
    }

    /// RFC 9110 §10.1.1: `100-continue` is the one expectation there is; a 1.0 client cannot mean it.
    private mutating func noteExpectation(_ value: Span<UInt8>) throws(WireError) {
        guard value.isEqualIgnoringCase("100-continue") else { throw .unmetExpectation }
        expectsContinue = version == .http11
    }

    private mutating func noteCookies(_ value: Span<UInt8>, _ limits: ParserLimits) throws(WireError) {
        cookieBytes += value.count
        guard cookieBytes <= limits.cookieBytes else { throw .cookiesTooLarge(limit: limits.cookieBytes) }
        // An upper bound of the pairs, and of the work they cause: the empty ones count too.
        cookies += 1
        for index in value.indices where value[index] == UInt8(ascii: ";") { cookies += 1 }
        guard cookies <= limits.cookies else { throw .tooManyCookies(limit: limits.cookies) }
    }
}
