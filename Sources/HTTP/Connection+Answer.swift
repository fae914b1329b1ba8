import Reactor
import Wire

/// How an answer leaves: its head and body into the connection's buffer, or a streamed body piece by piece.
extension Connection {
    /// Never inlined: a handler that waits would hold the room that this needs.
    @inline(never)
    func answer(_ request: Request, with response: Response, since start: Deadline) async -> Failure? {
        let (remainder, headBytes) = compose(request, response)
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
        observe(request, response, bytes, since: start, wasCut: failure != nil)
        return failure
    }

    /// The same for an answer that is at hand, where the client has read most of those before it. False, and nothing
    /// done, for any other.
    func answerNow(_ request: Request, with response: Response, since start: Deadline) -> Bool {
        guard channel.pending <= Channel.softLimit else { return false }
        switch response.body {
        case .empty, .bytes: break
        case .stream, .abort: return false
        }
        let (_, bytes) = compose(request, response)
        observe(request, response, bytes, since: start, wasCut: false)
        return true
    }

    private func compose(_ request: Request, _ response: Response) -> (ResponseSerializer.Remainder, Int) {
        let serializer = ResponseSerializer(to: request, mayKeepAlive: mayKeepAlive)
        let date = site.currentDate()
        let (head, bytes) = channel.compose { serializer.append(response, date: date, to: &$0) }
        isLast = !head.keepsAlive
        return (head.remainder, bytes)
    }

    private func observe(_ request: Request, _ response: Response, _ bytes: Int, since start: Deadline, wasCut: Bool) {
        site.observer?.answered(
            request, with: response, bytes: bytes, in: Deadline.now().since(start), wasCut: wasCut)
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
