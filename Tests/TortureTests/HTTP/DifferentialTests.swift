import Dispatch
import SecondReading
import Synchronization
import TestSupport
import Testing
import Wire

extension TortureTests {
    /// `RequestParser` beside the second reader, in quantity.
    @Suite struct DifferentialTests {
        private struct Tally {
            var taken = 0
            var refused = 0
            var disagreements: [String] = []
        }

        @Test func `whatever one reader takes or refuses, so does the other`() throws {
            let seeds = try HTTPCase.all().map(\.bytes).filter { $0.count < 1_000 }
            let count = Torture.count(short: 40_000, long: 2_000_000)
            let workers = 8
            let tally = Mutex(Tally())
            DispatchQueue.concurrentPerform(iterations: workers) { worker in
                var maker = RequestMaker(seeds: seeds, generator: Torture.random("differential \(worker)"))
                var own = Tally()
                for _ in 0..<count / workers {
                    let bytes = maker.next()
                    let limits = maker.chance(4) ? maker.tightLimits() : ParserLimits()
                    let product = TwoReadings.product(bytes, cuts: maker.cuts(of: bytes), limits: limits)
                    let strict = StrictReader.read(bytes, limits: StrictReader.Limits(limits))
                    if product.end == .refused { own.refused += 1 } else { own.taken += 1 }
                    if !TwoReadings.agree(product, strict), own.disagreements.count < 3 {
                        own.disagreements.append(TwoReadings.described(bytes, product, strict))
                    }
                }
                tally.withLock {
                    $0.taken += own.taken
                    $0.refused += own.refused
                    $0.disagreements += own.disagreements
                }
            }
            let all = tally.withLock { $0 }
            #expect(all.disagreements == [])
            // Both happen often enough to mean something.
            #expect(all.taken > count / 10 && all.refused > count / 10)
            Torture.figure(
                "requests made up and read twice",
                "\(all.taken + all.refused), of which \(all.refused) refused; \(all.disagreements.count) read differently"
            )
        }

        @Test func `a case cut at any two bytes is read as at once`() throws {
            let cases = try HTTPCase.all().filter { $0.bytes.count < 300 }
            let many = Torture.count(short: 100, long: .max)
            let wrong = Mutex<[String]>([])
            let count = Mutex(0)
            DispatchQueue.concurrentPerform(iterations: cases.count) { number in
                let bytes = cases[number].bytes
                let whole = TwoReadings.product(bytes)
                var pairs = bytes.indices.flatMap { first in (first..<bytes.count).map { [first, $0] } }
                var random = Torture.random(cases[number].id)
                if pairs.count > many { pairs = Array(pairs.shuffled(using: &random).prefix(many)) }
                let others = pairs.filter { TwoReadings.product(bytes, cuts: $0) != whole }
                count.withLock { $0 += pairs.count }
                if let first = others.first { wrong.withLock { $0.append("\(cases[number]), cut at \(first)") } }
            }
            #expect(wrong.withLock { $0 } == [])
            Torture.figure("raw requests parsed in three pieces", "\(count.withLock { $0 }), all read as at once")
        }
    }
}
