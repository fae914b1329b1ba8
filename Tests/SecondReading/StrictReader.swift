/// HTTP/1.1 requests read a second time, to hold the product's reading against: the whole of the bytes at once, one
/// rule of RFC 9112 after the other, in whatever way is plainest. It shares no line with the product and is slow.
///
/// Where an RFC leaves a choice it takes the strict side, and the product's own rules stand beside it with "own:".
package struct StrictReader {
    /// What it may take; the numbers belong to whoever asks.
    package struct Limits: Sendable {
        package var requestLine = 8208
        package var fieldLine = 8192
        package var fieldSection = 16384
        package var fields = 100
        package var body = 65536
        package var chunkExtension = 256
        package var trailers = 4096
        package var cookieBytes = 8192
        package var cookies = 50

        package init() {}
    }

    package struct Request: Hashable, Sendable {
        package var method = ""
        package var path = ""
        /// Empty where there is none.
        package var query = ""
        package var authority: StrictAuthority?
        /// `name: value`, the names in lower case.
        package var fields: [String] = []
        package var body: [UInt8] = []

        package init() {}
    }

    package enum End: Hashable, Sendable {
        /// Every byte belongs to a request, or comes after the last that is read.
        case complete
        /// A request has begun, and its head is not whole.
        case inHead
        /// Its head is whole, and its body is not.
        case inBody
        case refused
    }

    package struct Reading: Hashable, Sendable {
        package var requests: [Request] = []
        package var end = End.complete

        package init() {}
    }

    private enum Stop: Error {
        case open
        case refused
    }

    private let bytes: [UInt8]
    private let limits: Limits
    private var at = 0
    private var isInBody = false

    package static func read(_ bytes: [UInt8], limits: Limits = Limits()) -> Reading {
        var reader = StrictReader(bytes: bytes, limits: limits)
        var reading = Reading()
        do throws(Stop) {
            while try reader.hasMore() {
                let (request, goesOn) = try reader.request()
                reading.requests.append(request)
                if !goesOn { break }
            }
        } catch {
            reading.end = error == .refused ? .refused : reader.isInBody ? .inBody : .inHead
        }
        return reading
    }

    private init(bytes: [UInt8], limits: Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    // MARK: - Requests

    /// RFC 9112 §2.2: "at least one empty line (CRLF) received prior to the request-line" is ignored. own: one.
    private mutating func hasMore() throws(Stop) -> Bool {
        if at < bytes.count, bytes[at] == 13 {
            guard at + 1 < bytes.count else { throw .open }
            guard bytes[at + 1] == 10 else { throw .refused }
            at += 2
        }
        return at < bytes.count
    }

    /// §2.1: `HTTP-message = start-line CRLF *( field-line CRLF ) CRLF [ message-body ]`
    private mutating func request() throws(Stop) -> (Request, goesOn: Bool) {
        var request = Request()
        let isNew = try readStartLine(&request)
        let fields = try readFields(limit: limits.fieldSection, count: limits.fields)
        request.fields = fields.map { "\($0.name): \($0.text)" }
        request.authority = try authority(of: request, fields, isNew: isNew)
        try checkExpectation(fields)
        try checkCookies(fields)
        isInBody = true
        request.body = try body(fields, isNew: isNew)
        isInBody = false
        return (request, goesOn: goesOn(request, fields, isNew: isNew))
    }

    /// §3: `request-line = method SP request-target SP HTTP-version`. True for 1.1, false for 1.0.
    private mutating func readStartLine(_ request: inout Request) throws(Stop) -> Bool {
        let line = try readLine(limit: limits.requestLine)
        let parts = line.split(separator: 32, omittingEmptySubsequences: false).map(Array.init)
        guard parts.count == 3, StrictGrammar.isToken(parts[0]) else { throw .refused }
        request.method = StrictGrammar.text(parts[0])
        // §2.3: any other version is one that is not spoken here, or none.
        let version = StrictGrammar.text(parts[2])
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else { throw .refused }
        guard let target = StrictTarget(parts[1], method: request.method) else { throw .refused }
        (request.path, request.query, request.authority) = (target.path, target.query, target.authority)
        return version == "HTTP/1.1"
    }

    /// §9.3, and §9.6 for `close`. own: a CONNECT is the last, since what follows may be meant for a tunnel.
    private func goesOn(_ request: Request, _ fields: [Field], isNew: Bool) -> Bool {
        var options: [String] = []
        for field in fields where field.name == "connection" {
            options += StrictGrammar.split(field.value, at: 44).map { StrictGrammar.lowered($0) }
        }
        if options.contains("close") || request.method == "CONNECT" { return false }
        return isNew || options.contains("keep-alive")
    }

    // MARK: - Lines and fields

    private struct Field {
        var name: String
        var value: [UInt8]

        var text: String { StrictGrammar.text(value) }
    }

    /// §2.2: a line ends with CRLF. own: with nothing else, and holds no control character but HTAB (RFC 9110 §5.5).
    private mutating func readLine(limit: Int) throws(Stop) -> [UInt8] {
        let start = at
        while at < bytes.count {
            let byte = bytes[at]
            if (byte < 32 && byte != 9) || byte == 127 {
                guard at - start <= limit, byte == 13 else { throw .refused }
                guard at + 1 < bytes.count else { throw .open }
                guard bytes[at + 1] == 10 else { throw .refused }
                at += 2
                return Array(bytes[start..<at - 2])
            }
            at += 1
        }
        throw at - start > limit ? .refused : .open
    }

    /// §5: `field-line = field-name ":" OWS field-value OWS`, up to and with the empty line.
    private mutating func readFields(limit: Int, count: Int) throws(Stop) -> [Field] {
        var fields: [Field] = []
        let start = at
        while true {
            let room = limit - (at - start)
            guard room >= 0 else { throw .refused }
            let line = try readLine(limit: min(room, limits.fieldLine))
            if line.isEmpty { return fields }
            guard fields.count < count, let colon = line.firstIndex(of: 58) else { throw .refused }
            let name = Array(line[..<colon])
            // §5.1 allows no whitespace before the colon, §5.2 no folded line, §2.2 none that begins with whitespace:
            // none of them is a token.
            guard StrictGrammar.isToken(name) else { throw .refused }
            let lowered = StrictGrammar.lowered(name)
            // own: no name that a gateway would take for one that counts.
            guard !lowered.contains("_") || !Self.acted.contains(lowered.replacing("_", with: "-")) else {
                throw .refused
            }
            fields.append(Field(name: lowered, value: StrictGrammar.trimmed(Array(line[(colon + 1)...]))))
        }
    }

    /// The fields that the product knows.
    private static let acted: Set<String> = [
        "accept", "accept-encoding", "accept-language", "access-control-allow-credentials",
        "access-control-allow-headers", "access-control-allow-methods", "access-control-allow-origin",
        "access-control-max-age", "access-control-request-headers", "access-control-request-method", "allow",
        "authorization", "cache-control", "connection", "content-encoding", "content-length",
        "content-security-policy", "content-type", "cookie", "cross-origin-resource-policy", "date", "etag", "expect",
        "forwarded", "host", "if-modified-since", "if-none-match", "keep-alive", "last-modified", "location", "origin",
        "range", "referer", "referrer-policy", "retry-after", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site",
        "server", "set-cookie", "strict-transport-security", "te", "trailer", "transfer-encoding", "upgrade",
        "user-agent", "vary", "www-authenticate", "x-content-type-options", "x-forwarded-for", "x-forwarded-host",
        "x-forwarded-proto", "x-real-ip", "x-request-id",
    ]

    /// §3.2: one valid `Host` in 1.1, at most one in 1.0; §3.2.2: the target's authority replaces it.
    private func authority(of request: Request, _ fields: [Field], isNew: Bool) throws(Stop) -> StrictAuthority? {
        let hosts = fields.filter { $0.name == "host" }
        guard hosts.count == 1 || (hosts.isEmpty && !isNew) else { throw .refused }
        guard let host = hosts.first else { return request.authority }
        guard let authority = StrictAuthority(host.value) else { throw .refused }
        return request.authority ?? authority
    }

    /// RFC 9110 §10.1.1 knows one expectation. own: any other text is refused.
    private func checkExpectation(_ fields: [Field]) throws(Stop) {
        guard fields.allSatisfy({ $0.name != "expect" || StrictGrammar.lowered($0.value) == "100-continue" }) else {
            throw .refused
        }
    }

    /// own: all lines together, empty cookies counted.
    private func checkCookies(_ fields: [Field]) throws(Stop) {
        let lines = fields.filter { $0.name == "cookie" }.map(\.value)
        let size = lines.reduce(0) { $0 + $1.count }
        let count = lines.reduce(0) { $0 + $1.split(separator: 59, omittingEmptySubsequences: false).count }
        guard size <= limits.cookieBytes, count <= limits.cookies else { throw .refused }
    }

    // MARK: - Bodies

    /// §6.3, with every case refused that two readers might see differently.
    private mutating func body(_ fields: [Field], isNew: Bool) throws(Stop) -> [UInt8] {
        let lengths = fields.filter { $0.name == "content-length" }
        let codings = fields.filter { $0.name == "transfer-encoding" }
        guard lengths.count + codings.count <= 1 else { throw .refused }
        if let coding = codings.first {
            // §6.1: a 1.0 message with a transfer coding has faulty framing.
            guard isNew, StrictGrammar.lowered(coding.value) == "chunked" else { throw .refused }
            return try chunks()
        }
        guard let length = lengths.first else { return [] }
        // §6.2: `1*DIGIT`. own: at most nineteen.
        guard (1...19).contains(length.value.count), length.value.allSatisfy({ (48...57).contains($0) }),
            let count = Int(length.text), count <= limits.body
        else { throw .refused }
        return try take(count)
    }

    private mutating func take(_ count: Int) throws(Stop) -> [UInt8] {
        guard bytes.count - at >= count else {
            at = bytes.count
            throw .open
        }
        at += count
        return Array(bytes[at - count..<at])
    }

    /// §7.1: `chunked-body = *chunk last-chunk trailer-section CRLF`
    private mutating func chunks() throws(Stop) -> [UInt8] {
        var body: [UInt8] = []
        var extensions = 0
        while true {
            let line = try readLine(limit: 16 + limits.chunkExtension)
            let digits = line.prefix { StrictGrammar.isHexadecimal($0) }
            let rest = Array(line[digits.count...])
            extensions += rest.count
            // own: up to sixteen digits; the extensions of one line, and of all lines, are limited.
            guard (1...16).contains(digits.count), StrictGrammar.isChunkExtension(rest),
                rest.count <= limits.chunkExtension, extensions <= limits.fieldSection,
                let size = Int(StrictGrammar.text(Array(digits)), radix: 16), size <= limits.body - body.count
            else { throw .refused }
            if size == 0 { break }
            body += try take(size)
            for wanted in [13, 10] as [UInt8] {
                guard at < bytes.count else { throw .open }
                guard bytes[at] == wanted else { throw .refused }
                at += 1
            }
        }
        // §7.1.2: trailers are fields, and are not merged into the head's. Only their size is limited.
        _ = try readFields(limit: limits.trailers, count: .max)
        return body
    }
}
