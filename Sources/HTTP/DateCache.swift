import Glibc
import Wire

/// The value of `Date`, made once a second (RFC 9110 §6.6.1) instead of once per answer. One per loop, hence unlocked.
struct DateCache {
    private let clock: @Sendable () -> Int
    private var second = Int.min
    private var text: [UInt8] = []

    init(clock: @escaping @Sendable () -> Int) {
        self.clock = clock
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`
    mutating func current() -> [UInt8] {
        let now = clock()
        if now != second {
            second = now
            text = Array(HTTPDate.format(now).utf8)
        }
        return text
    }
}

/// The system's clock in seconds since 1970.
@Sendable func wallClock() -> Int {
    time(nil)
}
