/// Turns the bytes of a connection into responses: told of each request with `begin`, fed, and asked for the next one.
///
/// As strict about framing as `RequestParser`: a response that can be read in two ways would let one user's answer end
/// in another's on a shared connection. A connection on which it has thrown is lost.
package struct ResponseParser: Sendable {
    package enum Step: Sendable {
        case needsMore
        case response(ReceivedResponse)
    }

    private enum State {
        /// No request is open.
        case idle
        case line
        case fields
        case fixedBody(length: Int)
        case chunkedBody
        case bodyUntilClose
        case failed(WireError)
    }

    private struct Head {
        var status: Status
        var version: Version
        var fields = HeadFields()
        var framing = Framing()
        var asksToClose = false
        var asksToKeep = false

        mutating func append(_ bytes: Span<UInt8>, line: Range<Int>, sectionStart: Int) throws(WireError) {
            let (known, place) = try fields.append(bytes, line: line, sectionStart: sectionStart)
            let value = bytes.extracting(place)
            switch known {
            case .contentLength: try framing.noteLength(value, mayRepeat: true)
            case .transferEncoding: try framing.noteCoding(value)
            case .connection:
                value.forEachInList { element in
                    let option = value.extracting(element)
                    if option.isEqualIgnoringCase("close") { asksToClose = true }
                    if option.isEqualIgnoringCase("keep-alive") { asksToKeep = true }
                }
            default: break
            }
        }
    }

    private let limits: ParserLimits
    private var buffer = ReceiveBuffer()
    private var state = State.idle
    private var scanner = LineScanner()
    private var method = Method.get
    private var head: Head?
    private var sectionStart = 0
    private var interimCount = 0
    private var pending: ReceivedResponse?
    private var chunked: ChunkedBody?
    private var mayKeepAlive = true

    /// Whether a byte of the answer to the open request has come: from then on the request may not be sent again.
    package private(set) var hasBegun = false

    package init(limits: ParserLimits = ParserLimits()) {
        self.limits = limits
    }

    package var buffered: Int { buffer.count }

    /// Whether the connection can take another request: the last answer was complete, nothing followed it, and the
    /// server keeps the connection.
    package var isReusable: Bool {
        if case .idle = state { mayKeepAlive && buffer.isEmpty } else { false }
    }

    /// Says that a request with this method has been sent. HEAD decides that an answer has no body.
    package mutating func begin(_ method: Method) {
        precondition(isReusable, "the answer before is complete and the connection may be used again")
        self.method = method
        state = .line
        scanner = LineScanner()
        interimCount = 0
        hasBegun = false
    }

    @discardableResult
    package mutating func withSpareCapacity<Failure: Error>(
        atLeast count: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        let written = try buffer.withSpareCapacity(atLeast: count, body)
        hasBegun = hasBegun || written > 0
        return written
    }

    package mutating func feed(_ bytes: some Sequence<UInt8>) {
        buffer.append(bytes)
        hasBegun = hasBegun || !buffer.isEmpty
    }

    package mutating func releaseMemory() {
        buffer.releaseMemory()
    }

    package mutating func next() throws(WireError) -> Step {
        do throws(WireError) {
            return try advance()
        } catch {
            throw fail(error)
        }
    }

    /// Says that the bytes have ended. Returns the response whose end that is; throws `.truncated` for any other.
    package mutating func end() throws(WireError) -> ReceivedResponse {
        if case .failed(let error) = state { throw error }
        guard case .bodyUntilClose = state, let response = pending else { throw fail(.truncated) }
        pending = nil
        return finish(response)
    }

    private mutating func fail(_ error: WireError) -> WireError {
        state = .failed(error)
        (head, pending, chunked) = (nil, nil, nil)
        return error
    }

    private mutating func advance() throws(WireError) -> Step {
        while true {
            switch state {
            case .idle:
                guard buffer.isEmpty else { throw .trailingBytes }
                return .needsMore
            case .line:
                guard try readStatusLine() else { return .needsMore }
            case .fields:
                guard try readFields() else { return .needsMore }
                if let response = pending, isWithoutBody(response.status) { return complete(response) }
            case .fixedBody(let length):
                return readFixedBody(length)
            case .chunkedBody:
                return try readChunkedBody()
            case .bodyUntilClose:
                return try readUntilClose()
            case .failed(let error):
                throw error
            }
        }
    }

    // MARK: - The head

    private mutating func readStatusLine() throws(WireError) -> Bool {
        let storage = buffer.storage
        let bytes = storage.span.extracting(buffer.filled)
        switch scanner.scan(bytes, limit: limits.requestLine) {
        case .open: return false
        case .bad, .tooLong: throw .badStatusLine
        case .line(let end):
            head = try Self.head(bytes.extracting(..<end))
            scanner.advance(past: end)
            sectionStart = scanner.start
            state = .fields
            return true
        }
    }

    /// `HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 §4); many servers leave out the last space with the
    /// phrase.
    private static func head(_ line: Span<UInt8>) throws(WireError) -> Head {
        guard line.count >= 12, line.count == 12 || line[12] == 0x20 else { throw .badStatusLine }
        let isNew = line.extracting(..<9).isEqual(to: "HTTP/1.1 ")
        // 101 answers a request to switch protocols, and none is ever sent.
        guard isNew || line.extracting(..<9).isEqual(to: "HTTP/1.0 "),
            let code = line.extracting(9..<12).decimal.map({ Int($0) }), (100...599).contains(code), code != 101
        else { throw .badStatusLine }
        return Head(status: Status(code), version: isNew ? .http11 : .http10)
    }

    /// True when the head is complete.
    private mutating func readFields() throws(WireError) -> Bool {
        guard var head = self.head.take() else { preconditionFailure("fields are read into a head") }
        let storage = buffer.storage
        let bytes = storage.span.extracting(buffer.filled)
        while true {
            let limit = min(scanner.start + limits.fieldLine, sectionStart + limits.headerBytes)
            switch scanner.scan(bytes, limit: limit) {
            case .open:
                self.head = head
                return false
            case .bad:
                throw .badFieldLine
            case .tooLong:
                throw .fieldsTooLarge(limit: limit - sectionStart)
            case .line(let end) where end > scanner.start:
                guard head.fields.entries.count < limits.headerFields else {
                    throw .tooManyFields(limit: limits.headerFields)
                }
                try head.append(bytes, line: scanner.start..<end, sectionStart: sectionStart)
                scanner.advance(past: end)
            case .line(let end):
                try finishHead(&head, end: end)
                return true
            }
        }
    }

    private mutating func finishHead(_ head: inout Head, end: Int) throws(WireError) {
        let section = buffer.copy(sectionStart..<end)
        buffer.consume(end + 2)
        scanner = LineScanner()
        guard !head.status.isInformational else {
            // RFC 9110 §15.2: any number may come before the answer; a server that sends nothing else is broken.
            interimCount += 1
            guard interimCount <= 16 else { throw .badStatusLine }
            state = .line
            return
        }
        let response = ReceivedResponse(
            status: head.status, version: head.version, fields: head.fields.take(section), body: [],
            keepsAlive: !head.asksToClose && (head.version == .http11 || head.asksToKeep))
        pending = response
        guard !isWithoutBody(response.status) else { return }
        switch try head.framing.body(version: head.version, limit: limits.bodyBytes) {
        case .none: state = head.framing.isExplicit ? .fixedBody(length: 0) : .bodyUntilClose
        case .length(let count): state = .fixedBody(length: count)
        case .chunked:
            chunked = ChunkedBody(limits: limits)
            state = .chunkedBody
        }
    }

    private func isWithoutBody(_ status: Status) -> Bool {
        method == .head || status.forbidsBody
    }

    // MARK: - The body

    private mutating func readFixedBody(_ length: Int) -> Step {
        guard var response = pending.take() else { preconditionFailure("a body belongs to a response") }
        let taken = min(length - response.body.count, buffer.count)
        response.body.reserveCapacity(length)
        buffer.append(0..<taken, to: &response.body)
        buffer.consume(taken)
        guard response.body.count == length else {
            pending = response
            return .needsMore
        }
        return complete(response)
    }

    private mutating func readChunkedBody() throws(WireError) -> Step {
        guard var body = chunked.take() else { preconditionFailure("a chunked body has a reader") }
        guard try body.read(&buffer) else {
            chunked = body
            return .needsMore
        }
        guard var response = pending.take() else { preconditionFailure("a body belongs to a response") }
        response.body = body.body
        return complete(response)
    }

    private mutating func readUntilClose() throws(WireError) -> Step {
        guard var response = pending.take() else { preconditionFailure("a body belongs to a response") }
        guard response.body.count + buffer.count <= limits.bodyBytes else {
            throw .bodyTooLarge(limit: limits.bodyBytes)
        }
        response.keepsAlive = false
        let count = buffer.count
        buffer.append(0..<count, to: &response.body)
        buffer.consume(count)
        pending = response
        return .needsMore
    }

    private mutating func complete(_ response: ReceivedResponse) -> Step {
        pending = nil
        return .response(finish(response))
    }

    private mutating func finish(_ response: ReceivedResponse) -> ReceivedResponse {
        state = .idle
        mayKeepAlive = response.keepsAlive
        return response
    }
}
