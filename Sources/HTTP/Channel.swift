import Reactor
import Secure
import Wire

/// The bytes of one server connection: what is read goes straight to the parser, what is written gathers and leaves in
/// one piece; in between, TLS where the listener has it.
///
/// Unchecked because a streamed body holds it: it is used on its loop's thread only, where `Stream` traps on any
/// other, by its connection or by the one errand that this has under way.
final class Channel: EndOfRound, @unchecked Sendable {
    enum Reading {
        case bytes
        /// Bytes of TLS that hold none of the client's, or not yet.
        case noPlaintext
        case nothing
        case end
    }

    /// Enough for many small answers; above it, an answer waits for the client to read.
    static let softLimit = 32 << 10
    private static let readSize = 4 << 10
    /// The largest TLS record.
    private static let recordSize = 16 << 10

    private let stream: Stream
    private let loop: Loop
    private let stall: Timeout
    private let engine: TLSEngine?
    // Exclusivity is not checked at run time: see the first lines, and nothing here calls back while it holds one.
    @exclusivity(unchecked) private var outbox: [UInt8] = []
    /// `outbox` as it goes over TLS; unused without.
    @exclusivity(unchecked) private var sealed: [UInt8] = []
    /// How much of what goes out has gone.
    @exclusivity(unchecked) private var sent = 0
    @exclusivity(unchecked) private var endsRound = false
    /// Whether the client took nothing for the write timeout.
    private(set) var hasStalled = false
    /// What went wrong where nobody could be told; the next `flush` tells.
    @exclusivity(unchecked) private var failure: IOError?

    init(_ stream: consuming Stream, on loop: Loop, stall: Timeout, tls: TLSContext?) {
        self.stream = stream
        self.loop = loop
        self.stall = stall
        engine = tls.map { TLSEngine(server: $0) }
    }

    var isSecure: Bool { engine != nil }

    // MARK: - Reading

    func receive(into parser: inout RequestParser) throws(IOError) -> Reading {
        guard let engine else {
            return try parser.receive(atLeast: Self.readSize) { space throws(IOError) in try stream.tryRead(into: space)
            }
        }
        if let reading = try unseal(engine, into: &parser) { return reading }
        guard try feed(engine) else { return .nothing }
        if let reading = try unseal(engine, into: &parser) { return reading }
        // Changes of keys and the like, perhaps without end, and what TLS answers to them.
        sealed += engine.takeCiphertext()
        return .noPlaintext
    }

    /// Nil when TLS wants more bytes.
    private func unseal(_ engine: TLSEngine, into parser: inout RequestParser) throws(IOError) -> Reading? {
        do throws(SecureError) {
            let reading = try parser.receive(atLeast: Self.readSize) { space throws(SecureError) in
                try engine.read(into: space)
            }
            return reading == .nothing ? nil : reading
        } catch .truncated {
            // Most clients end a connection without the farewell of TLS. A request that was cut short by it is
            // incomplete and not answered, so nothing is believed that should not be.
            return .end
        } catch {
            _ = try sendSome()
            throw .badProtocol
        }
    }

    /// Gives TLS what has arrived; false if nothing has.
    private func feed(_ engine: TLSEngine) throws(IOError) -> Bool {
        guard let bytes = try stream.tryRead(upTo: Self.recordSize) else { return false }
        if bytes.isEmpty { engine.feedEnd() } else { engine.feed(bytes) }
        return true
    }

    /// Has the watcher called when `receive` is worth calling, or at the deadline.
    func watch(by deadline: Deadline, _ watcher: any Watcher) {
        stream.watch(by: deadline, watcher)
    }

    func cancelWatch() {
        stream.cancelWatch()
    }

    /// Has the next `receive` ask the kernel, whatever the loop has heard.
    func lookAgain() {
        stream.lookAgain()
    }

    // MARK: - Writing

    var hasOutput: Bool { !outbox.isEmpty || !sealed.isEmpty }
    /// What waits to be sent.
    var pending: Int { outbox.count + sealed.count - sent }

    /// Adds to what will be sent.
    func compose<Outcome>(_ body: (inout [UInt8]) -> Outcome) -> (outcome: Outcome, count: Int) {
        let before = outbox.count
        let outcome = body(&outbox)
        return (outcome, outbox.count - before)
    }

    /// The same for who appends by himself: what will be sent, until it is taken back.
    func lendOutput() -> [UInt8] {
        var lent: [UInt8] = []
        swap(&lent, &outbox)
        return lent
    }

