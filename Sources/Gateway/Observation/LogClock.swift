import FoundationEssentials
import Synchronization
import Wire

/// Tells when a line is written. The text of a second is made once: it costs a microsecond, and a second has many lines.
final class LogClock: Sendable {
    private let now: @Sendable () -> Date
    private let latest = Mutex<(number: Int, second: LogTime.Second)?>(nil)

    init(_ now: @escaping @Sendable () -> Date) {
        self.now = now
    }

    var time: LogTime {
        let seconds = now().timeIntervalSince1970
        let whole = seconds.rounded(.down)
        let second = latest.withLock { latest in
            if let latest, latest.number == Int(whole) { return latest.second }
            let second = LogTime.text(of: whole)
            latest = (Int(whole), second)
            return second
        }
        return LogTime(second: second, milliseconds: Int((seconds - whole) * 1_000))
    }
}

/// When a line was written, in UTC.
struct LogTime: Sendable {
    /// `2026-11-21T08:06:01`
    typealias Second = InlineArray<19, UInt8>

    let second: Second
    let milliseconds: Int

    static func text(of second: Double) -> Second {
        let text = Array(Date(timeIntervalSince1970: second).formatted(.iso8601).utf8)
        // A clock may stand anywhere: years of more than four digits are cut.
        return Second { $0 < text.count ? text[$0] : UInt8(ascii: " ") }
    }
}
