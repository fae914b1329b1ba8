import Reactor
import Wire

/// The life of one connection, from the first byte to the last: requests are read, answered in order, and read again.
///
/// The parser decides what the bytes mean; here is when to wait, for how long, and how to end.
struct Connection: ~Copyable {
    /// Why a connection ends in the middle.
    enum Failure: Error {
        /// The client is told, then the connection is closed.
        case refused(WireError)
        /// There is nobody to tell.
        case broken(IOError)
        /// The answer itself asks for a cut, or could not be finished.
        case cut
    }

    let site: ServerLoop
    private let settings: ServerSettings
    let channel: Channel
    let peer: IPAddress?
    private var parser: RequestParser
    /// Set by the answer after which no request is read.
    var isLast = false
    private var clientHasEnded = false
    private var requests = 0
    private var headStart: Deadline?
    private var bodyStart: Deadline?
    private var idleStart: Deadline
    /// What was done since others last had their turn: reads that found bytes, and requests.
    private var streak = 0
    private static let longestStreak = 8

    init(_ channel: Channel, peer: IPAddress?, settings: ServerSettings, site: ServerLoop) {
        self.site = site
        self.settings = settings
        self.channel = channel
        self.peer = peer
        parser = RequestParser(limits: settings.options.limits)
        idleStart = site.loop.now
    }

    mutating func serve() async {
        do throws(Failure) {
            while let request = try await next() {
                let start = site.observer == nil ? site.loop.now : .now()
                if let response = site.responder.respondNow(to: request) {
                    if !answerNow(request, with: response, since: start) {
                        try await answer(request, with: response, since: start)
                    }
                } else {
                    // A handler that waits must not hold back the answers before its own.
                    channel.flushAtEndOfRound()
                    try await answer(request, with: await site.responder.respond(to: request), since: start)
                }
                if isLast { return await channel.part() }
                if turnEnds() { await giveWay() }
            }
            try await flush()
            // Who is told to go may be sending a request this very moment.
            if clientHasEnded { channel.close() } else { await channel.part() }
        } catch {
            await end(after: error)
        }
    }

    /// The next request; nil when the client is done, has been idle for too long, or the server is stopping.
    private mutating func next() async throws(Failure) -> Request? {
        while true {
            switch try parse() {
            case .request(let request):
                return request
            case .expectsContinue:
                _ = channel.compose { $0 += "HTTP/1.1 100 Continue\r\n\r\n".utf8 }
            case .needsMore(let phase):
                // Everything that was asked for is answered: now the answers leave, in one piece.
                if try !flushNow() { try await flush() }
                switch try read(phase) {
                case .bytes:
                    if turnEnds() { await giveWay() }
                case .end:
                    clientHasEnded = true
                    return nil
                case .nothing:
                    streak = 0
                    guard try await wait(phase) else { return nil }
                case .noPlaintext:
                    // Nothing the parser could count or refuse: only time ends this.
                    guard site.loop.now < deadline(of: phase) else {
                        if phase == .idle { return nil }
                        throw .refused(.timedOut)
                    }
                    streak = 0
                    await giveWay()
                }
            }
        }
    }

    private mutating func parse() throws(Failure) -> RequestParser.Step {
        let step: RequestParser.Step
        do throws(WireError) {
            step = try parser.next()
        } catch {
            throw .refused(error)
        }
        guard case .request(var request) = step else { return step }
        request.peer = peer
        request.isSecure = channel.isSecure
        requests += 1
        (headStart, bodyStart) = (nil, nil)
        idleStart = site.loop.now
        return .request(request)
    }

    private mutating func read(_ phase: RequestParser.Phase) throws(Failure) -> Channel.Reading {
        do throws(IOError) {
            return try channel.receive(into: &parser)
        } catch {
            throw Self.failure(error, in: phase)
        }
    }

    private static func failure(_ error: IOError, in phase: RequestParser.Phase) -> Failure {
        error == .timedOut && phase != .idle ? .refused(.timedOut) : .broken(error)
    }

