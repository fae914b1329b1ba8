import SecondReading
import TestSupport
import Testing
import Wire

/// `RequestParser` beside a reader of the same RFCs that shares no line with it.
struct SecondReadingTests {
    private static let corpus = Result { try HTTPCase.all().filter { $0.bytes.count < 1_000 } }

    @Test func `every case of the corpus is read the same, at once and split at any byte`() throws {
        for item in try Self.corpus.get() {
            let bytes = item.bytes
            let expected = StrictReader.read(bytes)
            for cut in bytes.indices {
                let reading = TwoReadings.product(bytes, cuts: [cut])
                #expect(TwoReadings.agree(reading, expected), "\(item), cut at \(cut)")
            }
            let bytewise = TwoReadings.product(bytes, cuts: Array(bytes.indices))
            #expect(TwoReadings.agree(bytewise, expected), "\(item), byte by byte")
        }
    }

    @Test(arguments: [20_000]) func `whatever one reader takes or refuses, so does the other`(_ count: Int) throws {
        let seeds = try Self.corpus.get().map(\.bytes)
        var maker = RequestMaker(seeds: seeds, generator: SystemRandomNumberGenerator())
        var (taken, refused) = (0, 0)
        for _ in 0..<count {
            let bytes = maker.next()
            let limits = maker.chance(4) ? maker.tightLimits() : ParserLimits()
            let disagreement = TwoReadings.disagreement(over: bytes, cuts: maker.cuts(of: bytes), limits: limits)
            #expect(disagreement == nil)
            if TwoReadings.product(bytes).end == .refused { refused += 1 } else { taken += 1 }
        }
        // Both happen often enough to mean something.
        #expect(taken > count / 10 && refused > count / 10, "\(taken) taken, \(refused) refused")
    }
}
