import Dispatch
import Reactor
import Synchronization
import Testing

@Suite struct BlockingPoolTests {
    @Test func `blocking work leaves the loop and its result comes back to it`() async {
        await LoopGroup.running { group in
            let wasOnLoop = await offLoop { Loop.current != nil }
            #expect(!wasOnLoop)
            #expect(Loop.current === group.loops[0])
        }
    }

    @Test func `a loop goes on while work blocks`() async {
        await LoopGroup.running { _ in
            let hold = DispatchSemaphore(value: 0)
            await withTaskGroup(of: Void.self) { children in
                children.addImmediateTask { await offLoop { hold.wait() } }
                // Reached only because the loop is free.
                try? await sleep(for: .milliseconds(1))
                hold.signal()
            }
        }
    }

    @Test func `an error of the work is thrown as it is`() async {
        await LoopGroup.running { _ in
            await #expect(throws: IOError.noSuchFile) {
                try await offLoop { () throws(IOError) in throw .noSuchFile }
            }
        }
    }

    @Test func `more work than threads waits its turn, all of it runs, in order on one thread`() async {
        let pool = BlockingPool(named: "test", threads: 1)
        let order = Recorder()
        await LoopGroup.running { _ in
            let done = Gate()
            for index in 0..<1_000 {
                pool.submit {
                    order.add(index)
                    if index == 999 { done.open() }
                }
            }
            try? await done.wait(until: .after(.seconds(60)))
        }
        #expect(order.all == Array(0..<1_000))
    }

    // It used to happen that the second piece was left to a thread that was idle still, but about to take the first.
    @Test func `two pieces of work run at once when there are two threads`() async {
        let met = await LoopGroup.running { _ in
            for _ in 0..<50 {
                let pool = BlockingPool(named: "test", threads: 2)
                let (second, both) = (DispatchSemaphore(value: 0), Gate())
                pool.submit {
                    second.wait()
                    both.open()
                }
                pool.submit { second.signal() }
                guard (try? await both.wait(until: .after(.seconds(60)))) != nil else { return false }
            }
            return true
        }
        #expect(met)
    }
}
