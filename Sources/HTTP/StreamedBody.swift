import Reactor
import Synchronization
import Wire

/// A body on its way: frames each piece and sends it, waiting for a client that reads more slowly.
final class StreamedBody: BodySink {
    enum Failure: Error {
        /// More or fewer bytes than announced.
        case wrongLength
    }

    private struct Progress {
        var body = 0
        var written = 0
    }

    private let channel: Channel
    private let framing: ResponseSerializer.Remainder
    private let progress = Mutex(Progress())

    init(_ channel: Channel, framing: ResponseSerializer.Remainder) {
        self.channel = channel
        self.framing = framing
    }

    /// What has been written, framing included.
    var written: Int { progress.withLock { $0.written } }

    func write(_ bytes: [UInt8]) async throws {
        let total = progress.withLock { progress in
            progress.body += bytes.count
            return progress.body
        }
        if case .length(let announced) = framing, total > announced { throw Failure.wrongLength }
        try await send { out in
            if framing == .chunked {
                ResponseSerializer.append(chunk: bytes, to: &out)
            } else {
                out += bytes
            }
        }
    }

    /// The end of the body, if it has come that far.
    func finish() async throws {
        switch framing {
        case .chunked: try await send { ResponseSerializer.appendLastChunk(to: &$0) }
        case .length(let announced) where progress.withLock({ $0.body }) != announced: throw Failure.wrongLength
        case .length, .untilClose, .none: return
        }
    }

    private func send(_ compose: (inout [UInt8]) -> Void) async throws(IOError) {
        let count = channel.compose(compose).count
        progress.withLock { $0.written += count }
        try await channel.flush()
    }
}
