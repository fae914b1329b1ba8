import TestSupport
import Testing

extension ProcessTests {
    /// The corpus of raw requests held against the built program.
    @Suite struct HTTPCorpusTests {
        @Test(arguments: HTTPCase.files)
        func `every case ends as the RFC says, in one piece and byte by byte`(_ file: String) throws {
            let home = MagpieHome(FakePlatform(), Replay.patient)
            let process = try home.start()
            let cases = try HTTPCase.all(in: file)
            #expect(cases.count >= 50)
            #expect(Set(cases.map(\.id)).count == cases.count)
            let trials =
                cases.map { Replay.Trial($0) }
                + cases.filter { $0.bytes.count < 200 }.map { Replay.Trial($0, cuts: Array(1..<$0.bytes.count)) }
            for (trial, outcome) in zip(trials, try Replay(port: home.port, waits: false).outcomes(of: trials)) {
                let wanted = Replay.wanted(trial.item)
                #expect(wanted.contains(outcome.statuses), "\(trial): got \(outcome.statuses), not \(wanted)")
                #expect(!outcome.wasReset, "\(trial)")
            }
            #expect(try process.stop() == .exited(0))
            #expect(process.child.errors.isEmpty)
        }

        @Test func `a client that waits to be asked for its body is asked`() throws {
            let home = MagpieHome(FakePlatform())
            let process = try home.start()
            let client = try RawClient(port: home.port)
            try client.send(
                "POST /logout HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            #expect(try client.receiveResponse().status == 100)
            try client.send("hi")
            #expect(try client.receiveResponse().status == 204)
            #expect(try process.stop() == .exited(0))
        }
    }
}
