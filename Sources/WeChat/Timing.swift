public import FoundationEssentials

/// The clock, the pause and the dice, handed in by whoever owns the process, so that tests own all three.
public struct Timing: Sendable {
    /// The wall clock. Lifetimes are shared between processes, so that a monotonic one would not do.
    public let now: @Sendable () -> Date
    /// Suspends the task. It is called from the keeper's own tasks, which run on the executor the keeper was given.
    public let sleep: @Sendable (Duration) async throws(CancellationError) -> Void
    /// A number from 0 up to 1, for jitter; nothing secret hangs on it.
    public let random: @Sendable () -> Double

    public init(
        now: @escaping @Sendable () -> Date,
        sleep: @escaping @Sendable (Duration) async throws(CancellationError) -> Void,
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.now = now
        self.sleep = sleep
        self.random = random
    }

    public static let system = Timing(
        now: { Date() },
        sleep: { (duration) async throws(CancellationError) in
            do {
                try await Task.sleep(for: duration)
            } catch {
                // It throws nothing else.
                throw CancellationError()
            }
        })
}

extension Duration {
    /// Seconds, for arithmetic with `Date`; WeChat counts in whole ones.
    var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
