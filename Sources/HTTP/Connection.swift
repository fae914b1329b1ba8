import Reactor
import Wire

/// The life of one connection, from the first byte to the last: requests are read, answered in order, and read again.
///
/// The parser decides what the bytes mean; here is when to wait, for how long, and how to end. What needs no waiting is
/// done in `go`, a plain function that the loop calls when there is something to read; only an errand that has to wait
/// (a handler, a client that reads slowly, the end) gets a task, and the connection has one errand at a time. So an idle
/// connection is this object, its channel and nothing else; one whose handler has others work for it, a `Promise` more.
///
/// Unchecked because its errands hold it: they run on its loop, as everything here does.
final class Connection: Watcher, @unchecked Sendable {
    /// Why a connection ends in the middle.
    enum Failure: Error {
        /// The client is told, then the connection is closed.
        case refused(WireError)
        /// There is nobody to tell.
        case broken(IOError)
        /// The answer itself asks for a cut, or could not be finished.
        case cut
    }

    /// How far `advance` came.
    private enum Turn {
        /// Nothing more has come.
        case waits(RequestParser.Phase)
        /// It is for others to go on first.
        case givesWay
        case needs(Errand)
        case isOver
    }

    /// What has to wait for something.
    private enum Errand {
        case handshake
        case respond(Request, since: Deadline)
        case flush
        /// Ends so that the client gets to read what it was sent last.
        case part
    }

    let site: ServerLoop
    let channel: Channel
    let peer: IPAddress?
    let entry: Admission.Entry
    private let settings: ServerSettings
    /// Where it stands in its site's list.
    var place = 0
    // Exclusivity is not checked at run time: see the first lines, and nothing here calls back while it holds one. But for
    // the parser, which lends a request to who may answer it at once: `answerNow` asks it all there is to ask before, and
    // nobody beyond it knows the connection.
    @exclusivity(unchecked) var parser: RequestParser
    /// Set by the answer after which no request is read.
    @exclusivity(unchecked) var isLast = false
    @exclusivity(unchecked) private var isCancelled = false
    @exclusivity(unchecked) private var hasReleasedMemory = false
    @exclusivity(unchecked) private var requests = 0
    @exclusivity(unchecked) private var headStart: Deadline?
    @exclusivity(unchecked) private var bodyStart: Deadline?
    @exclusivity(unchecked) private var idleStart: Deadline
    /// What is waited for when the watch ends; nil where an errand or nothing is under way.
    @exclusivity(unchecked) private var waiting: RequestParser.Phase?
    /// The task of the errand under way.
    @exclusivity(unchecked) private var task: Task<Void, Never>?
    /// The answer that others' work has to come before, while that goes on: between two errands.
    @exclusivity(unchecked) private var promise: Promise?
    /// How many errands have ended.
    @exclusivity(unchecked) private var errandsEnded = 0
    /// What was done since others last had their turn: reads that found bytes, and requests.
    @exclusivity(unchecked) private var streak = 0
    private static let longestStreak = 8

    init(_ channel: Channel, peer: IPAddress?, entry: Admission.Entry, settings: ServerSettings, site: ServerLoop) {
        self.site = site
        self.settings = settings
        self.channel = channel
        self.peer = peer
        self.entry = entry
        parser = RequestParser(limits: settings.options.limits, peer: peer, isSecure: channel.isSecure)
        idleStart = site.loop.now
    }

    // MARK: - Whose turn it is

    func begin() {
        switch entry.verdict {
        case .admitted: channel.isSecure ? run(.handshake) : go()
        case .refused, .ignored: turnDown()
        }
    }

    /// Says 503 and goes. Under a flood, when many already linger over that, the close is immediate.
    private func turnDown() {
        site.observer?.note(.overloaded(peer: peer))
        guard entry.verdict == .refused, !channel.isSecure else { return site.close(self) }
        site.compose(settings.options.refusal(.unavailable, nil), into: channel)
        run(.part)
    }

    /// Ends it soon, wherever it is.
    func cancel() {
        isCancelled = true
        task?.cancel()
        promise?.work.cancel()
        channel.cancelWatch()
    }

