import Synchronization

/// How a task waits on a loop, and the only file of the project that holds continuations.
///
/// A *seat* is a place to wait: a stream has two (reading and writing), a `sleep` takes one for its duration. A task
/// parks on a seat with a deadline; readiness, the deadline or cancellation gets it up, whichever comes first.
/// Everything here belongs to one loop and is touched on that loop's thread only, so there is no lock.
enum Wake: Sendable {
    case ready
    case timedOut
    case cancelled
}

/// A task that waits. Unchecked, which saves an allocation per wait: every one is resumed exactly once, because `sit`
/// stores it, `wake` takes it out before resuming, and a seat is never given back while it is occupied. A loop that
/// ends leaks those still parked; `LoopGroup` is stopped after its tasks.
@safe struct Parked {
    private let continuation: UnsafeContinuation<Wake, Never>

    init(_ continuation: UnsafeContinuation<Wake, Never>) {
        // Kept as it is; the proof is above.
        unsafe self.continuation = continuation
    }

    func resume(_ reason: Wake) {
        // Once, see above.
        unsafe continuation.resume(returning: reason)
    }
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
    var parked: Parked?
}

struct Seats {
    private var seats: [Seat] = []
    private var free: [Int32] = []
    private var heap = DeadlineHeap()
    private var stale = 0
    private var lastTicket: UInt64 = 0

    mutating func take() -> Int32 {
        if let seat = free.popLast() { return seat }
        seats.append(Seat())
        return Int32(seats.count - 1)
    }

    mutating func giveBack(_ seat: Int32) {
        precondition(seats[Int(seat)].parked == nil, "a seat is given back while a task waits on it")
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

    mutating func sit(_ task: Parked, on seat: Int32, until deadline: Deadline) {
        let index = Int(seat)
        precondition(seats[index].parked == nil, "two tasks wait for the same thing")
        seats[index].parked = task
        seats[index].deadline = deadline.nanoseconds
        if deadline.nanoseconds < seats[index].scheduled { schedule(seat, at: deadline.nanoseconds) }
    }

    /// Gets the task up that waits on the seat, if one does (and, with a ticket, if it still is the one meant).
    mutating func wake(_ seat: Int32, ticket: UInt64? = nil, _ reason: Wake) {
        let index = Int(seat)
        if let ticket, seats[index].ticket != ticket { return }
        guard let task = seats[index].parked else { return }
        seats[index].parked = nil
        task.resume(reason)
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
            guard seats[index].parked != nil else { continue }
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
    /// Waits on a seat. `isCovered` says that a handler further out gets this seat up on cancellation.
    func park(_ seat: Int32, until deadline: Deadline, isCovered: Bool = false) async -> Wake {
        let ticket = core.seats.newTicket(seat)
        return isCovered ? await sit(on: seat, until: deadline) : await park(seat, ticket: ticket, until: deadline)
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

    private func sit(on seat: Int32, until deadline: Deadline) async -> Wake {
        let core = core
        // Handed to `Parked` at once, whose proof covers it.
        return await unsafe withUnsafeContinuation { continuation in
            let task = unsafe Parked(continuation)
            // A handler that ran before this line found nobody to wake.
            if Task.isCancelled {
                task.resume(.cancelled)
            } else {
                core.seats.sit(task, on: seat, until: deadline)
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
