import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// Clients that ask without waiting for the answers.
    @Suite struct PipeliningTests {
        @Test func `a hundred thousand requests at once hold nobody up`() throws {
            let arena = try Arena()
            let total = 100_000
            let crowd = Torture.count(short: 20, long: 100)
            let piece = (0..<1_000).flatMap { _ in arena.request("/auth") }
            let calm = arena.honest()
            usleep(500_000)
            let without = calm.stop()

            // A connection ends after its 1,000th answer, so they come again until all was asked.
            let honest = arena.honest()
            let swarm = Swarm(port: arena.home.port)
            let start = Swarm.seconds()
            let rounds = max(1, total * Torture.count(short: 1, long: 4) / (crowd * 1_000))
            var peak = 0
            for _ in 0..<rounds {
                try swarm.connect(crowd, sending: piece)
                #expect(swarm.step(within: 60) { $0.open.isEmpty })
                peak = max(peak, arena.vitals.memory)
            }
            let passed = Swarm.seconds() - start
            let record = honest.stop()
            let requests = rounds * crowd * 1_000
            Torture.figure(
                "\(requests) pipelined requests on \(crowd) connections at a time",
                "\(Int(Double(requests) / passed)) answers/s, memory grows by "
                    + "\((peak - arena.baseline.memory) / 1_024) MiB")
            Torture.figure("honest client beside them", record.summary)
            Torture.figure("honest client without them", without.summary)
            #expect(swarm.clients.allSatisfy { $0.ending == .closed && $0.status == 401 })
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            // Unlike slow clients these keep every core busy, and their own process takes its share of them.
            #expect(record.percentile(0.99) <= 4 * Arena.patience + without.percentile(0.99))
            #expect(peak <= arena.baseline.memory + 64 * 1_024)
            try arena.recovers("pipelined requests")
            try arena.isWhole()
        }

        @Test func `one connection that sends a hundred thousand gets its share of answers, and an end`() throws {
            let arena = try Arena()
            let swarm = Swarm(port: arena.home.port)
            let piece = (0..<100_000).flatMap { _ in arena.request("/auth") }
            let honest = arena.honest()
            let before = arena.vitals
            try swarm.connect(1, sending: piece)
            #expect(swarm.step(within: 60) { $0.open.isEmpty })
            let after = arena.vitals
            let record = honest.stop()
            Torture.figure(
                "100,000 pipelined requests on one connection",
                "\(rounded(after.cpu - before.cpu)) CPU s, memory grows by "
                    + "\((after.memory - before.memory) / 1_024) MiB, honest client \(record.summary)")
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            #expect(after.memory <= before.memory + 32 * 1_024)
            try arena.recovers("one connection's flood")
            try arena.isWhole()
        }
    }
}