    func wake(_ reason: Wake) {
        guard let phase = waiting else { return go() }
        waiting = nil
        switch reason {
        case .ready, .cancelled: go()
        case .timedOut:
            guard phase == .idle else { return fail(.refused(.timedOut)) }
            guard site.loop.now < idleEnd else { return go() }
            parser.releaseMemory()
            channel.releaseMemory()
            hasReleasedMemory = true
            watch(.idle)
        }
    }

    private func go() {
        if isCancelled {
            // What was answered before that goes out, as far as the kernel takes it now.
            _ = try? flushNow()
            return site.close(self)
        }
        let turn: Turn
        do throws(Failure) {
            turn = try advance()
        } catch {
            return fail(error)
        }
        switch turn {
        case .waits(let phase): watch(phase)
        case .givesWay:
            channel.flushAtEndOfRound()
            site.loop.callAgain(self)
        case .needs(let errand): run(errand)
        case .isOver: site.close(self)
        }
    }

    private func watch(_ phase: RequestParser.Phase) {
        streak = 0
        let deadline = deadline(of: phase)
        // Most clients that come back do so at once; only who does not gives the buffers back.
        let isEarly = phase == .idle && !hasReleasedMemory
        waiting = phase
        channel.watch(by: isEarly ? min(deadline, idleStart + settings.timeouts.buffers) : deadline, self)
    }

    private func run(_ errand: Errand) {
        // A task for each kind: while it waits, it holds what it needs and no more.
        switch errand {
        case .handshake: launch { await $0.agree() }
        case .respond(let request, let start):
            let waits = launch { await $0.respond(to: request, since: start) }
            if waits { giveBack() }
        case .flush: launch { Ending(await $0.flush()) }
        case .part:
            launch {
                await $0.channel.part()
                return .isOver
            }
        }
    }

    /// How an errand ends.
    private enum Ending {
        case goesOn
        /// Another one follows, once others' work is done.
        case waits(Promise)
        case isOver
        case failed(Failure)

        init(_ failure: Failure?) {
            self = failure.map { .failed($0) } ?? .goesOn
        }
    }

    /// Whether it waits for something.
    @discardableResult
    private func launch(_ errand: @escaping @Sendable (Connection) async -> Ending) -> Bool {
        let before = errandsEnded
        let task = Task.immediate(executorPreference: site.loop) { self.errandEnded(await errand(self)) }
        // It may be over already, and another under way.
        guard errandsEnded == before else { return false }
        self.task = task
        return true
    }

    /// A handler that waits must not hold back the answers before its own, nor memory that nobody needs now: of thousands
    /// who wait for WeChat each would have 4 KB of it.
    private func giveBack() {
        channel.flushAtEndOfRound()
        if parser.buffered == 0 {
            parser.releaseMemory()
            channel.releaseMemory()
        }
    }

    private func errandEnded(_ ending: Ending) {
        errandsEnded += 1
        task = nil
        switch ending {
        case .goesOn: go()
        case .waits(let promise): wait(for: promise)
        case .isOver: site.close(self)
        case .failed(let failure): fail(failure)
        }
    }

    private func respond(to request: Request, since start: Deadline) async -> Ending {
        switch await site.responder.answer(to: request) {
        case .response(let response): Ending(await answer(request, with: response, since: start))
        case .after(let work, let then):
            .waits(Promise(to: request, since: start, after: work, then: then, on: self))
        }
    }

    private func wait(for promise: Promise) {
        self.promise = promise
        giveBack()
        if isCancelled { promise.work.cancel() }
        promise.work.begin(for: .watcher(promise))
    }

    /// The work is done, well or not.
    func keep(_ promise: Promise) {
        self.promise = nil
        launch { connection in
            let response = await promise.response(promise.request)
            return Ending(await connection.answer(promise.request, with: response, since: promise.start))
        }
        if isCancelled { task?.cancel() }
    }

