import Reactor
import Wire

/// How an answer leaves: its head and body into the connection's buffer, or a streamed body piece by piece.
extension Connection {
    /// Never inlined: a handler that waits would hold the room that this needs.
    @inline(never)
    func answer(_ request: Request, with response: Response, since start: Deadline) async -> Failure? {
        let (remainder, headBytes) = compose(
            response, with: ResponseSerializer(to: request, mayKeepAlive: mayKeepAlive))
        var bytes = headBytes
        var failure: Failure?
        switch response.body {
        case .abort:
            failure = .cut
        case .stream(_, let produce) where remainder != .none:
            let body = StreamedBody(channel, framing: remainder)
            failure = await stream(body, produce)
            bytes += body.written
        case .empty, .bytes, .stream:
            if channel.pending > Channel.softLimit { failure = await flush() }
        }
        request.lend { observe($0, response, bytes, since: start, wasCut: failure != nil) }
        return failure
    }

    /// What became of a request that was asked to be answered at once.
    enum Immediate {
        case answered
        /// Nothing; it waits in the parser for a task.
        case waits
        /// The answer is there, but takes a task to be sent; the request waits in the parser.
        case takesTask(Response)
    }

    /// Answers the request that was found, where it stands, if that needs no waiting.
    func answerNow(since start: Deadline) -> Immediate {
        // Who does not read what was answered before is answered by a task, which waits until he does.
        guard channel.pending <= Channel.softLimit else { return .waits }
        // Asked before: nothing may look at the parser while it lends.
        let mayKeepAlive = mayKeepAlive
        var outcome = Immediate.waits
        parser.lend { outcome = answerNow($0, since: start, mayKeepAlive: mayKeepAlive) }
        if case .answered = outcome { parser.drop() }
        return outcome
    }

    private func answerNow(
        _ request: borrowing RequestView, since start: Deadline, mayKeepAlive: Bool
    ) -> Immediate {
        let serializer = ResponseSerializer(to: request, mayKeepAlive: mayKeepAlive)
        let before = channel.pending
        var sink = AnswerSink(serializer, date: site.currentDate(), output: channel.lendOutput())
        let isAnswered = site.responder.respondNow(to: request, into: &sink)
        let (output, outcome) = sink.take()
        channel.takeBack(output)
        guard isAnswered, let answer = outcome.answer else { return .waits }
        guard outcome.isWritten else { return .takesTask(answer) }
        isLast = !outcome.keepsAlive
        observe(request, answer, channel.pending - before, since: start, wasCut: false)
        return .answered
    }

    private func compose(
        _ response: Response, with serializer: ResponseSerializer
    ) -> (ResponseSerializer.Remainder, Int) {
        let date = site.currentDate()
        let (head, bytes) = channel.compose { serializer.append(response, date: date, to: &$0) }
        isLast = !head.keepsAlive
        return (head.remainder, bytes)
    }

    private func observe(
        _ request: borrowing RequestView, _ response: Response, _ bytes: Int, since start: Deadline, wasCut: Bool
    ) {
        site.observer?.answered(request, with: response, bytes: bytes, from: start, to: .now(), wasCut: wasCut)
    }

    func flush() async -> Failure? {
        guard channel.hasOutput else { return nil }
        do throws(IOError) {
            try await channel.flush()
            return nil
        } catch {
            return .broken(error)
        }
    }

    /// Lets the body write itself. Whatever goes wrong after the head can be told in one way only: by not ending the
    /// body as announced (RFC 9112 §8).
    private func stream(
        _ body: StreamedBody, _ produce: @Sendable (any BodySink) async throws -> Void
    ) async -> Failure? {
        do {
            try await produce(body)
            try await body.finish()
            return nil
        } catch {
            return .cut
        }
    }
}
