/// Turns the bytes of a connection into requests: it is fed, and asked for the next one.
///
/// Strict throughout (RFC 9112, with none of the leniency it allows). A connection on which it has thrown is lost: it
/// throws the same error again, and no byte after the bad one is ever taken for a request. How the bytes were cut into
/// reads never changes what comes out.
package struct RequestParser: Sendable {
    package enum Step: Sendable {
        case needsMore(Phase)
        /// The client waits for `100 Continue` before it sends the body. Comes once; then ask again.
        case expectsContinue
        case request(Request)
    }

    /// What is under way, and so which deadline counts.
    package enum Phase: Sendable {
        /// Not a byte of a request has come.
        case idle
        case head
        case body
    }

    /// A `Step` whose request stays where it is until `take`: it is large, and on its way through an enum it is copied.
    package enum Finding: Sendable {
        case needsMore(Phase)
        case expectsContinue
        case complete
    }

    private enum State {
        case line
        case fields
        case fixedBody
        case chunkedBody
        /// The last request asked to close: nothing after it is looked at (RFC 9112 §9.6).
        case finished
        case failed(WireError, isToHead: Bool)

        var isBetweenRequests: Bool {
            switch self {
            case .line, .finished, .failed: true
            case .fields, .fixedBody, .chunkedBody: false
            }
        }
    }

    private let limits: ParserLimits
    private var buffer = ReceiveBuffer()
    private var state = State.line

    private var scanner = LineScanner()
    private var hasSkippedBlankLine = false
    private var head: RequestHead
    private var sectionStart = 0

    /// The length of a head that is complete and has no body behind it: it stays in the buffer until somebody takes it.
    private var headLength: Int?
    /// The request whose head is complete and whose body is read.
    private var pending: Request?
    private var bodyLength = 0
    private var chunked: ChunkedBody?

    /// - Parameters:
    ///   - peer: the other end of the connection, which its requests tell; and so `isSecure`.
    package init(limits: ParserLimits = ParserLimits(), peer: IPAddress? = nil, isSecure: Bool = false) {
        self.limits = limits
        head = RequestHead(peer: peer, isSecure: isSecure)
    }

    /// How many bytes have been received and belong to no request that was found.
    package var buffered: Int { buffer.count - (headLength ?? 0) }

    /// Whether what is under way is a HEAD: no answer to it has content, and a refusal neither (RFC 9110 §9.3.2).
    package var isToHead: Bool {
        switch state {
        case .line:
            let storage = buffer.storage
            return storage.span.extracting(buffer.filled).isPrefixed(by: "HEAD ")
        case .fields, .fixedBody, .chunkedBody: return head.isToHead
        case .finished: return false
        case .failed(_, let isToHead): return isToHead
        }
    }

    /// Lends room for at least `count` bytes to a read, which returns how many it wrote from the front.
    /// A read's error travels by itself: seen from another room, a function generic in the error is not specialised,
    /// and this one runs for every request.
    @discardableResult
    package mutating func withSpareCapacity(
        atLeast count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Int
    ) -> Int {
        buffer.withSpareCapacity(atLeast: count, body)
    }

    package mutating func feed(_ bytes: some Sequence<UInt8>) {
        buffer.append(bytes)
    }

    /// Gives the buffer back while nothing is expected soon; ten thousand idle connections then hold none.
    package mutating func releaseMemory() {
        buffer.releaseMemory()
        if state.isBetweenRequests { head.releaseMemory() }
    }

    package mutating func next() throws(WireError) -> Step {
        switch try find() {
        case .needsMore(let phase): return .needsMore(phase)
        case .expectsContinue: return .expectsContinue
        case .complete: return .request(take())
        }
    }

    /// The request that was found complete, once.
    package mutating func take() -> Request {
        guard let request = headLength == nil ? pending.take() : copy() else {
            preconditionFailure("a complete request is pending")
        }
        drop()
        return request
    }

    private mutating func copy() -> Request? {
        var request: Request?
        lend { request = $0.copy() }
        return request
    }

    /// Lends the request that was found complete, where it stands, to who may answer it at once: then comes `drop`, and
    /// `take` for who cannot. Not for a request with a body.
    ///
    /// Changes nothing. It is called mutating because the parser of an object would be copied for the call otherwise.
    ///
    /// - Returns: whether it was lent.
    @discardableResult
    package mutating func lend(_ body: (borrowing RequestView) -> Void) -> Bool {
        guard let headLength else { return false }
        // The blank line at its end is no field line.
        let section = sectionStart..<headLength - 2
        // All places in it are of this one head, and nothing is consumed before it is dropped.
        precondition(headLength <= buffer.count, "a head that was found is in the buffer")
        buffer.storage.withUnsafeBufferPointer { storage in
            let start = buffer.filled.lowerBound
            head.lend(UnsafeBufferPointer(rebasing: storage[start..<start + headLength]), section: section, body)
        }
        return true
    }

    /// Lets go of the request that was found complete.
    package mutating func drop() {
        if let headLength { buffer.consume(headLength) }
        (headLength, pending) = (nil, nil)
        state = head.keepsAlive ? .line : .finished
        hasSkippedBlankLine = false
    }

    package mutating func find() throws(WireError) -> Finding {
        do throws(WireError) {
            return try advance()
        } catch {
            state = .failed(error, isToHead: isToHead)
            (pending, headLength, chunked) = (nil, nil, nil)
            throw error
        }
    }

    private mutating func advance() throws(WireError) -> Finding {
        if headLength != nil { return .complete }
        switch state {
        case .line, .fields:
            if let finding = try readHead() { return finding }
            return try advance()
        case .fixedBody:
            return readFixedBody()
        case .chunkedBody:
            return try readChunkedBody()
        case .finished:
            return .needsMore(.idle)
        case .failed(let error, _):
            throw error
        }
    }

    // MARK: - The head

    /// Nil when the head is complete and a body follows.
    private mutating func readHead() throws(WireError) -> Finding? {
        if case .line = state {
            guard try readLine() else { return .needsMore(buffer.isEmpty ? .idle : .head) }
        }
        let storage = buffer.storage
        let bytes = storage.span.extracting(buffer.filled)
        while true {
            let lineLimit = scanner.start + limits.fieldLine
            let sectionLimit = sectionStart + limits.headerBytes
            switch scanner.scan(bytes, limit: min(lineLimit, sectionLimit)) {
            case .open:
                return .needsMore(.head)
            case .bad:
                throw .badFieldLine
            case .tooLong:
                throw .fieldsTooLarge(limit: lineLimit < sectionLimit ? limits.fieldLine : limits.headerBytes)
            case .line(let end) where end > scanner.start:
                try head.append(bytes, line: scanner.start..<end, sectionStart: sectionStart, limits: limits)
                scanner.advance(past: end)
            case .line(let end):
                return try finishHead(end: end)
            }
        }
    }

    /// Reads the request line; false when it is not complete. One empty line before it is skipped, which some clients
    /// send after a body (RFC 9112 §2.2); a flood of them is not.
    private mutating func readLine() throws(WireError) -> Bool {
        while true {
            let storage = buffer.storage
            let bytes = storage.span.extracting(buffer.filled)
            switch scanner.scan(bytes, limit: limits.requestLine) {
            case .open:
                return false
            case .bad:
                throw .badRequestLine
            case .tooLong:
                // §3: 414 is for a target that is too long; a line with no space in it has no target.
                let hasTarget = bytes.first(0x20, in: 0..<limits.requestLine) < limits.requestLine
                throw hasTarget ? .targetTooLong(limit: limits.requestLine) : .badRequestLine
            case .line(end: 0):
                guard !hasSkippedBlankLine else { throw .badRequestLine }
                hasSkippedBlankLine = true
                buffer.consume(2)
                scanner = LineScanner()
            case .line(let end):
                try head.begin(bytes.extracting(..<end))
                scanner.advance(past: end)
                sectionStart = scanner.start
                state = .fields
                return true
            }
        }
    }

    private mutating func finishHead(end: Int) throws(WireError) -> Finding? {
        try head.finish(limits: limits)
        (scanner, headLength) = (LineScanner(), end + 2)
        switch head.body {
        case .none:
            return .complete
        case .length(let count):
            bodyLength = count
            state = .fixedBody
        case .chunked:
            chunked = ChunkedBody(limits: limits)
            state = .chunkedBody
        }
        // Its body comes into the same buffer.
        pending = copy()
        buffer.consume(end + 2)
        headLength = nil
        // A client that has begun to send does not wait (RFC 9110 §10.1.1).
        return head.awaitsContinue && buffer.isEmpty ? .expectsContinue : nil
    }

    // MARK: - The body

    private mutating func readFixedBody() -> Finding {
        let have = pending?.body.count ?? 0
        let taken = min(bodyLength - have, buffer.count)
        if taken == bodyLength {
            pending?.body = buffer.copy(0..<taken)
        } else if taken > 0 {
            pending?.body.reserveCapacity(bodyLength)
            pending?.body += buffer.copy(0..<taken)
        }
        buffer.consume(taken)
        return have + taken == bodyLength ? .complete : .needsMore(.body)
    }

    private mutating func readChunkedBody() throws(WireError) -> Finding {
        guard var body = chunked.take() else { preconditionFailure("a chunked body has a reader") }
        guard try body.read(&buffer) else {
            chunked = body
            return .needsMore(.body)
        }
        pending?.body = body.body
        return .complete
    }
}