    private func agree() async -> Ending {
        do throws(HandshakeFault) {
            try await channel.handshake(by: site.loop.now + settings.options.handshakeTimeout)
            idleStart = site.loop.now
            return .goesOn
        } catch {
            site.observer?.note(.handshakeFailed(error, peer: peer))
            return .isOver
        }
    }

    // MARK: - Reading and answering

    /// Goes on until there is something to wait for.
    private func advance() throws(Failure) -> Turn {
        while true {
            if isLast { return .needs(.part) }
            if streak >= Self.longestStreak {
                streak = 0
                return .givesWay
            }
            switch try parse() {
            case .complete:
                noteRequest()
                let start = site.observer == nil ? site.loop.now : .now()
                guard answerNow(since: start) else { return .needs(.respond(parser.take(), since: start)) }
            case .expectsContinue:
                _ = channel.compose { $0 += "HTTP/1.1 100 Continue\r\n\r\n".utf8 }
            case .needsMore(let phase):
                // Everything that was asked for is answered: now the answers leave, in one piece.
                guard try flushNow() else { return .needs(.flush) }
                switch try read() {
                case .bytes: streak += 1
                case .end: return farewell(clientHasEnded: true)
                case .nothing:
                    guard phase == .idle, site.loop.now >= idleEnd else { return .waits(phase) }
                    if let turn = try lastLook() { return turn }
                case .noPlaintext:
                    // Nothing the parser could count or refuse: only time ends this.
                    if site.loop.now < deadline(of: phase) { return .givesWay }
                    guard phase == .idle else { throw .refused(.timedOut) }
                    return farewell(clientHasEnded: false)
                }
            }
        }
    }

    private func parse() throws(Failure) -> RequestParser.Finding {
        do throws(WireError) {
            return try parser.find()
        } catch {
            throw .refused(error)
        }
    }

    private func noteRequest() {
        requests += 1
        streak += 1
        (headStart, bodyStart, hasReleasedMemory) = (nil, nil, false)
        idleStart = site.loop.now
    }

    private func read() throws(Failure) -> Channel.Reading {
        do throws(IOError) {
            return try channel.receive(into: &parser)
        } catch {
            throw .broken(error)
        }
    }

    /// The end of a connection that was idle for too long, unless a request came just then: a close would reset it.
    private func lastLook() throws(Failure) -> Turn? {
        channel.lookAgain()
        switch try read() {
        case .bytes: return nil
        case .end: return farewell(clientHasEnded: true)
        case .nothing, .noPlaintext: return farewell(clientHasEnded: false)
        }
    }

    private func farewell(clientHasEnded: Bool) -> Turn {
        // Who is told to go may be sending a request this very moment.
        guard clientHasEnded else { return .needs(.part) }
        channel.close()
        return .isOver
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

    // MARK: - How long

    /// When the phase must be over, in total from its first byte: one byte a second must not hold a connection for ever.
    private func deadline(of phase: RequestParser.Phase) -> Deadline {
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

    /// How long to wait for a request. Whoever connected before the server stopped has a request on its way, even
    /// though none has come yet.
    private var idleEnd: Deadline {
        guard site.isStopping else { return idleStart + settings.timeouts.idle }
        return requests == 0 ? idleStart + settings.timeouts.lastFirstRequest : idleStart
    }

    /// Whether the server has nothing against another request after the present one. On the way out it answers what
    /// has come already: the next one of a pipeline was sent in good faith.
    var mayKeepAlive: Bool {
        let limit = settings.options.requestsPerConnection
        return (!site.isDraining || parser.buffered > 0) && (limit == 0 || requests < limit)
    }

    private func fail(_ failure: Failure) {
        if channel.hasStalled { site.observer?.note(.stalled(peer: peer)) }
        switch failure {
        case .refused(let error):
            site.observer?.note(.refused(error, peer: peer))
            site.compose(settings.options.refusal(error.status, error), toHead: parser.isToHead, into: channel)
            run(.part)
        case .cut, .broken(.timedOut):
            // Who takes no byte has a full buffer that a normal close would keep in the kernel for minutes.
            channel.cut()
            site.close(self)
        case .broken:
            site.close(self)
        }
    }
}
