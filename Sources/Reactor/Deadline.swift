import Glibc

/// A length of time that is added to the clock again and again, for every request: `Duration` counts attoseconds in 128
/// bits, and dividing those costs more than the rest of setting a deadline.
package struct Timeout: Hashable, Sendable {
    package let nanoseconds: UInt64

    /// A negative duration is none.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else {
            nanoseconds = 0
            return
        }
        let (scaled, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = scaled.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
        nanoseconds = overflow || carry ? .max : sum
    }
}

/// A point on the monotonic clock, in nanoseconds. It does not move when somebody sets the date.
package struct Deadline: Comparable, Hashable, Sendable {
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    package static let never = Deadline(nanoseconds: .max)

    package static func now() -> Deadline {
        var time = timespec()
        // CLOCK_MONOTONIC always exists on Linux and `time` is a valid place to write to.
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Deadline(nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    package static func after(_ duration: Duration) -> Deadline {
        now() + duration
    }

    package static func + (start: Deadline, duration: Duration) -> Deadline {
        start + Timeout(duration)
    }

    package static func + (start: Deadline, timeout: Timeout) -> Deadline {
        let (sum, overflow) = start.nanoseconds.addingReportingOverflow(timeout.nanoseconds)
        return overflow ? .never : Deadline(nanoseconds: sum)
    }

    package static func < (left: Deadline, right: Deadline) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// How long until then; zero when it has passed.
    package var remaining: Duration {
        let now = Deadline.now()
        guard now < self else { return .zero }
        let left = nanoseconds - now.nanoseconds
        return .nanoseconds(Int64(clamping: left))
    }

    /// How long after `earlier` this is; zero if it is not.
    package func since(_ earlier: Deadline) -> Duration {
        .nanoseconds(Int64(nanoseconds(since: earlier)))
    }

    /// The same as a number, which is quicker to compare and to add.
    package func nanoseconds(since earlier: Deadline) -> Int {
        Int(clamping: nanoseconds - min(nanoseconds, earlier.nanoseconds))
    }

    package var hasPassed: Bool { self <= .now() }
}
