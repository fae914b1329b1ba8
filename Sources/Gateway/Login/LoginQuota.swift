import FoundationEssentials
import Synchronization

/// Bounds the logins that this process has begun and still remembers. Beginning one costs a stranger a request without
/// so much as a cookie, and the store a durable record for ten minutes: without an end to it, a flood fills the disk.
final class LoginQuota: Sendable {
    private let most: Int
    /// Begun in each slice of time, by the slice's number.
    private let begun = Mutex<[Int: Int]>([:])
    /// In seconds.
    private static let slice: TimeInterval = 10

    init(most: Int) {
        self.most = most
    }

    /// Counts one more, unless as many are remembered as may be.
    func admit(at time: Date) -> Bool {
        let now = Self.slice(of: time)
        return begun.withLock { begun in
            guard Self.count(&begun, at: now) < most else { return false }
            begun[now, default: 0] += 1
            return true
        }
    }

    /// Whether more than half of all are taken.
    func isCrowded(at time: Date) -> Bool {
        begun.withLock { begun in Self.count(&begun, at: Self.slice(of: time)) > most / 2 }
    }

    private static func slice(of time: Date) -> Int { Int(time.timeIntervalSince1970 / slice) }

    private static func count(_ begun: inout [Int: Int], at now: Int) -> Int {
        let slices = Int(LoginRecords.lifetime / slice)
        // After a clock was set back, slices of the future count for nothing.
        begun = begun.filter { $0.key > now - slices && $0.key <= now }
        return begun.values.reduce(0, +)
    }
}
