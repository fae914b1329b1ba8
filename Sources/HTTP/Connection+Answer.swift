import Reactor
import Wire

/// How an answer leaves: its head and body into the connection's buffer, or a streamed body piece by piece.
extension Connection {
    mutating func answer(
        _ request: Request, with response: Response, since start: Deadline
    ) async throws(Failure) {
        let serializer = ResponseSerializer(to: request, mayKeepAlive: mayKeepAlive)
        let date = site.currentDate()
        let (head, headBytes) = channel.compose { serializer.append(response, date: date, to: &$0) }
        isLast = !head.keepsAlive
        var bytes = headBytes
        var failure: Failure?
        switch response.body {
        case .abort:
            failure = .cut
        case .stream(_, let produce) where head.remainder != .none:
            let body = StreamedBody(channel, framing: head.remainder)
            failure = await stream(body, produce)
            bytes += body.written
        case .empty, .bytes, .stream:
            if channel.pending > Channel.softLimit { failure = await flushFailure() }
        }
        if let observer = site.observer {
            observer(
                .answered(
                    Exchange(
                        request: request, status: response.status, fields: response.fields, bytes: bytes,
                        duration: Deadline.now().since(start), wasCut: failure != nil)))
        }
        if let failure { throw failure }
    }

    private func flushFailure() async -> Failure? {
        do throws(Failure) {
            try await flush()
            return nil
        } catch {
            return error
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
