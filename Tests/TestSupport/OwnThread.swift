import Dispatch
package import Testing

/// Runs tests that block on a thread of their own.
///
/// The concurrency library has as many threads as the machine has cores. A test that waits for a process in a blocking
/// call holds one of them, and the tests with deadlines that run beside it starve.
package struct OwnThread: SuiteTrait, TestTrait, TestScoping {
    package let isRecursive = true

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(ThreadExecutor.shared) { try await function() }
    }
}

extension Trait where Self == OwnThread {
    package static var onOwnThread: Self { Self() }
}

/// A serial queue has a thread beside those of the concurrency library.
private final class ThreadExecutor: TaskExecutor {
    static let shared = ThreadExecutor()

    private let queue = DispatchQueue(label: "blocking tests")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
