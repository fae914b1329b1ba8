import CLinux
import Glibc
import Synchronization

/// One thread that runs tasks, waits for descriptors and keeps deadlines: the engine under everything Magpie serves.
///
/// A loop is a `TaskExecutor`. A task that prefers it runs on its thread only, so everything in `core` needs no lock;
/// other threads reach it through the inbox. HTTP and Gateway call in from above (`Stream`, `Listener`, `sleep`,
/// `Gate`); below is only the kernel.
package final class Loop: TaskExecutor {
    /// What belongs to the loop's own thread.
    ///
    /// Exclusivity is not checked at run time, which would be a tenth of the instructions of a request: there is one
    /// thread, and nothing below calls back while it holds one of these (`resume` only enqueues).
    final class Core {
        @safe @exclusivity(unchecked) var poller = Poller()
        @safe @exclusivity(unchecked) var seats = Seats()
        /// Jobs enqueued by this very thread, in order.
        @safe @exclusivity(unchecked) var ready: [UnownedJob] = []
        /// The batch being run; the two arrays change places so that neither is allocated again.
        @safe @exclusivity(unchecked) var running: [UnownedJob] = []
        /// The watchers being called; its room is used again in the same way.
        @safe @exclusivity(unchecked) var calling: [Seats.Call] = []
        /// What wants to be done before the loop turns to the kernel again, see `atEndOfRound`.
        @safe @exclusivity(unchecked) var endings: [any EndOfRound] = []
        /// The time at the last return from the kernel.
        @safe @exclusivity(unchecked) var now = Deadline.now()
    }

    /// What other threads have for this one.
    private struct Inbox {
        var jobs: [UnownedJob] = []
        var notes: [Note] = []
        /// The loop is, or is about to be, inside `epoll_wait`: a write to the eventfd is needed to be seen.
        var isAsleep = false
        var isStopped = false
    }

    private enum Note {
        case wake(seat: Int32, ticket: UInt64, Wake)
        case close(descriptor: Int32)
        case forget(Listener)
        case cancel(any Awaited)
        case nudgeReaders
    }

    // Touched on the loop's thread only: `core` is the one door and checks that; the inbox is the way in from elsewhere.
    nonisolated(unsafe) private let storage = Core()
    private let inbox = Mutex(Inbox())
    private let wakeUp: Int32
    /// Kept here, since `isCurrent` is asked many times per request and a static is looked after each time.
    private let key = Loop.key

    package init() {
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        precondition(wakeUp >= 0, "eventfd: \(IOError.last)")
        // Nobody else knows this object yet.
        unsafe storage.poller.addWakeUp(wakeUp)
    }

    deinit { close(wakeUp) }

    // MARK: - Which loop is this

    /// The loop whose thread this is.
    package static var current: Loop? {
        // The value was stored by `run` of a loop that is still on this thread's stack, hence alive.
        guard let raw = unsafe pointer(key) else { return nil }
        return unsafe Unmanaged<Loop>.fromOpaque(raw).takeUnretainedValue()
    }

    package var isCurrent: Bool {
        unsafe Loop.pointer(key) == Unmanaged.passUnretained(self).toOpaque()
    }

    /// The loop's own state, for its own thread.
    var core: Core {
        precondition(isCurrent, "this belongs to a loop's thread; enter it with LoopGroup.run")
        // The thread was checked on the line above, and there is only one such thread at a time (`run`).
        return unsafe storage
    }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        // No destructor: the value is not owned by the thread.
        let code = unsafe pthread_key_create(&key, nil)
        precondition(code == 0, "pthread_key_create: \(code)")
        return key
    }()

    /// Never inlined: an `async` caller may continue on another thread, and an optimiser that sees the inside could
    /// carry the answer across.
    @inline(never)
    private static func pointer(_ key: pthread_key_t) -> UnsafeMutableRawPointer? {
        unsafe pthread_getspecific(key)
    }

    // MARK: - From any thread

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if isCurrent {
            core.ready.append(job)
        } else {
            post { $0.jobs.append(job) }
        }
    }

    func wake(_ seat: Int32, ticket: UInt64, _ reason: Wake) {
        if isCurrent {
            core.seats.wake(seat, ticket: ticket, reason)
        } else {
            post { $0.notes.append(.wake(seat: seat, ticket: ticket, reason)) }
        }
    }

    /// Closes a registered descriptor, here or, if this is not the loop's thread, as soon as the loop gets to it.
    func release(_ descriptor: Int32) {
        if isCurrent {
            let core = core
            core.poller.remove(descriptor, seats: &core.seats)
            close(descriptor)
        } else {
            post { $0.notes.append(.close(descriptor: descriptor)) }
        }
    }

    /// Stops watching a listener. It is held until then, so that its descriptor is not closed and used again before.
    func forget(_ listener: Listener) {
        if isCurrent {
            let core = core
            core.poller.remove(listener.descriptor, seats: &core.seats)
        } else {
            post { $0.notes.append(.forget(listener)) }
        }
    }

    func cancel(_ work: any Awaited) {
        if isCurrent {
            work.cancel()
        } else {
            post { $0.notes.append(.cancel(work)) }
        }
    }

    /// Gets everybody up who waits to read, with nothing to read: those who have reasons to stop look at them, the
    /// others park again.
    package func nudgeReaders() {
        if isCurrent {
            let core = core
            core.poller.nudgeReaders(seats: &core.seats)
        } else {
            post { $0.notes.append(.nudgeReaders) }
        }
    }

    /// Ends `run` once the jobs at hand are done. Tasks that are still parked then are never resumed.
    func stop() {
        post { $0.isStopped = true }
    }

    private func post(_ put: (inout sending Inbox) -> Void) {
        let mustWake = inbox.withLock { inbox in
            put(&inbox)
            defer { inbox.isAsleep = false }
            return inbox.isAsleep
        }
        guard mustWake else { return }
        var one: UInt64 = 1
        // Eight bytes, as eventfd(2) wants. It cannot fail: the counter would have to reach 2^64 - 1.
        _ = unsafe write(wakeUp, &one, 8)
    }

    // MARK: - The loop's thread

    /// The time when the loop last looked, a good clock for timeouts: reading it costs no call.
    package var now: Deadline { core.now }

    /// Has something done once, after the jobs at hand and before the loop waits again. Not a task: it must not block.
    package func atEndOfRound(_ ending: any EndOfRound) {
        core.endings.append(ending)
    }

    /// Calls the watcher in the next round, after the others had their turn.
    package func callAgain(_ watcher: any Watcher) {
        core.seats.call(watcher, .ready)
    }

    /// Runs until `stop`. The calling thread is the loop's thread for that time.
    func run() {
        precondition(Loop.current == nil, "a loop runs inside another loop's task")
        // The loop outlives `run`, which its caller holds it through.
        _ = unsafe pthread_setspecific(Loop.key, Unmanaged.passUnretained(self).toOpaque())
        defer { _ = pthread_setspecific(Loop.key, nil) }
        while collect() {
            runReadyJobs()
            core.now = .now()
            core.seats.wakeDue(now: core.now.nanoseconds)
            core.poller.wait(milliseconds: timeout(), seats: &core.seats, wakeUp: wakeUp)
            core.now = .now()
        }
    }

    /// Takes what other threads have left, in one batch. False once stopped and nothing is left to run.
    private func collect() -> Bool {
        let (jobs, notes, isStopped) = inbox.withLock { inbox in
            inbox.isAsleep = false
            let taken = (inbox.jobs, inbox.notes, inbox.isStopped)
            if !inbox.jobs.isEmpty { inbox.jobs = [] }
            if !inbox.notes.isEmpty { inbox.notes = [] }
            return taken
        }
        if !jobs.isEmpty { core.ready.append(contentsOf: jobs) }
        for note in notes {
            switch note {
            case .wake(let seat, let ticket, let reason): core.seats.wake(seat, ticket: ticket, reason)
            case .close(let descriptor): release(descriptor)
            case .forget(let listener): forget(listener)
            case .cancel(let work): work.cancel()
            case .nudgeReaders: nudgeReaders()
            }
        }
        return !isStopped || !core.ready.isEmpty || core.seats.hasCalls
    }

    /// One round: what these watchers and jobs cause in turn waits until the descriptors had their look.
    private func runReadyJobs() {
        let core = core
        if core.seats.hasCalls {
            core.seats.takeCalls(&core.calling)
            for call in core.calling { call.watcher.wake(call.reason) }
            // Connections that have ended are freed here, and release their descriptors: that touches the poller and
            // the seats, never this array.
            core.calling.removeAll(keepingCapacity: true)
        }
        // This very loop, which outlives the call.
        let executor = unsafe asUnownedTaskExecutor()
        swap(&core.ready, &core.running)
        var index = 0
        while index < core.running.count {
            unsafe core.running[index].runSynchronously(on: executor)
            index += 1
        }
        core.running.removeAll(keepingCapacity: true)
        guard !core.endings.isEmpty else { return }
        let endings = core.endings
        core.endings.removeAll(keepingCapacity: true)
        for ending in endings { ending.roundEnds() }
    }

    private func timeout() -> Int32 {
        guard core.ready.isEmpty, !core.seats.hasCalls else { return 0 }
        let canSleep = inbox.withLock { inbox in
            inbox.isAsleep = inbox.jobs.isEmpty && inbox.notes.isEmpty && !inbox.isStopped
            return inbox.isAsleep
        }
        guard canSleep else { return 0 }
        guard let next = core.seats.nextDeadline else { return -1 }
        guard next > core.now.nanoseconds else { return 0 }
        // Rounded up: a deadline may come a millisecond late, never early.
        return Int32(clamping: (next - core.now.nanoseconds + 999_999) / 1_000_000)
    }
}

/// Something to do at the end of a round, on the loop's thread.
package protocol EndOfRound: AnyObject {
    func roundEnds()
}
