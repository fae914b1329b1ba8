import Reactor
import Secure
import Wire

/// One connection to one server, and the exchange of one request for one response on it.
///
/// Unchecked because the pool keeps it behind a lock: whoever took it out is its one owner, and the pool belongs to the
/// loop whose stream it holds.
final class ClientConnection: @unchecked Sendable {
    private let transport: ClientTransport
    private var parser: ResponseParser

    private static let readSize = 4 << 10

    init(_ transport: consuming ClientTransport, limits: ParserLimits) {
        self.transport = transport
        parser = ResponseParser(limits: limits)
    }

    /// Whether the request that failed may have been seen by nobody: not a byte came back.
    var isUnanswered: Bool { !parser.hasBegun }

    /// Whether the next request may use it, as far as the last answer said.
    var isReusable: Bool { parser.isReusable }

    /// Whether the server still holds its end, as far as the kernel knows.
    var isQuiet: Bool { transport.isQuiet }

    var session: TLSSession? { transport.session }

    func bidFarewell() { transport.bidFarewell() }

    func send(_ request: [UInt8], method: Method, by deadline: Deadline) async throws(ClientError.Kind) {
        parser.begin(method)
        do throws(ClientError.Kind) {
            try await transport.write(request, by: deadline)
        } catch .interrupted {
            // A server that refuses a body may answer and close while we write; its answer is worth a look.
        }
    }

    /// The whole answer to what was sent; nil when not all of it is there now.
    func answer() throws(ClientError.Kind) -> ReceivedResponse? {
        while true {
            if let response = try parsed() { return response }
            guard transport.mayHaveMore, let count = try receive() else {
                // The answer may take its time, and thousands may wait for theirs.
                if parser.buffered == 0 { parser.releaseMemory() }
                return nil
            }
            if count == 0 { return try ended() }
        }
    }

    /// Has the watcher called when `answer` is worth calling, or at the deadline.
    func watch(by deadline: Deadline, _ watcher: any Watcher) { transport.watch(by: deadline, watcher) }

    func cancelWatch() { transport.cancelWatch() }

    private func parsed() throws(ClientError.Kind) -> ReceivedResponse? {
        do throws(WireError) {
            guard case .response(let response) = try parser.next() else { return nil }
            parser.releaseMemory()
            return response
        } catch {
            throw ClientError.Kind(error)
        }
    }

    private func ended() throws(ClientError.Kind) -> ReceivedResponse {
        do throws(WireError) {
            return try parser.end()
        } catch {
            throw ClientError.Kind(error)
        }
    }

    private func receive() throws(ClientError.Kind) -> Int? {
        var count: Int?
        try parser.withSpareCapacity(atLeast: Self.readSize) { space throws(ClientError.Kind) in
            count = try transport.tryRead(into: space)
            return count ?? 0
        }
        return count
    }
}

extension ClientConnection {
    /// Finds the host, connects to the first of its addresses that takes the connection, and shakes hands.
    static func open(
        _ origin: Origin, options: ClientOptions, trust: ClientTrust, resuming session: TLSSession?,
        by deadline: Deadline
    ) async throws(ClientError.Kind) -> ClientConnection {
        let stream = try await connect(to: origin, by: min(deadline, .after(options.connectTimeout)))
        var engine: TLSEngine?
        if origin.scheme == .https {
            do throws(SecureError) {
                engine = try TLSEngine(client: try await trust.context(), hostName: origin.bareHost, resuming: session)
            } catch {
                throw .tls(error)
            }
        }
        let transport = ClientTransport(stream, engine: engine)
        try await transport.handshake(by: min(deadline, .after(options.tlsTimeout)))
        var limits = ParserLimits()
        limits.bodyBytes = options.responseLimit
        return ClientConnection(transport, limits: limits)
    }

    private static func connect(to origin: Origin, by deadline: Deadline) async throws(ClientError.Kind) -> Stream {
        let addresses: [SocketAddress]
        do throws(IOError) {
            addresses = try await Resolver.resolve(origin.bareHost, port: origin.port, deadline: deadline)
        } catch {
            throw ClientError.Kind(error, during: .connect)
        }
        return try await connect(toFirstOf: addresses, by: deadline)
    }

    static func connect(
        toFirstOf addresses: [SocketAddress], by deadline: Deadline
    ) async throws(ClientError.Kind) -> Stream {
        var last = IOError.nameNotFound
        for (index, address) in addresses.enumerated() {
            // An address that swallows packets gets half the time that is left, so that the next one has a chance.
            let isLast = index == addresses.count - 1
            do throws(IOError) {
                return try await Stream.connect(
                    to: address, deadline: isLast ? deadline : .after(deadline.remaining / 2))
            } catch {
                last = error
                if error == .cancelled { break }
            }
        }
        throw ClientError.Kind(last, during: .connect)
    }
}

extension ClientError.Kind {
    fileprivate init(_ error: WireError) {
        self =
            switch error {
            case .bodyTooLarge(let limit): .tooLarge(limit: limit)
            case .truncated: .interrupted
            default: .protocolError(error)
            }
    }
}
