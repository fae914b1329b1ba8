import Reactor
import Synchronization

/// Lets one line through in ten seconds, for what an attacker can make happen ten thousand times in one.
final class LogBrake: Sendable {
    private static let pause = Duration.seconds(10)

    private let state = Mutex((next: Deadline(nanoseconds: 0), untold: 0))

    /// How often it happened since the last line, this time included; nil while no line is due.
    func release(at now: Deadline) -> Int? {
        state.withLock { state in
            state.untold += 1
            guard now >= state.next else { return nil }
            defer { state = (now + Self.pause, 0) }
            return state.untold
        }
    }
}
