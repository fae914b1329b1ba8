import Reactor
import Synchronization
import Testing

@Suite struct LoopTests {
    @Test func `work runs on the loop it was given to, and stays there across suspensions`() async {
        await LoopGroup.running(count: 2) { group in
            for loop in group.loops {
                await loop.run {
                    #expect(Loop.current === loop)
                    try? await sleep(for: .milliseconds(1))
                    #expect(Loop.current === loop)
                    await withTaskGroup { children in
                        for _ in 0..<10 {
                            children.addTask {
                                await Task.yield()
                                #expect(loop.isCurrent)
                            }
                        }
                    }
                    #expect(Loop.current === loop)
                }
            }
        }
        #expect(Loop.current == nil)
    }

    @Test func `an immediate child runs on the loop at once, and again after it waited`() async {
        await LoopGroup.running { group in
            let order = Recorder()
            await withDiscardingTaskGroup { children in
                children.addImmediateTask {
                    order.add(1)
                    #expect(Loop.current === group.loops[0])
                    try? await sleep(for: .milliseconds(1))
                    #expect(Loop.current === group.loops[0])
                    order.add(3)
                }
                order.add(2)
            }
            #expect(order.all == [1, 2, 3])
        }
    }

    @Test func `deadlines fire in their order, not in the order they were set`() async {
        await LoopGroup.running { _ in
            let start = Deadline.now()
            let order = Recorder()
            await withDiscardingTaskGroup { children in
                for delay in [30, 10, 20, 0, 40] {
                    children.addImmediateTask {
                        try? await sleep(until: start + .milliseconds(delay))
                        #expect(.now() >= start + .milliseconds(delay), "never early")
                        order.add(delay)
                    }
                }
            }
            #expect(order.all == [0, 10, 20, 30, 40])
        }
    }

    @Test func `thousands of sleeps end, and cancelled ones end at once`() async {
        await LoopGroup.running { _ in
            let ended = Recorder()
            let start = Deadline.now()
            await withDiscardingTaskGroup { children in
                for index in 0..<5_000 {
                    children.addImmediateTask {
                        try? await sleep(for: index % 2 == 0 ? .milliseconds(index % 20) : .seconds(3_600))
                        ended.add(index)
                    }
                }
                try? await sleep(for: .milliseconds(20))
                children.cancelAll()
            }
            #expect(ended.all.count == 5_000)
            #expect(.now() < start + .seconds(60))
        }
    }

    @Test func `a task that is already cancelled does not sleep`() async {
        await LoopGroup.running { _ in
            let task = Task(executorPreference: Loop.current) {
                withUnsafeCurrentTask { $0?.cancel() }
                do throws(CancellationError) {
                    try await sleep(for: .seconds(3_600))
                    return false
                } catch {
                    return true
                }
            }
            #expect(await task.value)
        }
    }

    @Test func `cancellation from another thread gets a sleeping task up`() async {
        let task = Task {
            await LoopGroup.running { _ in
                do throws(CancellationError) {
                    try await sleep(for: .seconds(3_600))
                    return false
                } catch {
                    return true
                }
            }
        }
        await Task.yield()
        task.cancel()
        #expect(await task.value)
    }

    @Test func `what is left for the end of the round runs after the jobs at hand, once`() async {
        final class Ending: EndOfRound {
            let order = Recorder()
            func roundEnds() { order.add(2) }
        }
        await LoopGroup.running { group in
            let ending = Ending()
            group.loops[0].atEndOfRound(ending)
            ending.order.add(1)
            await Task.yield()
            ending.order.add(3)
            await Task.yield()
            #expect(ending.order.all == [1, 2, 3])
        }
    }

    @Test func `loops are given out in turn`() {
        let group = LoopGroup(count: 3)
        let first = (0..<3).map { _ in ObjectIdentifier(group.next()) }
        #expect(first == group.loops.map(ObjectIdentifier.init))
        #expect(group.next() === group.loops[0])
    }

    @Test func `a blocking caller gets the result of async work, from its own thread as a loop`() {
        let result = LoopGroup.runBlocking(count: 2) { group in
            try? await sleep(for: .milliseconds(1))
            let other = await group.loops[1].run { Loop.current === group.loops[1] }
            return (other, Loop.current === group.loops[0])
        }
        #expect(result == (true, true))
    }

    @Test func `an error of the work reaches who asked for it`() async {
        await LoopGroup.running(count: 2) { group in
            await #expect(throws: IOError.refused) {
                let _: Void = try await group.loops[1].run { () async throws(IOError) in throw .refused }
            }
        }
    }

    @Test func `jobs from many threads all run`() async {
        let sum = await LoopGroup.running { group in
            await withTaskGroup(of: Int.self) { children in
                for index in 0..<1_000 {
                    children.addTask(executorPreference: globalConcurrentExecutor) {
                        await group.loops[0].run { index }
                    }
                }
                return await children.reduce(0, +)
            }
        }
        #expect(sum == 499_500)
    }
}

/// What happened, in order, from whichever task.
final class Recorder: Sendable {
    private let entries = Mutex<[Int]>([])

    var all: [Int] { entries.withLock { $0 } }

    func add(_ entry: Int) { entries.withLock { $0.append(entry) } }
}
