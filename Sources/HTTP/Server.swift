package import Reactor
import Synchronization
import Wire

/// An HTTP/1.1 server: one listening socket per loop, one task per request that has to wait, and none
/// while others work for it.
///
/// Gateway and Sandbox make one per listener and give it a `Responder`. Below it, `ServerLoop` takes connections,
/// `Connection` is the life of one, `Channel` its bytes, and Wire says what they mean.
package final class Server: Sendable {
    package let name: String
    private let address: SocketAddress
    private let group: LoopGroup
    private let settings: ServerSettings.Current
    private let answering: Answering.Current
    private let stage = Stage()
    private let admission: Admission
    private let running = Mutex(Running())

    private struct Running {
        var listeners: [Listener] = []
        var address: SocketAddress?
        var tasks: [Task<Void, Never>] = []
    }

    package convenience init(
        name: String, address: SocketAddress, group: LoopGroup, options: ServerOptions = ServerOptions(),
        responder: any Responder, observer: (any ServerObserver)? = nil
    ) {
        self.init(
            name: name, address: address, group: group, options: options,
            answering: Answering.Current(Answering(responder, observer: observer)))
    }

    package init(
        name: String, address: SocketAddress, group: LoopGroup, options: ServerOptions, answering: Answering.Current
    ) {
        self.name = name
        self.address = address
        self.group = group
        settings = ServerSettings.Current(options)
        self.answering = answering
        admission = Admission(
            limit: options.connections, perAddress: options.connectionsPerAddress, exempt: options.exemptAddresses)
    }

    /// Listens: from now on the kernel lets connections in, which wait for `start`.
    ///
    /// - Parameter besideOthers: whether another process may listen there already, whose place this one takes.
    package func listen(besideOthers: Bool = false) throws(ServerError) {
        let listeners: [Listener]
        do throws(IOError) {
            listeners = try Listener.open(
                address, count: group.loops.count, besideOthers: besideOthers,
                patience: Self.patience(settings.value.options))
        } catch {
            throw .bind(address, error)
        }
        running.withLock { running in
            precondition(running.listeners.isEmpty, "a server listens once")
            running.listeners = listeners
            running.address = listeners[0].address
        }
    }

    /// Takes connections, once it listens.
    package func start() {
        running.withLock { running in
            precondition(running.tasks.isEmpty && !running.listeners.isEmpty, "a server that listens is started once")
            running.tasks = zip(group.loops, running.listeners).map { loop, listener in
                let site = ServerLoop(
                    settings: settings, answering: answering, loop: loop, stage: stage, admission: admission)
                return Task(executorPreference: loop) { await site.run(listener) }
            }
        }
    }

    /// Where it really listens: the port is the kernel's choice where 0 was asked for.
    package var boundAddress: SocketAddress {
        running.withLock { $0.address } ?? address
    }

    /// Whom our own deadline finds first is told by a RST, and counted.
    private static func patience(_ options: ServerOptions) -> Duration { options.writeTimeout + .seconds(5) }

    /// Takes other options for the connections to come; those that are open keep the ones they began with.
    package func change(to options: ServerOptions) {
        settings.change(to: options)
        for listener in running.withLock({ $0.listeners }) { listener.limitUnread(Self.patience(options)) }
        admission.change(
            limit: options.connections, perAddress: options.connectionsPerAddress, exempt: options.exemptAddresses)
    }

    /// How many connections are open now.
    package var connectionCount: Int { admission.count }

    /// From now on every answer closes its connection. New connections are still taken, so that whoever balances the
    /// load has the time to notice (`/ready` should say so) and nobody is refused meanwhile; where another process
    /// listens at the same address they go there.
    package func drain() {
        stage.advance(to: .draining)
        running.withLock { $0.listeners.first }?.yieldToOthers()
    }

    /// Stops: takes those who are connecting and no more connections, closes those that wait for a further request,
    /// lets the others finish theirs, and cuts what is left after `limit`. Returns when the last connection is gone.
    /// Wants a loop.
    package func stop(within limit: Duration) async {
        stage.advance(to: .stopping)
        let (listeners, tasks) = running.withLock { running in
            defer { running.listeners = [] }
            return (running.listeners, running.tasks)
        }
        for listener in listeners { listener.stop() }
        // Idle connections look at the stage when they are got up.
        for loop in group.loops { loop.nudgeReaders() }
        let ended = Gate()
        Task(executorPreference: group.next()) {
            for task in tasks { await task.value }
            ended.open()
        }
        do throws(IOError) {
            try await group.run { () async throws(IOError) in try await ended.wait(until: .after(limit)) }
        } catch {
            for task in tasks { task.cancel() }
            // They end at once, but for a handler that waits for what cannot be cancelled: nobody waits for that.
            try? await group.run { () async throws(IOError) in try await ended.wait(until: .after(.seconds(1))) }
        }
    }
}

package enum ServerError: Error, Sendable {
    /// The address cannot be listened at.
    case bind(SocketAddress, IOError)
}

extension ServerError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .bind(let address, let error): "cannot listen on \(address): \(error)"
        }
    }
}

/// How far a server is on its way out; it never goes back.
final class Stage: Sendable {
    enum Step: UInt8, AtomicRepresentable {
        case serving
        case draining
        case stopping
    }

    private let step = Atomic(Step.serving)

    var current: Step { step.load(ordering: .relaxed) }

    func advance(to next: Step) {
        step.store(next, ordering: .sequentiallyConsistent)
    }
}
