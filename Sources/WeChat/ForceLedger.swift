import FoundationEssentials

/// How often a token was replaced on demand, shared by all processes.
///
/// WeChat takes 20 forced refreshes a day, 30 seconds apart ("获取稳定版接口调用凭据"). The older kind of token has a
/// daily quota of 2,000 instead; a program that reports every token it gets must not be able to burn it.
struct ForceLedger: Codable, Equatable, Sendable {
    private var day = 0
    private var count = 0
    private var last: Double?

    static let dailyStableForces = 20
    static let dailyLegacyTokens = 100
    static let spacing = 30.0

    /// Counts one more, or says how many seconds to wait for it.
    mutating func admit(at now: Date, limit: Int) -> Double? {
        let time = now.timeIntervalSince1970
        let today = Self.day(of: time)
        if today != day {
            day = today
            count = 0
        }
        if let last, time >= last, time - last < Self.spacing { return Self.spacing - (time - last) }
        if count >= limit { return Self.secondsToMidnight(from: time) }
        count += 1
        last = time
        return nil
    }

    func count(at now: Date) -> Int { day == Self.day(of: now.timeIntervalSince1970) ? count : 0 }

    // WeChat's days begin at midnight in Beijing.
    private static let beijing = 8 * 3600.0

    private static func day(of time: Double) -> Int {
        Int(((time + beijing) / 86_400).rounded(.down))
    }

    private static func secondsToMidnight(from time: Double) -> Double {
        Double(day(of: time) + 1) * 86_400 - beijing - time
    }
}
