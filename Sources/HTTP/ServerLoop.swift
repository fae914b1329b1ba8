import Reactor
import Wire

/// What a server has on one loop: it takes connections from its listener and starts a task for each.
///
/// Unchecked because child tasks hold it: they all run on its loop, as everything here does.
final class ServerLoop: @unchecked Sendable {
    let responder: any Responder
    let observer: (any ServerObserver)?
    let loop: Loop
    private let stage: Stage
    private let settings: ServerSettings.Current
    private let admission: Admission
    private var date: DateCache

    init(
        settings: ServerSettings.Current, responder: any Responder, observer: (any ServerObserver)?,
        loop: Loop,
        stage: Stage, admission: Admission
    ) {
        self.settings = settings
        self.responder = responder
        self.observer = observer
        self.loop = loop
        self.stage = stage
        self.admission = admission
        date = DateCache(clock: settings.value.options.clock)
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
                        observer?.note(.turnedAway(error))
                    }
                    // A flood of connections must not keep the loop from those it has.
                    eager += 1
                    if eager % 32 == 0 { await Task.yield() }
                }
            } catch {
                observer?.note(.acceptingFailed(error))
            }
        }
    }

    private func serve(_ descriptor: Int32, from address: SocketAddress?) async {
        let peer = address?.ipBytes.flatMap { IPAddress(bytes: $0) }
        let settings = settings.value
        let entry = admission.enter(peer)
        observer?.note(.opened)
        defer {
            if admission.leave(entry) { FreedMemory.giveBack() }
            observer?.note(.closed)
        }
        // Registering fails for want of kernel memory only; the descriptor is closed then.
        guard let stream = try? Stream(adopting: descriptor, on: loop) else { return }
        let channel = Channel(stream, on: loop, stall: settings.timeouts.write, tls: settings.options.tls)
        guard entry.verdict == .admitted else { return await turnDown(channel, peer, entry.verdict, settings.options) }
        do throws(HandshakeFault) {
            try await channel.handshake(by: loop.now + settings.options.handshakeTimeout)
        } catch {
            observer?.note(.handshakeFailed(error, peer: peer))
            return
        }
        await channel.cancellable {
            var connection = Connection(channel, peer: peer, settings: settings, site: self)
            await connection.serve()
        }
    }

    /// Says 503 and goes. Under a flood, when many already linger over that, the close is immediate.
    private func turnDown(
        _ channel: Channel, _ peer: IPAddress?, _ verdict: Admission.Verdict, _ options: ServerOptions
    ) async {
        observer?.note(.overloaded(peer: peer))
        guard verdict == .refused, !channel.isSecure else { return }
        compose(options.refusal(.unavailable), into: channel)
        await channel.part()
    }

    /// The answer to what is no request that can be served; the connection ends with it.
    func compose(_ refusal: Response, toHead isToHead: Bool = false, into channel: Channel) {
        let date = currentDate()
        _ = channel.compose { ResponseSerializer(toHead: isToHead).append(refusal, date: date, to: &$0) }
    }

    func currentDate() -> [UInt8] { date.current() }
}
