import FoundationEssentials
import Synchronization
import WeChat

/// How the calls of WeChat ended, by account and call, with the last failure of each in WeChat's own words.
final class UpstreamJournal: Sendable {
    struct Line: Sendable {
        var succeeded = 0
        var failed = 0
        var lastSuccessAt: Date?
        var lastFailureAt: Date?
        var lastFailure: UpstreamError?

        /// Whether the last call failed.
        var isFailing: Bool { lastFailureAt.map { $0 > lastSuccessAt ?? .distantPast } ?? false }
    }

    struct Place: Hashable, Sendable {
        let account: String
        let operation: WeChat.Operation
    }

    private let metrics: Metrics
    private let now: @Sendable () -> Date
    private let lines = Mutex<[Place: Line]>([:])

    init(metrics: Metrics, now: @escaping @Sendable () -> Date) {
        self.metrics = metrics
        self.now = now
    }

    /// - Parameter error: nil for a call that brought what was asked for.
    func note(_ operation: WeChat.Operation, of account: String, _ error: UpstreamError?) {
        metrics.count(.upstream(path: operation.rawValue, error.map(Metrics.UpstreamOutcome.init) ?? .ok))
        let time = now()
        lines.withLock { lines in
            let place = Place(account: account, operation: operation)
            var line = lines[place] ?? Line()
            if let error {
                line.failed += 1
                line.lastFailureAt = time
                line.lastFailure = error
            } else {
                line.succeeded += 1
                line.lastSuccessAt = time
            }
            lines[place] = line
        }
    }

    /// Of one account, in the order in which a login makes them.
    func lines(of account: String) -> [(operation: WeChat.Operation, line: Line)] {
        let lines = lines.withLock { $0 }
        return WeChat.Operation.allCases.compactMap { operation in
            lines[Place(account: account, operation: operation)].map { (operation, $0) }
        }
    }
}

extension Metrics.UpstreamOutcome {
    init(_ error: UpstreamError) {
        switch error {
        case .refused(let refusal): self = .errcode(refusal.code.rawValue)
        case .unreachable(.timedOut): self = .timedOut
        case .unreachable(.tls): self = .tls
        case .unreachable(.tooLarge), .unreachable(.malformed), .unreadable, .intermediate(status: 200): self = .garbage
        case .unreachable: self = .unreachable
        case .intermediate: self = .status
        }
    }
}
