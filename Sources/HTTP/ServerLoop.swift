import Reactor
import Wire

/// What a server has on one loop: it takes connections from its listener and holds them until they end.
///
/// Unchecked because tasks hold it: they all run on its loop, as everything here does.
final class ServerLoop: @unchecked Sendable {
    let loop: Loop
    @exclusivity(unchecked) private var answering: Answering.Current.View
    private let stage: Stage
    private let settings: ServerSettings.Current
    private let admission: Admission
    private var date: DateCache
    @exclusivity(unchecked) private var connections: [Connection] = []
    private var takesMore = true
    /// Opened when the last connection has ended and none will come.
    private let done = Gate()

    init(
        settings: ServerSettings.Current, answering: Answering.Current, loop: Loop, stage: Stage, admission: Admission
    ) {
        self.settings = settings
        self.answering = Answering.Current.View(answering)
        self.loop = loop
        self.stage = stage
        self.admission = admission
        date = DateCache(clock: settings.value.options.clock)
    }

    var responder: any Responder { answering.value.responder }
    var observer: (any ServerObserver)? { answering.value.observer }
    var isDraining: Bool { stage.current != .serving }
    var isStopping: Bool { stage.current == .stopping }

    /// Serves until the listener is stopped and the last connection has ended. Cancellation ends them all at once.
    func run(_ listener: Listener) async {
        do throws(IOError) {
            var acceptor = try Acceptor(listener, on: loop)
            var eager = 0
            while let arrival = try await acceptor.next() {
                switch arrival {
                case .connection(let descriptor, let peer): open(descriptor, from: peer)
                case .turnedAway(let error): observer?.note(.turnedAway(error))
                }
                // A flood of connections must not keep the loop from those it has.
                eager += 1
                if eager % 32 == 0 { await Task.yield() }
            }
        } catch {
            observer?.note(.acceptingFailed(error))
        }
        takesMore = false
        openIfDone()
        do throws(IOError) {
            try await done.wait()
        } catch {
            for connection in connections { connection.cancel() }
            // In a task of its own, which is not cancelled: they all end soon now.
            await Task(executorPreference: loop) { try? await self.done.wait() }.value
        }
    }

    private func open(_ descriptor: Int32, from address: SocketAddress?) {
        let peer = address?.ipBytes.flatMap { IPAddress(bytes: $0) }
        let settings = settings.value
        let entry = admission.enter(peer)
        observer?.note(.opened)
        // Registering fails for want of kernel memory only; the descriptor is closed then.
        guard let stream = try? Stream(adopting: descriptor, on: loop) else { return leave(entry) }
        let channel = Channel(stream, on: loop, stall: settings.timeouts.write, tls: settings.options.tls)
        let connection = Connection(channel, peer: peer, entry: entry, settings: settings, site: self)
        connection.place = connections.count
        connections.append(connection)
        connection.begin()
    }

    /// The last that a connection does.
    func close(_ connection: Connection) {
        connections.swapAt(connection.place, connections.count - 1)
        connections[connection.place].place = connection.place
        connections.removeLast()
        leave(connection.entry)
        openIfDone()
    }

    private func leave(_ entry: Admission.Entry) {
        if admission.leave(entry) { FreedMemory.giveBack() }
        observer?.note(.closed)
    }

    private func openIfDone() {
        if !takesMore, connections.isEmpty { done.open() }
    }

    /// The answer to what is no request that can be served; the connection ends with it.
    func compose(_ refusal: Response, toHead isToHead: Bool = false, into channel: Channel) {
        let date = currentDate()
        _ = channel.compose { ResponseSerializer(toHead: isToHead).append(refusal, date: date, to: &$0) }
    }

    func currentDate() -> [UInt8] { date.current() }
}
