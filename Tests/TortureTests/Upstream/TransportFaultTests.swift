import TestSupport
import Testing

extension TortureTests {
    /// Every call that Magpie makes to WeChat, with everything that can happen to it on the way, on real sockets.
    @Suite struct TransportFaultTests {
        @Test func `whatever the way to WeChat does, visitors get a clean answer in time, and it heals`() {
            var random = Torture.random("transport faults")
            var count = 0
            let trials = UpstreamTrial.run(atOnce: 16) { all in
                count = all.count
                // Refreshing waits eleven seconds for a grant to grow old.
                let quick = Torture.length == .long ? all : all.filter { $0.0 != .refresh }
                return Array(quick.shuffled(using: &random).prefix(Torture.count(short: 24, long: all.count)))
            }
            #expect(count > 400 && trials.count == Torture.count(short: 24, long: count))
            for trial in trials { #expect(trial.complaints == [], "\(trial.name)") }
            let healed = trials.compactMap(\.healed).sorted()
            Torture.figure("pairs of call and transport fault", "\(trials.count) of \(count)")
            if let longest = healed.last {
                Torture.figure(
                    "seconds until signing heals", "median \(healed[healed.count / 2]), longest \(longest)")
            }
        }
    }
}