    func takeBack(_ output: consuming [UInt8]) {
        outbox = output
    }

    /// Sends what the kernel takes; whether that is everything.
    func flushNow() throws(IOError) -> Bool { try sendSome() }

    /// Sends everything. Throws `.timedOut` when the client takes no byte for the write timeout.
    func flush() async throws(IOError) {
        while try !sendSome() {
            do throws(IOError) {
                try await stream.writable(by: loop.now + stall)
            } catch {
                hasStalled = error == .timedOut
                throw error
            }
        }
    }

    /// Sends at the latest when the loop next waits: a handler that takes its time must not hold up the answers to
    /// the requests before it.
    func flushAtEndOfRound() {
        guard !endsRound, hasOutput else { return }
        endsRound = true
        loop.atEndOfRound(self)
    }

    func roundEnds() {
        endsRound = false
        do throws(IOError) {
            _ = try sendSome()
        } catch {
            failure = error
        }
    }

    /// Whether everything is sent.
    private func sendSome() throws(IOError) -> Bool {
        if let failure { throw failure }
        guard let engine else { return try send(&outbox) }
        if !outbox.isEmpty {
            do throws(SecureError) {
                try engine.write(outbox)
            } catch {
                throw .badProtocol
            }
            outbox.removeAll(keepingCapacity: outbox.capacity <= 2 * Self.softLimit)
        }
        sealed += engine.takeCiphertext()
        return try send(&sealed)
    }

    private func send(_ bytes: inout [UInt8]) throws(IOError) -> Bool {
        while sent < bytes.count {
            let count = try bytes.withUnsafeBufferPointer { all throws(IOError) in
                try stream.tryWrite(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: all[sent...])))
            }
            guard let count else { return false }
            sent += count
        }
        sent = 0
        // One large answer must not keep its memory for the life of the connection.
        bytes.removeAll(keepingCapacity: bytes.capacity <= 2 * Self.softLimit)
        return true
    }

    func releaseMemory() {
        if outbox.isEmpty { outbox = [] }
        if sealed.isEmpty { sealed = [] }
    }

    // MARK: - Beginning and ending

    /// Agrees upon TLS, if this listener speaks it.
    func handshake(by deadline: Deadline) async throws(HandshakeFault) {
        guard let engine else { return }
        while true {
            let isComplete = try proceed(engine)
            do throws(IOError) {
                try await flush()
                if isComplete { return }
                if try !feed(engine) { try await stream.readable(by: deadline) }
            } catch {
                throw .connection(error)
            }
        }
    }

    private func proceed(_ engine: TLSEngine) throws(HandshakeFault) -> Bool {
        do throws(SecureError) {
            return try engine.handshake()
        } catch {
            // The alert that tells the client why.
            _ = try? sendSome()
            throw .tls(error)
        }
    }

    /// Makes the end of the connection a RST.
    func cut() {
        (outbox, sealed, sent) = ([], [], 0)
        stream.cutWhenClosed()
    }

    /// Ends so that the client gets to read the last answer: a close with unread bytes would be a RST, and that wipes
    /// what the client has received and not read yet. So this side says it is done, then reads on until the client is
    /// done, too, but for 2 s and 1 MiB at most (RFC 9112 §9.6).
    func part() async {
        do throws(IOError) {
            try await flush()
            if let engine {
                engine.close()
                try await flush()
            }
            stream.shutdownWrite()
            let deadline = Deadline.after(.seconds(2))
            var left = 1 << 20
            while left > 0 {
                if let bytes = try stream.tryRead(upTo: 16 << 10) {
                    if bytes.isEmpty { return }
                    left -= bytes.count
                } else {
                    try await stream.readable(by: deadline)
                }
            }
        } catch {
            // Whatever it was, the connection ends here.
        }
    }

    /// Says farewell where TLS wants one; nothing is waited for.
    func close() {
        guard let engine else { return }
        engine.close()
        _ = try? sendSome()
    }
}

extension RequestParser {
    /// One read into the parser's own buffer. `read` gives nil for "nothing now" and 0 for the end.
    fileprivate mutating func receive<Failure: Error>(
        atLeast count: Int, _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int?
    ) throws(Failure) -> Channel.Reading {
        var reading = Channel.Reading.nothing
        var failure: Failure?
        withSpareCapacity(atLeast: count) { space in
            do throws(Failure) {
                guard let count = try read(space) else { return 0 }
                reading = count > 0 ? .bytes : .end
                return count
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return reading
    }
}
