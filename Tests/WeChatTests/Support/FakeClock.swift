import FoundationEssentials
import Synchronization
import WeChat

/// A clock that stands still until it is told, and the sleepers waiting for it.
final class FakeClock: Sendable {
    static let start = Date(timeIntervalSince1970: 1_795_248_000)

    private struct State {
        var now = FakeClock.start
        var sleepers: [Int: (deadline: Date, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var cancelled: Set<Int> = []
        var next = 0
        var slept: [Double] = []
    }

    private let state = Mutex(State())

    var now: Date { state.withLock(\.now) }
    /// Every pause that was asked for, in seconds.
    var slept: [Double] { state.withLock(\.slept) }

    var timing: Timing {
        Timing(
            now: { self.now },
            sleep: { (duration) async throws(CancellationError) in
                do { try await self.sleep(duration) } catch { throw CancellationError() }
            }, random: { 0.5 })
    }

    private func sleep(_ duration: Duration) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = state.withLock { state in
                    state.slept.append(seconds)
                    guard state.cancelled.remove(id) == nil else { return true }
                    state.sleepers[id] = (state.now + seconds, continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                let sleeper = state.sleepers.removeValue(forKey: id)
                if sleeper == nil { state.cancelled.insert(id) }
                return sleeper
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Moves the clock without waking anybody but those whose time has come.
    func advance(by seconds: Double) {
        let due = state.withLock { state in
            state.now += seconds
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for continuation in due { continuation.resume() }
    }

    /// Runs `operation`, and whenever it does nothing but sleep, moves on to the end of the nearest sleep.
    func drive<Value: Sendable>(_ operation: @escaping @Sendable () async -> Value) async -> Value {
        let isDone = Flag()
        async let value = { () async in
            let value = await operation()
            isDone.raise()
            return value
        }()
        while !isDone.isUp {
            for _ in 0..<40 { await Task.yield() }
            if let left = secondsToNextDeadline, !isDone.isUp { advance(by: left) }
        }
        return await value
    }

    private var secondsToNextDeadline: Double? {
        state.withLock { state in
            state.sleepers.values.map { $0.deadline.timeIntervalSince(state.now) }.min().map { max($0, 0) }
        }
    }

    /// Waits until somebody sleeps.
    func untilSomebodySleeps() async {
        while state.withLock({ $0.sleepers.isEmpty }) { await Task.yield() }
    }
}

private final class Flag: Sendable {
    private let flag = Atomic(false)
    var isUp: Bool { flag.load(ordering: .acquiring) }
    func raise() { flag.store(true, ordering: .releasing) }
}
