import Synchronization
import Testing

@testable import Reactor

@Suite struct ParkingTests {
    @Test func `a deadline that moves later with every wait costs the heap one entry`() async {
        await LoopGroup.running { group in
            let core = group.loops[0].core
            let seat = core.seats.take()
            for _ in 0..<100 {
                let ticket = core.seats.newTicket(seat)
                await withDiscardingTaskGroup { children in
                    children.addImmediateTask {
                        #expect(await group.loops[0].park(seat, ticket: ticket, until: .after(.seconds(60))) == .ready)
                    }
                    group.loops[0].wake(seat, ticket: ticket, .ready)
                }
            }
            #expect(core.seats.scheduledCount == 1)
            core.seats.giveBack(seat)
        }
    }

    @Test func `a wake-up for a wait that is over gets nobody else up`() async {
        await LoopGroup.running { group in
            let loop = group.loops[0]
            let seat = loop.core.seats.take()
            let old = loop.core.seats.newTicket(seat)
            loop.core.seats.giveBack(seat)
            #expect(loop.core.seats.take() == seat, "the seat has a new owner")
            await withDiscardingTaskGroup { children in
                children.addImmediateTask {
                    #expect(await loop.park(seat, until: .after(.milliseconds(5))) == .timedOut)
                }
                loop.wake(seat, ticket: old, .ready)
            }
            loop.core.seats.giveBack(seat)
        }
    }

    @Test func `many short waits with distant deadlines do not fill the heap`() async {
        await LoopGroup.running { group in
            for _ in 0..<10_000 {
                let core = group.loops[0].core
                let seat = core.seats.take()
                let ticket = core.seats.newTicket(seat)
                await withDiscardingTaskGroup { children in
                    children.addImmediateTask {
                        _ = await group.loops[0].park(seat, ticket: ticket, until: .after(.seconds(3_600)))
                    }
                    group.loops[0].wake(seat, ticket: ticket, .ready)
                }
                core.seats.giveBack(seat)
            }
            #expect(group.loops[0].core.seats.scheduledCount < 200)
        }
    }

    @Test func `a deadline fires although a later one was set on the same seat before`() async {
        await LoopGroup.running { group in
            let loop = group.loops[0]
            let seat = loop.core.seats.take()
            for deadline in [Deadline.after(.seconds(60)), .after(.milliseconds(5))] {
                let ticket = loop.core.seats.newTicket(seat)
                await withDiscardingTaskGroup { children in
                    children.addImmediateTask {
                        let wake = await loop.park(seat, ticket: ticket, until: deadline)
                        #expect(wake == (deadline.remaining > .seconds(1) ? .ready : .timedOut))
                    }
                    if deadline.remaining > .seconds(1) { loop.wake(seat, ticket: ticket, .ready) }
                }
            }
            loop.core.seats.giveBack(seat)
        }
    }

    /// Work that goes on until it is cancelled.
    ///
    /// Unchecked: it is used on its loop's thread only.
    private final class Endless: Awaited, @unchecked Sendable {
        private let loop: Loop
        private var caller: Waiting?

        init(on loop: Loop) { self.loop = loop }

        func begin(for caller: Waiting) { self.caller = caller }

        func cancel() {
            if let caller = caller.take() { loop.getUp(caller) }
        }
    }

    @Test func `work is cancelled with the task that waits for it, also from another thread`() async {
        await LoopGroup.running { group in
            let loop = group.loops[0]
            let task = Task(executorPreference: loop) { await loop.wait(for: Endless(on: loop)) }
            // Once the loop has had its turn, the task waits.
            await loop.run {}
            await Task.detached { task.cancel() }.value
            await task.value
        }
    }
}
