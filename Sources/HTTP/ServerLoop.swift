import Reactor
import Wire

/// What a server has on one loop: it takes connections from its listener and starts a task for each.
///
/// Unchecked because child tasks hold it: they all run on its loop, as everything here does.
final class ServerLoop: @unchecked Sendable {
    let options: ServerOptions
    let timeouts: Timeouts
    let responder: any Responder
    let observer: (@Sendable (ServerEvent) -> Void)?
    let loop: Loop
    private let stage: Stage
    private let admission: Admission
    private var date: DateCache

    /// The options' durations in the form that costs nothing to add.
    struct Timeouts {
        let header: Timeout
        let body: Timeout
        let idle: Timeout
        let write: Timeout
        /// How long an idle connection keeps its buffers.
        let buffers = Timeout(.seconds(1))
        /// How long a new connection may take for its first request when the server is stopping.
        let firstRequest = Timeout(.seconds(1))

        init(_ options: ServerOptions) {
            header = Timeout(options.headerTimeout)
            body = Timeout(options.bodyTimeout)
            idle = Timeout(options.idleTimeout)
            write = Timeout(options.writeTimeout)
        }
    }

    init(
        options: ServerOptions, responder: any Responder, observer: (@Sendable (ServerEvent) -> Void)?, loop: Loop,
        stage: Stage, admission: Admission
    ) {
        self.options = options
        timeouts = Timeouts(options)
        self.responder = responder
        self.observer = observer
        self.loop = loop
        self.stage = stage
        self.admission = admission
        date = DateCache(clock: options.clock)
    }

    var isDraining: Bool { stage.current != .serving }
    var isStopping: Bool { stage.current == .stopping }

    /// Serves until the listener is stopped and the last connection has ended. Cancellation ends them all at once.
    func run(_ listener: Listener) async {
        await withDiscardingTaskGroup { connections in
            do throws(IOError) {
                var acceptor = try Acceptor(listener, on: loop)
                var eager = 0
                while let arrival = try await acceptor.next() {
                    switch arrival {
                    case .connection(let descriptor, let peer):
                        connections.addImmediateTask { await self.serve(descriptor, from: peer) }
                    case .turnedAway(let error):
                        observer?(.turnedAway(error))
                    }
                    // A flood of connections must not keep the loop from those it has.
                    eager += 1
                    if eager % 32 == 0 { await Task.yield() }
                }
            } catch {
                observer?(.acceptingFailed(error))
            }
        }
    }

    private func serve(_ descriptor: Int32, from address: SocketAddress?) async {
        let peer = address?.ipBytes.flatMap { IPAddress(bytes: $0) }
        let verdict = admission.enter(peer)
        observer?(.opened)
        defer {
            admission.leave(peer, verdict)
            observer?(.closed)
        }
        // Registering fails for want of kernel memory only; the descriptor is closed then.
        guard let stream = try? Stream(adopting: descriptor, on: loop) else { return }
        let channel = Channel(stream, on: loop, stall: timeouts.write, tls: options.tls)
        guard verdict == .admitted else { return await turnDown(channel, peer, verdict) }
        do throws(HandshakeFault) {
            try await channel.handshake(by: loop.now + options.handshakeTimeout)
        } catch {
            observer?(.handshakeFailed(error, peer: peer))
            return
        }
        await channel.cancellable {
            var connection = Connection(channel, peer: peer, site: self)
            await connection.serve()
        }
    }

    /// Says 503 and goes. Under a flood, when many already linger over that, the close is immediate.
    private func turnDown(_ channel: Channel, _ peer: IPAddress?, _ verdict: Admission.Verdict) async {
        observer?(.overloaded(peer: peer))
        guard verdict == .refused, !channel.isSecure else { return }
        compose(refusal: .unavailable, into: channel)
        await channel.part()
    }

    /// The answer to what is no request that can be served; the connection ends with it.
    func compose(refusal status: Status, into channel: Channel) {
        let response = options.refusal(status)
        let date = currentDate()
        _ = channel.compose { ResponseSerializer().append(response, date: date, to: &$0) }
    }

    func currentDate() -> [UInt8] { date.current() }
}
