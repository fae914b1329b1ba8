import CLinux
import Glibc

/// A connected socket of one loop, closed when the value ends.
///
/// Built on the loop that uses it. Every call tries the system call first and parks only when the kernel has
/// nothing (or takes nothing) now; a deadline or the task's cancellation gets it up again. One task may read while
/// another writes, two may not do the same.
package struct Stream: ~Copyable {
    let descriptor: Int32
    let loop: Loop

    /// Takes over a non-blocking descriptor: from here on the stream closes it, also when this throws.
    package init(adopting descriptor: Int32, on loop: Loop) throws(IOError) {
        let core = loop.core
        do {
            try core.poller.add(descriptor, shared: false, seats: &core.seats)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        self.loop = loop
    }

    deinit { loop.release(descriptor) }

    // MARK: - Reading

    /// Whether `tryRead` would ask the kernel: false as long as nothing has come since it said that there is nothing.
    package var mayHaveMore: Bool { loop.core.poller[descriptor].isReadable }

    /// Bytes read, 0 at the end, nil when nothing is there now.
    package func tryRead(into buffer: UnsafeMutableRawBufferPointer) throws(IOError) -> Int? {
        let core = loop.core
        guard core.poller[descriptor].isReadable else { return nil }
        // The caller lends the buffer for the duration of the call.
        guard let count = unsafe try Socket.receive(descriptor, into: buffer) else {
            core.poller.readerIsDone(descriptor)
            return nil
        }
        // A short read has emptied the socket; later bytes make a new edge. That saves the read that would say
        // EAGAIN, one system call per request. After the peer's end there is no new edge, hence the exception.
        if count > 0, count < buffer.count, !core.poller[descriptor].hasEnded {
            core.poller.readerIsDone(descriptor)
        }
        return count
    }

    /// Waits until `tryRead` is worth calling; may return for no reason (`Loop.nudgeReaders`).
    package func readable(by deadline: Deadline) async throws(IOError) {
        let registration = loop.core.poller[descriptor]
        if registration.isReadable { return }
        try await loop.park(registration.readSeat, until: deadline).check()
    }

    /// Has the watcher called once: when `tryRead` is worth calling (or for no reason, as above), at the deadline, or by
    /// `cancelWatch`. Nobody else may wait to read meanwhile.
    package func watch(by deadline: Deadline, _ watcher: any Watcher) {
        let core = loop.core
        let registration = core.poller[descriptor]
        // Whoever names a former wait on this seat is late.
        _ = core.seats.newTicket(registration.readSeat)
        core.seats.sit(.watcher(watcher), on: registration.readSeat, until: deadline)
        if registration.isReadable { core.seats.wake(registration.readSeat, .ready) }
    }

    /// Has whoever waits to read called with `.cancelled`.
    package func cancelWatch() {
        let core = loop.core
        core.seats.wake(core.poller[descriptor].readSeat, .cancelled)
    }

    /// Has the next `tryRead` ask the kernel, whatever was heard of it last: bytes may have come since.
    package func lookAgain() {
        loop.core.poller.readerMayHaveMore(descriptor)
    }

    /// Up to `count` bytes; none at the end of the stream.
    package func read(upTo count: Int, deadline: Deadline) async throws(IOError) -> [UInt8] {
        while true {
            if let bytes = try tryRead(upTo: count) { return bytes }
            try await readable(by: deadline)
        }
    }

    /// Up to `count` bytes; none at the end of the stream; nil when nothing is there now.
    package func tryRead(upTo count: Int) throws(IOError) -> [UInt8]? {
        var outcome: Result<Int?, IOError> = .success(nil)
        // The kernel writes within `space` and says how much; only that much is declared initialised.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { space, used in
            do throws(IOError) {
                let taken = unsafe try tryRead(into: UnsafeMutableRawBufferPointer(space))
                used = taken ?? 0
                outcome = .success(taken)
            } catch {
                outcome = .failure(error)
            }
        }
        return try outcome.get() == nil ? nil : bytes
    }

    /// Whether an idle connection can still be used: not closed by the peer, and nothing unasked-for has arrived.
    package var isQuiet: Bool {
        guard !loop.core.poller[descriptor].hasEnded else { return false }
        var byte: UInt8 = 0
        // One byte is asked for and there is room for one.
        let count = unsafe recv(descriptor, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count < 0 && errno == EAGAIN
    }

    // MARK: - Writing

    /// Bytes taken, nil when none are taken now.
    package func tryWrite(_ buffer: UnsafeRawBufferPointer) throws(IOError) -> Int? {
        let core = loop.core
        guard core.poller[descriptor].isWritable else { return nil }
        // The caller lends the buffer for the duration of the call.
        let count = unsafe try Socket.send(descriptor, buffer)
        if count == nil { core.poller.writerIsDone(descriptor) }
        return count
    }

    /// Waits until `tryWrite` is worth calling.
    package func writable(by deadline: Deadline) async throws(IOError) {
        let registration = loop.core.poller[descriptor]
        if registration.isWritable { return }
        try await loop.park(registration.writeSeat, until: deadline).check()
    }

    /// Writes everything. Throws `.timedOut` at the deadline, or after `stall` without one byte of progress.
    package func write(
        _ bytes: [UInt8], deadline: Deadline = .never, stall: Duration? = nil
    ) async throws(IOError) {
        var sent = 0
        while sent < bytes.count {
            // The slice lies within `bytes`, which lives at least until the closure returns.
            let taken = unsafe try bytes.withUnsafeBufferPointer { all throws(IOError) in
                unsafe try tryWrite(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: all[sent...])))
            }
            if let taken {
                sent += taken
            } else {
                try await writable(by: stall.map { min(deadline, .after($0)) } ?? deadline)
            }
        }
    }

    // MARK: - Ending

    /// Says that nothing more will be written; reading goes on.
    package func shutdownWrite() {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Makes the close to come a RST: the peer sees that the connection was cut, not ended.
    package func cutWhenClosed() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout.size(ofValue: linger))
        // SO_LINGER reads a `struct linger` of that size.
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, size)
    }
}

extension Wake {
    func check() throws(IOError) {
        switch self {
        case .ready: return
        case .timedOut: throw .timedOut
        case .cancelled: throw .cancelled
        }
    }
}
