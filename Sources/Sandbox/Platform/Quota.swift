/// A counter that begins again at midnight in China, where the platform's day ends.
struct DailyCount: Equatable, Sendable {
    private var used = 0
    private var day: Int?

    /// Whether one more call fits; a call that does not is not counted.
    mutating func spend(limit: Int, now: Int) -> Bool {
        let today = (now + 8 * 3_600) / 86_400
        if day != today {
            day = today
            used = 0
        }
        guard used < limit else { return false }
        used += 1
        return true
    }

    /// How many of the day's calls have been made.
    func used(now: Int) -> Int { day == (now + 8 * 3_600) / 86_400 ? used : 0 }

    mutating func clear() { used = 0 }
}

/// A counter that begins again with every minute of the clock.
struct MinuteCount: Equatable, Sendable {
    private var used = 0
    private var minute: Int?

    mutating func spend(limit: Int, now: Int) -> Bool {
        if minute != now / 60 {
            minute = now / 60
            used = 0
        }
        guard used < limit else { return false }
        used += 1
        return true
    }
}
