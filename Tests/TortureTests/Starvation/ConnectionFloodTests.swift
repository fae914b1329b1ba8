import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// More connections than there is room for, in all the ways there are.
    @Suite struct ConnectionFloodTests {
        /// Goes on connecting anew for as long as the flood lasts: who is turned away comes again at once.
        private func flood(_ swarm: Swarm, width: Int, seconds: Double, from sources: ClosedRange<Int> = 2...9) throws {
            let deadline = Swarm.seconds() + seconds
            while Swarm.seconds() < deadline {
                try swarm.connect(max(0, width - swarm.open.count), from: sources)
                swarm.step()
            }
        }

        @Test func `a flood beyond the limit is turned away, and whoever has a connection keeps it`() throws {
            let limit = 200
            let arena = try Arena(limits: "connections: \(limit)")
            // A connection ends after 1,000 requests; this one shall last.
            let honest = arena.honest(pause: 25)
            #expect(eventually { honest.answers > 0 })
            // Half of the room is taken by others who behave, and hold on.
            let others = Swarm(port: arena.home.port)
            try others.connect(limit / 2, from: 10...10, sending: arena.request("/auth"))
            #expect(others.step(within: 20) { $0.count { $0.received > 0 } == limit / 2 })

            var administrator = arena.home.operatorClient()
            let swarm = Swarm(port: arena.home.port)
            let rounds = Torture.count(short: 2, long: 15)
            var slowestCheck = 0.0
            for _ in 0..<rounds {
                try flood(swarm, width: 2 * limit, seconds: 1)
                // Health checks come by another door, which the flood does not close.
                let start = Swarm.seconds()
                #expect(try administrator.get("/health").status == 200)
                slowestCheck = max(slowestCheck, Swarm.seconds() - start)
            }
            #expect(honest.connections == 1)

            // While the flood goes on, the room that somebody leaves is given to somebody.
            let turnedAway = swarm.count { $0.status == 503 }
            for index in 0..<limit / 4 { others.leave(index) }
            let before = swarm.open.count
            try flood(swarm, width: 2 * limit, seconds: 1)
            let admitted = swarm.clients.indices.suffix(swarm.clients.count - before).filter { index in
                swarm.clients[index].ending == nil && swarm.clients[index].received == 0
                    && swarm.clients[index].isConnected
            }
            for index in admitted.prefix(limit) { swarm.send(arena.request("/auth"), from: index) }
            swarm.step(within: 5) { swarm in admitted.contains { swarm.clients[$0].status == 401 } }
            let newcomers = admitted.count { swarm.clients[$0].status == 401 }
            #expect(newcomers > 0, "nobody got the room that was free")

            let record = honest.stop()
            Torture.figure(
                "\(swarm.clients.count) connections against a limit of \(limit)",
                "\(turnedAway) read their 503, \(newcomers) found the room that became free")
            Torture.figure("honest kept connection in the flood", record.summary)
            Torture.figure("slowest /health in the flood", "\(rounded(slowestCheck * 1_000)) ms")
            #expect(turnedAway > 0)
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            #expect(record.percentile(0.99) <= Arena.patience)
            for index in swarm.open { swarm.leave(index) }
            for index in others.open { others.leave(index) }
            try arena.recovers("a flood beyond limits.connections")
            try arena.isWhole()
        }

        @Test func `one address cannot take more than its share`() throws {
            let share = 20
            // The honest client's own address is a trusted proxy's, and exempt.
            let arena = try Arena(limits: "connectionsPerAddress: \(share)")
            let honest = arena.honest(reconnects: true)
            let swarm = Swarm(port: arena.home.port)
            let sources = 2...5
            for _ in 0..<Torture.count(short: 5, long: 50) {
                try swarm.connect(sources.count * share * 2, from: sources, sending: arena.request("/auth"))
                #expect(swarm.step(within: 20) { $0.clients.allSatisfy { $0.received > 0 || $0.ending != nil } })
                #expect(swarm.count { $0.ending == nil && $0.status == 401 } == sources.count * share)
                for index in swarm.open { swarm.leave(index) }
                #expect(eventually { arena.vitals.descriptors <= arena.baseline.descriptors + 2 })
            }
            let record = honest.stop()
            Torture.figure(
                "\(sources.count) addresses, a share of \(share), \(swarm.clients.count) connections",
                "\(swarm.count { $0.status == 401 }) served, \(swarm.count { $0.status == 503 }) read their 503")
            #expect(swarm.count { $0.status == 503 } > 0)
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            try arena.recovers("a flood beyond limits.connectionsPerAddress")
            try arena.isWhole()
        }

        @Test func `thousands of idle connections cost little, and end at their time`() throws {
            let count = Torture.count(short: 2_000, long: 10_000)
            let idle = Torture.count(short: 8, long: 30)
            let arena = try Arena(limits: #"connections: 12000, idleTimeout: "\#(idle)s""#)
            let swarm = Swarm(port: arena.home.port)
            // One in two has been of use, and holds what a used connection holds.
            for _ in 0..<10 {
                try swarm.connect(count / 20, from: 2...9, sending: arena.request("/auth"))
                try swarm.connect(count / 20, from: 2...9)
                swarm.step()
            }
            swarm.step(within: Double(idle) - 2) { _ in arena.vitals.descriptors >= count }
            let honest = arena.honest()
            // Buffers are given back after a second of silence.
            swarm.step(within: 2) { _ in false }
            let crowded = arena.vitals
            let record = honest.stop()
            let each = Double((crowded.memory - arena.baseline.memory) * 1_024) / Double(max(1, swarm.open.count))
            Torture.figure("\(swarm.open.count) idle connections", "\(crowded), \(Int(each)) bytes for each")
            Torture.figure("honest client beside them", record.summary)
            // On a busy machine the first have been idle for too long when the last arrive.
            #expect(swarm.open.count >= Torture.count(short: count / 2, long: count))
            #expect(each < 32_768)
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            #expect(record.percentile(0.99) <= Arena.patience)
            #expect(swarm.step(within: Double(idle) + 20) { $0.open.isEmpty })
            #expect(swarm.count { $0.ending == .closed } == count)
            try arena.recovers("\(count) idle connections")
            try arena.isWhole()
        }

        @Test func `a stopped process works off its full queue when it goes on`() throws {
            let arena = try Arena()
            let swarm = Swarm(port: arena.home.port)
            // A queue holds 4,096 (`net.core.somaxconn`), and there is one per core.
            let count = Torture.count(short: 3_000, long: 9_500)
            arena.process.child.signal(SIGSTOP)
            for _ in 0..<10 {
                try swarm.connect(count / 10, from: 2...9, sending: arena.request("/auth"))
                swarm.step(milliseconds: 1)
            }
            let isStuck = !swarm.step(within: 2) { $0.clients.allSatisfy(\.isConnected) }
            // Some leave before anybody has looked at them.
            for index in stride(from: 0, to: count, by: 3) { swarm.reset(index) }
            arena.process.child.signal(SIGCONT)
            let start = Swarm.seconds()
            // Who found the queue full tries again after 1, 3, 7, 15 and 31 seconds: that is his kernel's doing.
            swarm.step(within: 60) { $0.count { $0.received > 0 } >= count / 3 }
            let honest = arena.honest()
            #expect(
                swarm.step(within: 100) { $0.clients.allSatisfy { $0.received > 0 || $0.ending != nil } },
                "\(swarm.count { $0.received == 0 && $0.ending == nil }) wait")
            let passed = Swarm.seconds() - start
            usleep(200_000)
            let record = honest.stop()
            Torture.figure(
                "\(count) connections to a stopped process",
                "queue \(isStuck ? "full" : "not full"), \(swarm.count { $0.status == 401 }) answered in "
                    + "\(rounded(passed)) s, honest client then: \(record.summary)")
            #expect(swarm.count { $0.status == 401 } >= count * 2 / 3)
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            for index in swarm.open { swarm.leave(index) }
            try arena.recovers("a full listen queue")
            try arena.isWhole()
        }
    }
}
