import Synchronization

/// One commit as it waits for its turn.
struct Commit: Sendable {
    let changes: [Change]
    let conditions: [Condition]
}

/// What a writer thread drives: the part of a disk store that changes things.
protocol CommitEngine: ~Copyable, SendableMetatype {
    /// Judges and makes the commits in order, durable when it returns; one result for each.
    mutating func apply(_ batch: [Commit]) -> [Result<Bool, StoreError>]
    /// What may wait until the callers have their answers.
    mutating func tidy()
    /// Gives everything back. Nothing is called after it.
    mutating func close()
}

/// The writers' queue of a disk store, and the thread that works it off.
///
/// Commits that arrive while the thread waits for the disk are made together, with one lock and one sync: the more
/// callers there are, the less each pays. All waiting callers of the room are continuations of this file, and each is
/// resumed exactly once: with its result, or with `.closed`.
final class Committer<Engine: CommitEngine & ~Copyable>: Sendable {
    private typealias Answer<Value> = CheckedContinuation<Result<Value, StoreError>, Never>

    private let core: Core
    private let thread: Mutex<WriterThread?>

    init(_ engine: consuming sending Engine) {
        let core = Core(engine)
        self.core = core
        thread = Mutex(WriterThread { core.run() })
    }

    /// Without `close()`, the thread still finishes what was asked of it, and ends by itself.
    deinit {
        core.stop(then: nil)
        thread.withLock { $0?.detach() }
    }

    var isClosed: Bool { core.state.withLock { $0.phase != .open } }

    func commit(_ commit: Commit) async throws(StoreError) -> Bool {
        try await withCheckedContinuation { (answer: Answer<Bool>) in
            if !core.enqueue(.commit(commit, answer)) { answer.resume(returning: .failure(.closed)) }
        }.get()
    }

    /// Runs `work` on the writer thread, between two batches.
    func perform<Value: Sendable>(
        _ work: @escaping @Sendable (inout Engine) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await withCheckedContinuation { (answer: Answer<Value>) in
            let job = Core.Job.work { engine in
                answer.resume(returning: Result { () throws(StoreError) in try work(&engine) })
            }
            if !core.enqueue(job) { answer.resume(returning: .failure(.closed)) }
        }.get()
    }

    /// Finishes what was asked before, then closes the engine and ends the thread. A second call waits likewise.
    func close() async {
        await withCheckedContinuation { core.stop(then: $0) }
        // The thread has resumed us as its last act: the wait is for its last instructions.
        thread.withLock { $0.take() }?.join()
    }

    /// What the thread holds on to; the committer itself may go.
    final class Core: Sendable {
        enum Job: Sendable {
            case commit(Commit, CheckedContinuation<Result<Bool, StoreError>, Never>)
            case work(@Sendable (inout Engine) -> Void)
        }

        enum Phase {
            case open
            case closing
            case closed
        }

        struct State {
            var queue: [Job] = []
            var phase = Phase.open
            var closers: [CheckedContinuation<Void, Never>] = []
            /// Whether the thread sleeps, or is about to: only then does it need to be woken.
            var isIdle = false
        }

        let state = Mutex(State())
        private let engine: Mutex<Engine>
        private let bell = Bell()
        /// Bounds the memory and the time of one transaction.
        private let largestBatch = 256

        init(_ engine: consuming sending Engine) {
            self.engine = Mutex(engine)
        }

        /// `false` when the store is closed.
        func enqueue(_ job: Job) -> Bool {
            let outcome = state.withLock { state -> (accepted: Bool, wake: Bool) in
                guard state.phase == .open else { return (false, false) }
                state.queue.append(job)
                defer { state.isIdle = false }
                return (true, state.isIdle)
            }
            if outcome.wake { bell.ring() }
            return outcome.accepted
        }

        func stop(then closer: CheckedContinuation<Void, Never>?) {
            let outcome = state.withLock { state -> (isClosed: Bool, wake: Bool) in
                if state.phase == .closed { return (true, false) }
                state.phase = .closing
                if let closer { state.closers.append(closer) }
                defer { state.isIdle = false }
                return (false, state.isIdle)
            }
            if outcome.isClosed { closer?.resume() }
            if outcome.wake { bell.ring() }
        }

        /// The life of the writer thread.
        func run() {
            while let jobs = next() {
                work(jobs)
            }
            engine.withLock { $0.close() }
            let closers = state.withLock { state in
                state.phase = .closed
                defer { state.closers = [] }
                return state.closers
            }
            for closer in closers { closer.resume() }
        }

        /// Everything in the queue, once there is something; `nil` when the store is closing and the queue empty.
        private func next() -> [Job]? {
            while true {
                let found = state.withLock { state -> (jobs: [Job], isOver: Bool) in
                    defer { state.queue = [] }
                    state.isIdle = state.queue.isEmpty && state.phase == .open
                    return (state.queue, state.queue.isEmpty && state.phase != .open)
                }
                if found.isOver { return nil }
                if !found.jobs.isEmpty { return found.jobs }
                bell.wait()
            }
        }

        private func work(_ jobs: [Job]) {
            var batch: [Commit] = []
            var answers: [CheckedContinuation<Result<Bool, StoreError>, Never>] = []
            func flush() {
                guard !batch.isEmpty else { return }
                let results = engine.withLock { $0.apply(batch) }
                precondition(results.count == answers.count, "an engine gives every commit its result")
                for (answer, result) in zip(answers, results) { answer.resume(returning: result) }
                batch = []
                answers = []
                engine.withLock { $0.tidy() }
            }
            for job in jobs {
                switch job {
                case .commit(let commit, let answer):
                    batch.append(commit)
                    answers.append(answer)
                    if batch.count == largestBatch { flush() }
                case .work(let work):
                    flush()
                    engine.withLock { work(&$0) }
                }
            }
            flush()
        }
    }
}

/// Runs `work`, which may take long and touch the disk, on a thread that is not one of the cooperative few.
func offThread<Value: Sendable>(
    _ work: @escaping @Sendable () throws(StoreError) -> Value
) async throws(StoreError) -> Value {
    try await withCheckedContinuation { (answer: CheckedContinuation<Result<Value, StoreError>, Never>) in
        WriterThread {
            answer.resume(returning: Result { () throws(StoreError) in try work() })
        }.detach()
    }.get()
}
