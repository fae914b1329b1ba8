import Reactor
import Secure

/// A stream to a server, under TLS where the URL says so; the same few calls either way.
struct ClientTransport: ~Copyable {
    private let stream: Stream
    private let engine: TLSEngine?

    /// A whole TLS record fits, with what it adds to its 16 KiB.
    private static let recordSize = 17 << 10

    init(_ stream: consuming Stream, engine: TLSEngine?) {
        self.stream = stream
        self.engine = engine
    }

    func handshake(by deadline: Deadline) async throws(ClientError.Kind) {
        guard let engine else { return }
        while true {
            let isDone: Bool
            do throws(SecureError) {
                isDone = try engine.handshake()
            } catch {
                // The alert tells the server why; whether it arrives is not our trouble.
                try? await flush(engine, by: deadline)
                throw error == .truncated ? .interrupted : .tls(error)
            }
            do throws(IOError) {
                try await flush(engine, by: deadline)
                if isDone { return }
                if try !takeCiphertext(for: engine) { try await stream.readable(by: deadline) }
            } catch {
                throw ClientError.Kind(error, during: .handshake)
            }
        }
    }

    func write(_ bytes: [UInt8], by deadline: Deadline) async throws(ClientError.Kind) {
        do throws(IOError) {
            guard let engine else { return try await stream.write(bytes, deadline: deadline) }
            do throws(SecureError) {
                try engine.write(bytes)
            } catch {
                throw .closed
            }
            try await flush(engine, by: deadline)
        } catch {
            throw ClientError.Kind(error, during: .answer)
        }
    }

    /// Whether `tryRead` is worth room for what it may read. TLS may hold bytes that have come before.
    var mayHaveMore: Bool { engine != nil || stream.mayHaveMore }

    /// Bytes read; 0 at an end that is known to be the end; nil when nothing is there now.
    func tryRead(into buffer: UnsafeMutableRawBufferPointer) throws(ClientError.Kind) -> Int? {
        while true {
            if let engine {
                do throws(SecureError) {
                    if let count = try engine.read(into: buffer) { return count }
                } catch {
                    throw error == .truncated ? .interrupted : .tls(error)
                }
            }
            do throws(IOError) {
                guard let engine else { return try stream.tryRead(into: buffer) }
                guard try takeCiphertext(for: engine) else { return nil }
            } catch {
                throw ClientError.Kind(error, during: .answer)
            }
        }
    }

    /// Has the watcher called when `tryRead` is worth calling, or at the deadline.
    func watch(by deadline: Deadline, _ watcher: any Watcher) { stream.watch(by: deadline, watcher) }

    func cancelWatch() { stream.cancelWatch() }

    /// Whether the server has neither closed an idle connection nor said anything on it. A late session ticket counts
    /// as something said, which costs a connection now and then and never a wrong answer.
    var isQuiet: Bool { stream.isQuiet }

    /// What the next connection to this host may resume.
    var session: TLSSession? { engine?.session }

    /// Tells the server that the end is meant, if it takes that at once; the stream closes when this value ends.
    func bidFarewell() {
        guard let engine else { return }
        engine.close()
        let alert = engine.takeCiphertext()
        // Not worth waiting for.
        _ = try? alert.withUnsafeBufferPointer { bytes throws(IOError) in
            try stream.tryWrite(UnsafeRawBufferPointer(bytes))
        }
    }

    private func flush(_ engine: TLSEngine, by deadline: Deadline) async throws(IOError) {
        let ciphertext = engine.takeCiphertext()
        if !ciphertext.isEmpty { try await stream.write(ciphertext, deadline: deadline) }
    }

    /// Moves what has arrived to the engine, the end too; false when nothing has.
    private func takeCiphertext(for engine: TLSEngine) throws(IOError) -> Bool {
        guard stream.mayHaveMore, let bytes = try stream.tryRead(upTo: Self.recordSize) else { return false }
        if bytes.isEmpty { engine.feedEnd() } else { engine.feed(bytes) }
        return true
    }
}

extension ClientError.Kind {
    init(_ error: IOError, during stage: ClientError.Stage) {
        self =
            switch error {
            case .timedOut: .timedOut(stage)
            case .cancelled: .cancelled
            case .reset where stage != .connect, .closed where stage != .connect: .interrupted
            case .refused where stage == .connect: .refused
            case let error where error.isResolution: .resolution(error)
            case let error: stage == .connect ? .unreachable(error) : .interrupted
            }
    }
}
