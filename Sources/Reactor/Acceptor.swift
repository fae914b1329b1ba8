import CLinux
import Glibc

/// Takes connections from a listener on one loop.
package struct Acceptor: ~Copyable {
    package enum Arrival: Sendable {
        /// A connected, non-blocking descriptor, for `Stream(adopting:)`. A peer on a Unix socket has no address.
        case connection(descriptor: Int32, peer: SocketAddress?)
        /// There was no descriptor or memory left for a connection, which was closed unanswered.
        case turnedAway(IOError)
    }

    private let listener: Listener
    private let loop: Loop
    /// Held in reserve for the moment when all others are in use: see `turnAway`.
    private var spare: Int32
    private var lastArrival: Deadline?

    package init(_ listener: Listener, on loop: Loop) throws(IOError) {
        let core = loop.core
        try core.poller.add(listener.descriptor, shared: listener.isShared, seats: &core.seats)
        self.listener = listener
        self.loop = loop
        listener.isAccepted(on: loop)
        spare = Self.openSpare()
    }

    deinit {
        loop.forget(listener)
        if spare >= 0 { close(spare) }
    }

    /// The next connection; nil once the listener is stopped and those that were on their way are taken, or the task
    /// cancelled and those that had arrived are.
    /// Throws only if the listener itself is unusable.
    package mutating func next() async throws(IOError) -> Arrival? {
        while true {
            let (descriptor, peer) = unsafe SocketAddress.reading {
                unsafe accept4(listener.descriptor, $0, $1, Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue))
            }
            if descriptor >= 0 {
                lastArrival = loop.now
                return .connection(descriptor: descriptor, peer: peer)
            }
            switch errno {
            case EAGAIN:
                let closing = listener.closing(lastArrival: lastArrival)
                if let closing, closing <= loop.now {
                    listener.refuse()
                    return nil
                }
                let seat = loop.core.poller[listener.descriptor].readSeat
                if await loop.park(seat, until: closing ?? .never) == .cancelled { return nil }
            case EINVAL where listener.isStopping:
                // Another loop's acceptor of the same socket was done first.
                return nil
            case EMFILE, ENFILE, ENOBUFS, ENOMEM:
                let error = IOError.last
                turnAway()
                // The rest of the backlog would fail alike, and the loop has the connections it has to serve: give
                // them the time to finish. Without the pause this would be a busy loop.
                try? await sleep(for: .milliseconds(50))
                return .turnedAway(error)
            case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
                EOPNOTSUPP, ENETUNREACH, ETIMEDOUT:
                // What accept(2) says to treat like EAGAIN: errors of the one connection, taken with it.
                continue
            default:
                throw .last
            }
        }
    }

    /// Without a free descriptor a connection can be neither accepted nor refused, and its client would hang. The
    /// spare one makes room for just that: accept, close, and take the spare again.
    private mutating func turnAway() {
        if spare >= 0 { close(spare) }
        let descriptor = accept4(listener.descriptor, nil, nil, Int32(SOCK_CLOEXEC.rawValue))
        if descriptor >= 0 { close(descriptor) }
        spare = Self.openSpare()
    }

    private static func openSpare() -> Int32 {
        eventfd(0, Int32(EFD_CLOEXEC))
    }
}
