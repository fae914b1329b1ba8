/// How long to leave WeChat alone after failures in a row.
enum Backoff {
    /// Seconds until the next try.
    ///
    /// What WeChat or the network may mend by itself is tried again after 1, 2, 4 … 60 seconds; after 15 at most where
    /// WeChat was not reached, as no quota is spent and visitors notice every second after its return. What a person
    /// must mend is looked at after 30, 60 … 300 seconds, or as rarely as the code asks. All are spread by a quarter, so
    /// that processes that failed together do not come back together.
    ///
    /// - Parameters:
    ///   - streak: Failures so far, this one included.
    ///   - random: From 0 up to 1.
    static func seconds(after error: UpstreamError?, streak: Int, random: Double) -> Double {
        let doublings = Double(1 << min(max(streak, 1) - 1, 16))
        let mendsItself = error.map { [.backOff, .refreshToken].contains($0.reaction) } ?? true
        let longest = error?.isFromElsewhere == true ? 15.0 : 60
        let pause = mendsItself ? min(longest, doublings) : min(300, 30 * doublings)
        let spread = max(1, pause * (0.75 + 0.5 * random))
        return max(mendsItself ? min(60, spread) : spread, error?.pause ?? 0)
    }
}
