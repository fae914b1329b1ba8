import CLinux
import Glibc
import Synchronization

/// The process's signals as values: each one that arrives is one `next()`, so a second SIGTERM is seen as such.
///
/// A handler writes the signal's number to a socket pair, whose other end a loop reads. It does not depend, as
/// signalfd does, on every thread of the process having blocked the signals before. One value at a time may exist.
package struct Signals: ~Copyable {
    package enum Signal: Int32, Sendable, CaseIterable {
        case hangUp = 1
        case interrupt = 2
        case terminate = 15
    }

    private let watched: [Signal]
    private let source: Stream
    private let sink: Int32

    /// Watches from now on, on the current loop. Also ignores SIGPIPE: a closed pipe is an error of `write`.
    package init(_ watched: [Signal] = Signal.allCases) throws(IOError) {
        guard let loop = Loop.current else {
            preconditionFailure("signals are watched on a loop; enter one with LoopGroup.run")
        }
        var pair: [Int32] = [0, 0]
        // socketpair writes two descriptors.
        guard unsafe socketpair(AF_UNIX, Socket.streamFlags, 0, &pair) == 0 else { throw .last }
        do throws(IOError) {
            source = try Stream(adopting: pair[0], on: loop)
        } catch {
            close(pair[1])
            throw error
        }
        sink = pair[1]
        self.watched = watched
        let previous = signalSink.exchange(sink, ordering: .sequentiallyConsistent)
        precondition(previous < 0, "signals are watched twice")
        // The handler is a C function that captures nothing, and SIG_IGN is a constant.
        _ = signal(SIGPIPE, SIG_IGN)
        for watched in watched { _ = signal(watched.rawValue, noteSignal) }
        Self.unblock(watched)
    }

    /// Whoever started us from a thread with signals blocked has handed that down, and would wait for our end in vain.
    /// One thread that takes them, the loop's, is enough.
    private static func unblock(_ signals: [Signal]) {
        var set = sigset_t()
        // The set is a local; nobody asks for the former mask.
        _ = unsafe sigemptyset(&set)
        for signal in signals { _ = unsafe sigaddset(&set, signal.rawValue) }
        _ = unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
    }

    deinit {
        // The default action back, before the sink goes.
        for watched in watched { _ = signal(watched.rawValue, SIG_DFL) }
        signalSink.store(-1, ordering: .sequentiallyConsistent)
        close(sink)
    }

    /// The next signal, in order of arrival. Throws `.cancelled`, or `.timedOut` at the deadline.
    package func next(deadline: Deadline = .never) async throws(IOError) -> Signal {
        while true {
            let byte = try await source.read(upTo: 1, deadline: deadline)
            guard let number = byte.first else { throw .closed }
            if let signal = Signal(rawValue: Int32(number)) { return signal }
        }
    }
}

private let signalSink = Atomic<Int32>(-1)

/// Runs in the middle of anything, so it may only do what signal-safety(7) lists: it loads an atomic (initialised by
/// `Signals.init` before the handler is set) and writes one byte.
private let noteSignal: @convention(c) (Int32) -> Void = { number in
    let saved = errno
    let sink = signalSink.load(ordering: .sequentiallyConsistent)
    var byte = UInt8(truncatingIfNeeded: number)
    // One byte, from a local. The socket does not block; were it full, hundreds of signals would be waiting already.
    if sink >= 0 { _ = unsafe write(sink, &byte, 1) }
    errno = saved
}
