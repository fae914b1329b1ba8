import TestSupport
import Testing

extension TortureTests {
    /// The corpus against the built program, in pieces that arrive one after the other.
    @Suite struct SplitReplayTests {
        @Test func `every case split at every byte, and byte by byte, ends as the RFC says`() throws {
            let home = MagpieHome(FakePlatform(), Replay.patient)
            let process = try home.start()
            let cases = try HTTPCase.all()
            var random = Torture.random("split replay")
            let short = cases.filter { $0.bytes.count < 1_000 }
            var splits = short.flatMap { item in (1..<item.bytes.count).map { Replay.Trial(item, cuts: [$0]) } }
            splits = Array(splits.shuffled(using: &random).prefix(Torture.count(short: 2_000, long: .max)))
            let bytewise = short.shuffled(using: &random).prefix(Torture.count(short: 60, long: .max)).map {
                Replay.Trial($0, cuts: Array(1..<$0.bytes.count))
            }
            // The long ones are cut where chance will.
            let long = cases.filter { $0.bytes.count >= 1_000 }.flatMap { item in
                (0..<Torture.count(short: 2, long: 20)).map { _ in
                    Replay.Trial(
                        item, cuts: (0..<4).map { _ in Int.random(in: 1..<item.bytes.count, using: &random) }.sorted())
                }
            }
            let trials = splits + bytewise + long
            let outcomes = try Replay(port: home.port).outcomes(of: trials)
            var wrong = 0
            for (trial, outcome) in zip(trials, outcomes) {
                let wanted = Replay.wanted(trial.item)
                guard !wanted.contains(outcome.statuses) || outcome.wasReset else { continue }
                wrong += 1
                #expect(wrong > 20, "\(trial): got \(outcome.statuses), reset \(outcome.wasReset), not \(wanted)")
            }
            #expect(wrong == 0)
            #expect(try process.stop() == .exited(0))
            #expect(process.child.errors.isEmpty)
            Torture.figure(
                "raw requests replayed in pieces",
                "\(cases.count) cases, \(splits.count) split at one byte, \(bytewise.count) byte by byte, "
                    + "\(long.count) long ones at four places, \(wrong) wrong")
        }
    }
}
