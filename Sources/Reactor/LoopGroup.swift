import Synchronization

/// The loops of the process, one thread each.
///
/// `magpie` makes one group; `runBlocking` is the bridge from `main`, `run` the bridge from any other async code.
package final class LoopGroup: Sendable {
    package let loops: [Loop]
    private let turn = Atomic(0)
    private let threads = Mutex<[Thread]>([])

    /// The cores this process may use.
    package static var standardCount: Int { max(1, Thread.availableCores) }

    package init(count: Int? = nil) {
        loops = (0..<max(1, count ?? Self.standardCount)).map { _ in Loop() }
    }

    /// Starts a thread per loop.
    package func start() {
        start(loops[...])
    }

    private func start(_ loops: ArraySlice<Loop>) {
        threads.withLock { threads in
            for (index, loop) in zip(loops.indices, loops) {
                threads.append(Thread(named: "loop-\(index)") { loop.run() })
            }
        }
    }

    /// Ends every loop and waits for the threads. What runs on the loops must have ended before: a task that is still
    /// parked then stays so. Not to be called on a loop of this group.
    package func stop() {
        precondition(!loops.contains { $0.isCurrent }, "a loop cannot wait for its own end")
        for loop in loops { loop.stop() }
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in threads { thread.join() }
    }

    /// A loop for something new, in turn.
    package func next() -> Loop {
        let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(UInt(bitPattern: turn) % UInt(loops.count))]
    }

    /// Runs async work on a loop of the group (this one, if the caller is on one), and comes back with its result.
    /// The caller's cancellation reaches the work.
    @discardableResult
    package func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        if let current = Loop.current, loops.contains(where: { $0 === current }) { return try await work() }
        return try await next().run(work)
    }

    /// A group for as long as `work` takes, which runs on one of its loops.
    @discardableResult
    package static func running<Value: Sendable, Failure: Error>(
        count: Int = 1, _ work: @escaping @Sendable (LoopGroup) async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let group = LoopGroup(count: count)
        group.start()
        defer { group.stop() }
        return try await group.run { () async throws(Failure) in try await work(group) }
    }

    /// Starts a group, runs `work` on its first loop, ends the group and returns the result. The calling thread is
    /// that first loop meanwhile, so `main` may use it, and needs no thread to wait on.
    package static func runBlocking<Value: Sendable>(
        count: Int? = nil, _ work: @escaping @Sendable (LoopGroup) async -> Value
    ) -> Value {
        let group = LoopGroup(count: count)
        let first = group.loops[0]
        let outcome = Outcome<Value>()
        group.start(group.loops.dropFirst())
        Task(executorPreference: first) {
            let value = await work(group)
            outcome.value.withLock { $0 = value }
            first.stop()
        }
        first.run()
        group.stop()
        ended.withLock { $0.append(group) }
        guard let value = outcome.value.withLock({ $0 }) else {
            preconditionFailure("the first loop ends only after the work has left its result")
        }
        return value
    }

    /// The groups of `runBlocking`. What is still parked when a loop ends holds the loop, which holds it: kept in sight, so
    /// that a search for leaks at the end of the process can tell it from what was lost before.
    private static let ended = Mutex<[LoopGroup]>([])

    private final class Outcome<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
}

extension Loop {
    /// Runs async work on this loop and comes back with its result. The caller's cancellation reaches the work.
    @discardableResult
    package func run<Value: Sendable, Failure: Error>(
        _ work: @escaping @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let task = Task(executorPreference: self) { () async -> Result<Value, Failure> in
            do throws(Failure) {
                return .success(try await work())
            } catch {
                return .failure(error)
            }
        }
        return try await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }.get()
    }
}
