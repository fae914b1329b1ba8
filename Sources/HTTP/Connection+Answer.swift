import Reactor
import Wire

/// How an answer leaves: its head and body into the connection's buffer, or a streamed body piece by piece.
extension Connection {
    /// Never inlined: a handler that waits would hold the room that this needs.
    @inline(never)
    func answer(_ request: Request, with response: Response, since start: Deadline) async -> Failure? {
        let requestID = response.fields[.xRequestID]
        // Who does not read what he was sent before waits for that: else a file of 32 KiB would come on top of another.
        if channel.pending > Channel.softLimit, let failure = await flush() {
            request.lend { observe($0, response.status, requestID, 0, since: start, wasCut: true) }
            return failure
        }
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
        request.lend { observe($0, response.status, requestID, bytes, since: start, wasCut: failure != nil) }
        return failure
    }

    /// Answers the request that was found, where it stands, if that needs no waiting; otherwise it stays in the parser,
    /// for a task.
    func answerNow(since start: Deadline) -> Bool {
        // Who does not read what was answered before is answered by a task, which waits until he does.
        guard channel.pending <= Channel.softLimit else { return false }
        // Asked before: nothing may look at the parser while it lends.
        let mayKeepAlive = mayKeepAlive
        var isAnswered = false
        parser.lend { isAnswered = answerNow($0, since: start, mayKeepAlive: mayKeepAlive) }
        if isAnswered { parser.drop() }
        return isAnswered
    }

    private func answerNow(_ request: borrowing RequestView, since start: Deadline, mayKeepAlive: Bool) -> Bool {
        let serializer = ResponseSerializer(to: request, mayKeepAlive: mayKeepAlive)
        let before = channel.pending
        var sink = AnswerSink(serializer, date: site.currentDate(), output: channel.lendOutput())
        let isAnswered = site.responder.respondNow(to: request, into: &sink)
        let (status, keepsAlive, requestID) = (sink.status, sink.keepsAlive, sink.requestID)
        precondition(isAnswered == (status != nil), "what was answered was put into the sink, and nothing else")
        channel.takeBack(sink.take())
        guard let status else { return false }
        isLast = !keepsAlive
        observe(request, status, requestID, channel.pending - before, since: start, wasCut: false)
        return true
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
        _ request: borrowing RequestView, _ status: Status, _ requestID: String?, _ bytes: Int,
        since start: Deadline, wasCut: Bool
    ) {
        site.observer?.answered(
            request, with: status, requestID: requestID, bytes: bytes, from: start, to: .now(), wasCut: wasCut)
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
