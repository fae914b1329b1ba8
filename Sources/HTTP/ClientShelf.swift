import Reactor
import Secure
import Synchronization

/// What a client keeps on one loop between calls: idle connections, and the TLS sessions that new ones resume.
final class ClientShelf: Sendable {
    private struct State {
        var pool: ClientPool<ClientConnection>
        var sessions: [Origin: TLSSession] = [:]
        var sweeper: Task<Void, Never>?
    }

    let loop: Loop
    private let state: Mutex<State>

    init(_ loop: Loop, options: ClientOptions) {
        self.loop = loop
        state = Mutex(State(pool: ClientPool(idleTimeout: options.idleTimeout, idlePerHost: options.idlePerHost)))
    }

    deinit {
        state.withLock { $0.sweeper }?.cancel()
    }

    /// An idle connection that still seems alive; those that are not are closed on the way.
    func take(_ origin: Origin) -> ClientConnection? {
        while let connection = state.withLock({ $0.pool.take(origin, now: .now()) }) {
            if connection.isQuiet { return connection }
        }
        return nil
    }

    func put(_ connection: ClientConnection, for origin: Origin) {
        state.withLock { state in
            state.pool.put(connection, for: origin, now: .now())
            if state.sweeper == nil, let expiry = state.pool.nextExpiry { state.sweeper = sweep(at: expiry) }
        }
    }

    /// Closes what waits for this origin.
    func clear(_ origin: Origin) {
        state.withLock { $0.pool.remove(origin) }
    }

    func session(for origin: Origin) -> TLSSession? {
        state.withLock { $0.sessions[origin] }
    }

    func keep(_ session: TLSSession, for origin: Origin) {
        state.withLock { state in
            // Who calls ever new hosts must not fill the memory with their sessions.
            if state.sessions.count >= 64 { state.sessions = [:] }
            state.sessions[origin] = session
        }
    }

    func clear() {
        let sweeper = state.withLock { state in
            state.pool.removeAll()
            state.sessions = [:]
            return state.sweeper.take()
        }
        sweeper?.cancel()
    }

    /// Closes what has waited enough even if nobody calls again. A task of the loop, which ends with the last idle
    /// connection, and does not keep the client alive.
    private func sweep(at first: Deadline) -> Task<Void, Never> {
        Task(executorPreference: loop) { [weak self] in
            var next: Deadline? = first
            while let expiry = next {
                do {
                    try await sleep(until: expiry)
                } catch {
                    return
                }
                next = self?.removeExpired()
            }
        }
    }

    private func removeExpired() -> Deadline? {
        state.withLock { state in
            state.pool.removeExpired(now: .now())
            let next = state.pool.nextExpiry
            if next == nil { state.sweeper = nil }
            return next
        }
    }
}
