import CLinux
import Glibc

extension Stream {
    /// Connects, or throws `.refused`, `.timedOut` at the deadline, and whatever else the network says.
    package static func connect(to address: SocketAddress, deadline: Deadline) async throws(IOError) -> Stream {
        guard let loop = Loop.current else {
            preconditionFailure("a connection is made on a loop; enter one with LoopGroup.run")
        }
        let stream = try Stream(adopting: Socket.open(address), on: loop)
        Socket.setNoDelay(stream.descriptor, for: address)
        while true {
            // A valid address of the length given, lent for the call.
            let code = unsafe address.withKernelAddress { unsafe Glibc.connect(stream.descriptor, $0, $1) }
            if code == 0 { return stream }
            switch errno {
            case EINTR, EINPROGRESS:
                try await stream.connected(by: deadline)
                return stream
            case EAGAIN:
                // A Unix socket whose backlog is full: the kernel gives no event for it, so look again shortly.
                guard !deadline.hasPassed else { throw .timedOut }
                do {
                    try await sleep(until: min(deadline, .after(.milliseconds(5))))
                } catch {
                    throw .cancelled
                }
            default:
                throw .last
            }
        }
    }

    /// The first writability is the answer to `connect`, good or bad.
    private func connected(by deadline: Deadline) async throws(IOError) {
        loop.core.poller.beginConnecting(descriptor)
        try await writable(by: deadline)
        if let error = Socket.pendingError(descriptor) { throw error }
    }
}
