import Dispatch
import Synchronization

/// A few threads for calls that may block (a disk, `getaddrinfo`), so that no loop ever does.
///
/// Threads are started as they are needed and stay. A hanging call holds one thread; hence a pool per kind of work.
package final class BlockingPool: Sendable {
    package static let shared = BlockingPool(named: "work", threads: 4)
    static let resolver = BlockingPool(named: "resolver", threads: 4)

    private struct State {
        var queue: [@Sendable () -> Void] = []
        /// What has been taken from `queue`, last first, so that taking is `removeLast`.
        var turn: [@Sendable () -> Void] = []
        var idle = 0
        var threads = 0

        var waiting: Int { queue.count + turn.count }
    }

    private let name: String
    private let limit: Int
    private let state = Mutex(State())
    private let work = DispatchSemaphore(value: 0)

    package init(named name: String, threads limit: Int) {
        self.name = name
        self.limit = limit
    }

    package func submit(_ job: @escaping @Sendable () -> Void) {
        let mustStart = state.withLock { state in
            state.queue.append(job)
            // An idle thread may be on its way to an earlier job, so all that waits counts against the idle ones.
            guard state.waiting > state.idle, state.threads < limit else { return false }
            state.threads += 1
            return true
        }
        // The threads hold the pool: a pool lives as long as the process.
        if mustStart { Thread(named: name) { self.serve() }.detach() }
        work.signal()
    }

    private func serve() {
        while true {
            state.withLock { $0.idle += 1 }
            work.wait()
            let job = state.withLock { state in
                state.idle -= 1
                if state.turn.isEmpty {
                    state.turn = state.queue.reversed()
                    state.queue = []
                }
                return state.turn.popLast()
            }
            // One signal per job, so there is one.
            job?()
        }
    }
}

/// Runs blocking work on the shared pool; the caller's loop goes on meanwhile, and the caller comes back to it.
/// About 14 µs there and back, so not for anything cheaper. Work once begun cannot be cancelled.
package func offLoop<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
    let outcome = Outcome<Value, Failure>()
    await suspended { (resume: @escaping @Sendable (()) -> Void) in
        BlockingPool.shared.submit {
            do throws(Failure) {
                outcome.put(.success(try work()))
            } catch {
                outcome.put(.failure(error))
            }
            resume(())
        }
    }
    return try outcome.take().get()
}

/// What a thread of the pool leaves for whoever waits, under a lock: a continuation that is resumed before its task has
/// come to wait hands over by atomic operations of the runtime alone, which Thread Sanitizer cannot see.
private final class Outcome<Value: Sendable, Failure: Error>: Sendable {
    private let result = Mutex<Result<Value, Failure>?>(nil)

    func put(_ result: Result<Value, Failure>) {
        self.result.withLock { $0 = result }
    }

    func take() -> Result<Value, Failure> {
        guard let result = result.withLock({ $0 }) else { preconditionFailure("who resumes has put the result") }
        return result
    }
}
