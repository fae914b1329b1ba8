package import FoundationEssentials
import Synchronization

/// How often the configuration was read again, and what became of the last time: told by `/status` and `/metrics`.
package final class Reloads: Sendable {
    package enum Outcome: String, CaseIterable, Sendable {
        case applied
        /// Nothing differs from what runs.
        case unchanged
        /// What ran before goes on.
        case refused
    }

    package struct Last: Codable, Sendable {
        package let at: Date
        package let outcome: String
        /// How many complaints the log holds.
        package let problems: Int
    }

    struct State: Sendable {
        /// When the configuration in force was read.
        var loadedAt: Date
        var last: Last?
        var counts: [Outcome: Int] = [:]
    }

    private let guarded: Mutex<State>

    package init(loadedAt: Date) {
        guarded = Mutex(State(loadedAt: loadedAt))
    }

    var state: State { guarded.withLock { $0 } }

    func note(_ outcome: Outcome, problems: Int = 0, at time: Date) {
        guarded.withLock { state in
            if outcome != .refused { state.loadedAt = time }
            state.last = Last(at: time, outcome: outcome.rawValue, problems: problems)
            state.counts[outcome, default: 0] += 1
        }
    }
}
