import Reactor

/// Looks each second how late each loop is: whatever holds one up (a handler that computes, a machine that swaps) holds
/// up every visitor on it, and shows nowhere else.
enum LoopWatch {
    private static let interval = Duration.seconds(1)

    /// A task on each loop, until it is cancelled.
    static func start(on group: LoopGroup, _ metrics: Metrics) -> [Task<Void, Never>] {
        group.loops.enumerated().map { number, loop in
            Task(executorPreference: loop) {
                while !Task.isCancelled {
                    let due = Deadline.after(interval)
                    guard (try? await sleep(until: due)) != nil else { return }
                    metrics.observe(loop: number, lag: Deadline.now().since(due))
                }
            }
        }
    }
}
