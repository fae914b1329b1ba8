import Synchronization

/// How a task, or a watcher without one, waits on a loop, and the only file of the project that holds continuations.
///
/// A *seat* is a place to wait: a stream has two (reading and writing), a `sleep` takes one for its duration. A task
/// parks on a seat with a deadline; readiness, the deadline or cancellation gets it up, whichever comes first.
/// Everything here belongs to one loop and is touched on that loop's thread only, so there is no lock.
package enum Wake: Sendable {
    case ready
    case timedOut
    case cancelled
}

/// Who waits on a seat without a task: an object that is called. A task that waits holds some KB of frames,
/// which is much for one of ten thousand connections that have nothing to do.
package protocol Watcher: AnyObject {
    /// On the loop's thread, once for every watch, and never from within the call that began it. Must not block. The
    /// seat holds its watcher until then.
    func wake(_ reason: Wake)
}

/// What others do for somebody while he waits: for a task, see `Loop.wait(for:)`, or for a watcher. A thousand tasks that
/// wait deep down in their calls hold the room of all these calls; this way they wait near the top, for one object, or
/// have ended and a watcher goes on.
package protocol Awaited: AnyObject, Sendable {
    /// Once, on the thread of the loop that the caller waits on. There, too, he is got up (`Loop.getUp`), exactly once, in
    /// this very call or after it.
    func begin(for caller: Waiting)
    /// On the loop's thread, at any time: before it begins and after its end, too.
    func cancel()
}

/// A task that waits. Unchecked, which saves an allocation per wait: every one is resumed exactly once, because `sit`
/// stores it, `wake` takes it out before resuming, and a seat is never given back while it is occupied. A loop that
/// ends leaks those still parked; `LoopGroup` is stopped after its tasks. Whoever is `Awaited` promises the same.
@safe package struct Parked {
    private let continuation: UnsafeContinuation<Wake, Never>

    init(_ continuation: UnsafeContinuation<Wake, Never>) {
        // Kept as it is; the proof is above.
        unsafe self.continuation = continuation
    }

    package func resume(_ reason: Wake = .ready) {
        // Once, see above.
        unsafe continuation.resume(returning: reason)
    }
}

/// Who waits, on a seat or for work that others do.
package enum Waiting {
    case task(Parked)
    case watcher(any Watcher)
}

struct Seat {
    /// Grows with every use as a wait; a wake-up that names an older one is for somebody who has left.
    var ticket: UInt64 = 0
    /// Grows when the seat is given back; heap entries of former owners are recognised by it.
    var serial: UInt32 = 0
    /// Where the heap will look at this seat next. Deadlines usually move later with every request, so the heap is
    /// left alone then: the old entry surfaces, sees the later deadline, and is pushed again (once in a timeout,
    /// not once per request).
    var scheduled: UInt64 = .max
    var deadline: UInt64 = .max
    var waiting: Waiting?
}

struct Seats {
    private var seats: [Seat] = []
    private var free: [Int32] = []
    private var heap = DeadlineHeap()
    private var stale = 0
    private var lastTicket: UInt64 = 0
    /// The watchers to be called, see `takeCalls`.
    private var calls: [Call] = []

    typealias Call = (watcher: any Watcher, reason: Wake)

    mutating func take() -> Int32 {
        if let seat = free.popLast() { return seat }
        seats.append(Seat())
        return Int32(seats.count - 1)
    }

    mutating func giveBack(_ seat: Int32) {
        precondition(seats[Int(seat)].waiting == nil, "a seat is given back while somebody waits on it")
        if seats[Int(seat)].scheduled != .max { stale += 1 }
        seats[Int(seat)].serial &+= 1
        seats[Int(seat)].scheduled = .max
        seats[Int(seat)].ticket = 0
        free.append(seat)
        if stale > 64, stale > heap.count / 2 {
            heap.compact { [seats] in
                seats[Int($0.seat)].serial == $0.serial && seats[Int($0.seat)].scheduled == $0.when
            }
            stale = 0
        }
    }

    mutating func newTicket(_ seat: Int32) -> UInt64 {
        lastTicket += 1
        seats[Int(seat)].ticket = lastTicket
        return lastTicket
    }

    mutating func sit(_ waiting: Waiting, on seat: Int32, until deadline: Deadline) {
        let index = Int(seat)
        precondition(seats[index].waiting == nil, "two wait for the same thing")
        seats[index].waiting = waiting
        seats[index].deadline = deadline.nanoseconds
        if deadline.nanoseconds < seats[index].scheduled { schedule(seat, at: deadline.nanoseconds) }
    }

