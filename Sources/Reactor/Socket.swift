import CLinux
import Glibc

/// The system calls on sockets, each with its one EINTR loop and its error as an `IOError`.
enum Socket {
    static let streamFlags =
        Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)

    static func open(_ address: SocketAddress) throws(IOError) -> Int32 {
        let descriptor = socket(address.family, streamFlags, 0)
        guard descriptor >= 0 else { throw .last }
        return descriptor
    }

    static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32 = 1) throws(IOError) {
        var value = value
        // The kernel reads four bytes from `value`, which is an Int32.
        guard unsafe setsockopt(descriptor, level, option, &value, 4) == 0 else { throw .last }
    }

    /// Answers are written whole, so Nagle's waiting for more only ever costs (44 ms against a delayed ACK).
    static func setNoDelay(_ descriptor: Int32, for address: SocketAddress) {
        if case .unix = address { return }
        try? set(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
    }

    /// Bounds what a client that does not read costs in the kernel, where no deadline of ours reaches. Of an answer that
    /// was not sent yet it takes 128 KiB at most instead of up to 4 MiB (TCP_NOTSENT_LOWAT), so that who writes it notices
    /// early that nobody reads; and it gives up itself when the client takes nothing for that long (TCP_USER_TIMEOUT),
    /// also after our `close`, when only the kernel still holds the connection.
    static func limitUnread(_ descriptor: Int32, _ patience: Duration) {
        try? set(descriptor, Int32(IPPROTO_TCP), Int32(TCP_NOTSENT_LOWAT), 128 << 10)
        try? set(descriptor, Int32(IPPROTO_TCP), Int32(TCP_USER_TIMEOUT), Int32(min(patience / .milliseconds(1), 1e9)))
    }

    /// Bytes read, 0 at the end of the stream, nil when there is nothing now.
    static func receive(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(IOError) -> Int? {
        while true {
            // The kernel writes at most `count` bytes to `baseAddress`, which the caller lends for this call.
            let count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            default: throw .last
            }
        }
    }

    /// Bytes taken by the kernel, nil when it takes none now. A closed peer is `EPIPE`, not a signal.
    static func send(_ descriptor: Int32, _ buffer: UnsafeRawBufferPointer) throws(IOError) -> Int? {
        while true {
            // The kernel reads at most `count` bytes from `baseAddress`, which the caller lends for this call.
            let count = unsafe Glibc.send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_NOSIGNAL))
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN: return nil
            default: throw .last
            }
        }
    }

    /// The error a connection attempt ended with; nil for none.
    static func pendingError(_ descriptor: Int32) -> IOError? {
        var code: Int32 = 0
        var length = socklen_t(4)
        // SO_ERROR writes an Int32.
        guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length) == 0 else { return .last }
        return code == 0 ? nil : IOError(rawValue: code)
    }
}