    /// Whether it is time to let the other connections of the loop go on: a client that sends without end, or has sent a
    /// thousand requests in one go, must not hold them up.
    private mutating func turnEnds() -> Bool {
        streak += 1
        guard streak >= Self.longestStreak else { return false }
        streak = 0
        return true
    }

    private func giveWay() async {
        channel.flushAtEndOfRound()
        await Task.yield()
    }

    /// Waits until there is something to read; false when the time for that is over, and nothing has come.
    private mutating func wait(_ phase: RequestParser.Phase) async throws(Failure) -> Bool {
        let deadline = deadline(of: phase)
        do throws(IOError) {
            guard phase == .idle else {
                try await channel.readable(by: deadline)
                return true
            }
            if try await waitIdle(until: deadline) { return true }
            return try hasComeAfterAll()
        } catch {
            throw Self.failure(error, in: phase)
        }
    }

    /// When the phase must be over, in total from its first byte: one byte a second must not hold a connection for ever.
    private mutating func deadline(of phase: RequestParser.Phase) -> Deadline {
        switch phase {
        case .idle:
            // The parser has skipped what had begun: an empty line.
            headStart = nil
            return idleEnd
        case .head:
            let start = headStart ?? site.loop.now
            headStart = start
            return start + settings.timeouts.header
        case .body:
            let start = bodyStart ?? site.loop.now
            bodyStart = start
            return start + settings.timeouts.body
        }
    }

    /// Whether a request came just when the waiting was over: a close would reset it.
    private mutating func hasComeAfterAll() throws(IOError) -> Bool {
        channel.lookAgain()
        let reading = try channel.receive(into: &parser)
        clientHasEnded = reading == .end
        return reading == .bytes
    }

    /// How long to wait for a request. Whoever connected before the server stopped has a request on its way, even
    /// though none has come yet.
    private var idleEnd: Deadline {
        guard site.isStopping else { return idleStart + settings.timeouts.idle }
        return requests == 0 ? idleStart + settings.timeouts.lastFirstRequest : idleStart
    }

    private mutating func waitIdle(until deadline: Deadline) async throws(IOError) -> Bool {
        guard site.loop.now < deadline else { return false }
        do throws(IOError) {
            // Most clients that come back do so at once; only who does not gives the buffers back.
            try await channel.readable(by: min(deadline, idleStart + settings.timeouts.buffers))
            return true
        } catch .timedOut {
            guard site.loop.now < deadline else { return false }
            parser.releaseMemory()
            channel.releaseMemory()
        }
        do throws(IOError) {
            try await channel.readable(by: deadline)
            return true
        } catch .timedOut {
            return false
        }
    }

    /// Whether everything that was to be sent has gone.
    private func flushNow() throws(Failure) -> Bool {
        do throws(IOError) {
            guard channel.hasOutput else { return true }
            return try channel.flushNow()
        } catch {
            throw .broken(error)
        }
    }

    func flush() async throws(Failure) {
        guard channel.hasOutput else { return }
        do throws(IOError) {
            try await channel.flush()
        } catch {
            throw .broken(error)
        }
    }

    private mutating func end(after failure: Failure) async {
        if channel.hasStalled { site.observer?.note(.stalled(peer: peer)) }
        switch failure {
        case .refused(let error):
            site.observer?.note(.refused(error, peer: peer))
            site.compose(settings.options.refusal(error.status), toHead: parser.isToHead, into: channel)
            await channel.part()
        case .cut, .broken(.timedOut):
            // Who takes no byte has a full buffer that a normal close would keep in the kernel for minutes.
            channel.cut()
        case .broken:
            return
        }
    }

    /// Whether the server has nothing against another request after the present one. On the way out it answers what
    /// has come already: the next one of a pipeline was sent in good faith.
    var mayKeepAlive: Bool {
        let limit = settings.options.requestsPerConnection
        return (!site.isDraining || parser.buffered > 0) && (limit == 0 || requests < limit)
    }
}