    /// Gets up who waits on the seat, if somebody does (and, with a ticket, if it still is the one meant).
    mutating func wake(_ seat: Int32, ticket: UInt64? = nil, _ reason: Wake) {
        let index = Int(seat)
        if let ticket, seats[index].ticket != ticket { return }
        guard let waiting = seats[index].waiting.take() else { return }
        getUp(waiting, reason)
    }

    mutating func getUp(_ waiting: Waiting, _ reason: Wake) {
        switch waiting {
        case .task(let task): task.resume(reason)
        case .watcher(let watcher): call(watcher, reason)
        }
    }

    /// Notes down a call for the loop to make: a watcher may sit down again in it, and does not find the seats in use.
    mutating func call(_ watcher: any Watcher, _ reason: Wake) {
        calls.append((watcher, reason))
    }

    var hasCalls: Bool { !calls.isEmpty }

    /// Exchanges the calls to be made for an empty array, whose room is used again.
    mutating func takeCalls(_ empty: inout [Call]) {
        swap(&calls, &empty)
    }

    /// Entries in the heap, stale ones included.
    var scheduledCount: Int { heap.count }

    /// When the loop must look again at the latest.
    var nextDeadline: UInt64? { heap.earliest }

    mutating func wakeDue(now: UInt64) {
        while let entry = heap.pop(due: now) {
            let index = Int(entry.seat)
            guard seats[index].serial == entry.serial, seats[index].scheduled == entry.when else {
                stale -= stale > 0 ? 1 : 0
                continue
            }
            seats[index].scheduled = .max
            guard seats[index].waiting != nil else { continue }
            if seats[index].deadline <= now {
                wake(entry.seat, .timedOut)
            } else if seats[index].deadline != .max {
                schedule(entry.seat, at: seats[index].deadline)
            }
        }
    }

    private mutating func schedule(_ seat: Int32, at when: UInt64) {
        if seats[Int(seat)].scheduled != .max { stale += 1 }
        seats[Int(seat)].scheduled = when
        heap.push(.init(when: when, seat: seat, serial: seats[Int(seat)].serial))
    }
}

extension Loop {
    /// Waits on a seat.
    func park(_ seat: Int32, until deadline: Deadline) async -> Wake {
        await park(seat, ticket: core.seats.newTicket(seat), until: deadline)
    }

    /// With a ticket that somebody else has been told before, to wake by. The cancellation handler may run on any
    /// thread; it names the ticket, so that it can only get up the wait it was made for.
    func park(_ seat: Int32, ticket: UInt64, until deadline: Deadline) async -> Wake {
        await withTaskCancellationHandler {
            await sit(on: seat, until: deadline)
        } onCancel: {
            wake(seat, ticket: ticket, .cancelled)
        }
    }

    /// Waits until `work` gets its caller up. For a task of this loop; its cancellation reaches the work.
    package func wait(for work: any Awaited) async {
        await withTaskCancellationHandler {
            // Handed to `Parked` at once, whose proof covers it.
            _ = await unsafe withUnsafeContinuation { continuation in
                unsafe work.begin(for: .task(Parked(continuation)))
            }
        } onCancel: {
            cancel(work)
        }
    }

    /// Gets up who waits for work, once it is done. On the loop's thread.
    package func getUp(_ caller: Waiting) {
        core.seats.getUp(caller, .ready)
    }

    private func sit(on seat: Int32, until deadline: Deadline) async -> Wake {
        let core = core
        // Handed to `Parked` at once, whose proof covers it.
        return await unsafe withUnsafeContinuation { continuation in
            let task = unsafe Parked(continuation)
            // A handler that ran before this line found nobody to wake.
            if Task.isCancelled {
                task.resume(.cancelled)
            } else {
                core.seats.sit(.task(task), on: seat, until: deadline)
            }
        }
    }
}

/// Suspends until `start`'s argument is called, once, from any thread. Not cancellable: for work that cannot be.
func suspended<Value: Sendable>(
    _ start: (_ resume: @escaping @Sendable (Value) -> Void) -> Void
) async -> Value {
    // Resumed exactly once: the pool runs every piece of work once, and calls `resume` once at its end.
    await unsafe withUnsafeContinuation { continuation in
        start { unsafe continuation.resume(returning: $0) }
    }
}
