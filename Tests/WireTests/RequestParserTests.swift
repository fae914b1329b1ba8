import Testing

@testable import Wire

struct RequestParserTests {
    @Test func `there are at least 150 cases`() {
        #expect(RequestCase.all.count >= 150)
    }

    @Test(arguments: RequestCase.all)
    func `a request has its outcome when it arrives at once`(_ example: RequestCase) {
        #expect(RequestParser.outcome(of: [example.bytes[...]]) == example.outcome)
    }

    @Test(arguments: RequestCase.all)
    func `a request has the same outcome byte by byte`(_ example: RequestCase) {
        let pieces = example.bytes.indices.map { example.bytes[$0...$0] }
        #expect(RequestParser.outcome(of: pieces) == example.outcome)
    }

    @Test(arguments: RequestCase.all.filter { $0.bytes.count < 600 })
    func `a request has the same outcome split at any byte`(_ example: RequestCase) {
        let others = example.bytes.indices.filter { split in
            RequestParser.outcome(of: [example.bytes[..<split], example.bytes[split...]]) != example.outcome
        }
        #expect(others == [], "splits at which something else came out")
    }
}
