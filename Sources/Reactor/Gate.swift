import Synchronization

/// A gate that tasks wait at: opened and closed from any thread, passed by tasks on any loop.
///
/// The way for something that happens elsewhere (another loop, a thread of the pool) to get a parked task up.
package final class Gate: Sendable {
    private struct Waiter {
        var loop: Loop
        var seat: Int32
        var ticket: UInt64
    }

    private struct State {
        var isOpen: Bool
        var waiters: [Waiter] = []
    }

    private let state: Mutex<State>

    package init(isOpen: Bool = false) {
        state = Mutex(State(isOpen: isOpen))
    }

    package var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Lets everybody through who waits, and who comes until `close`.
    package func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.loop.wake(waiter.seat, ticket: waiter.ticket, .ready) }
    }

    package func close() {
        state.withLock { $0.isOpen = false }
    }

    /// Returns at once if the gate is open, else when it opens. Throws `.timedOut` or `.cancelled`.
    package func wait(until deadline: Deadline = .never) async throws(IOError) {
        if isOpen { return }
        guard let loop = Loop.current else {
            preconditionFailure("a gate is waited at on a loop; enter one with LoopGroup.run")
        }
        let core = loop.core
        let seat = core.seats.take()
        let ticket = core.seats.newTicket(seat)
        // Between this and parking there is no suspension, so a wake-up posted meanwhile finds the task parked; only
        // `open` on this very thread could come earlier, and this thread is busy here.
        let isOpen = state.withLock { state in
            if !state.isOpen { state.waiters.append(Waiter(loop: loop, seat: seat, ticket: ticket)) }
            return state.isOpen
        }
        let wake = isOpen ? .ready : await loop.park(seat, ticket: ticket, until: deadline)
        if wake != .ready {
            state.withLock { $0.waiters.removeAll { $0.loop === loop && $0.seat == seat && $0.ticket == ticket } }
        }
        core.seats.giveBack(seat)
        try wake.check()
    }
}
