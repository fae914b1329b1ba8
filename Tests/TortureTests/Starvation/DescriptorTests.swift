import Foundation
import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// A process that may have few descriptors, or none any more.
    @Suite struct DescriptorTests {
        /// Takes every descriptor that is left: lowers the limit of a running process to what it has.
        private func setLimit(_ limit: Int, of process: pid_t) {
            let text = "--nofile=\(limit):20000"
            let prlimit = try? ChildProcess(
                "/usr/bin/prlimit", ["--pid", "\(process)", text], in: "/tmp", name: "prlimit-\(process)")
            _ = try? prlimit?.wait()
            unlink("/tmp/prlimit-\(process).out")
            unlink("/tmp/prlimit-\(process).err")
        }

        @Test func `with few descriptors fewer connections are allowed, and the rest goes on`() throws {
            // The configuration allows 10,000 connections.
            let limit = Torture.count(short: 100, long: 256)
            let arena = try Arena(descriptors: limit)
            let isSaid = arena.process.child.output.contains("limits.connections does not fit")
            #expect(isSaid)
            let honest = arena.honest()
            #expect(eventually { honest.answers > 0 })
            let swarm = Swarm(port: arena.home.port)
            try swarm.connect(limit * 2, sending: arena.request("/auth"))
            #expect(swarm.step(within: 20) { $0.clients.allSatisfy { $0.received > 0 || $0.ending != nil } })
            let served = swarm.count { $0.status == 401 }
            let refused = swarm.count { $0.status == 503 }
            let full = arena.vitals
            // A login wants a call to the platform and writes to the store, an operator wants a connection.
            var visitor = arena.home.visitor()
            var administrator = arena.home.operatorClient()
            for index in swarm.open.prefix(4) { swarm.leave(index) }
            #expect(eventually { (try? visitor.logIn(arena.platform).status) == 302 })
            #expect(try administrator.get("/ready").status == 200)
            let record = honest.stop()
            Torture.figure(
                "\(limit) descriptors, \(limit * 2) connections",
                "\(served) served, \(refused) read their 503, the process has \(full)")
            #expect(served > 0 && refused > 0)
            #expect(full.descriptors < limit)
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            for index in swarm.open { swarm.leave(index) }
            try arena.recovers("few descriptors")
            try arena.isWhole()
        }

        @Test func `with too few descriptors to serve anybody it says so and does not start`() throws {
            let platform = FakePlatform()
            var settings = MagpieHome.Settings()
            for limit in [16, 24, 32] {
                settings.descriptors = limit
                let process = try MagpieHome(platform, settings).launch()
                #expect(try process.child.wait() == .exited(69))
                #expect(process.child.errors.contains("descriptors"), "\(process.child.errors)")
            }
        }

        @Test func `without a free descriptor it neither spins nor falls, and recovers when some are free`() throws {
            let arena = try Arena()
            let honest = arena.honest(pause: 25)
            #expect(eventually { honest.answers > 5 })
            let process = arena.process.child.id
            setLimit(arena.vitals.descriptors, of: process)
            let swarm = Swarm(port: arena.home.port)
            let before = arena.vitals
            let seconds = Torture.count(short: 2, long: 10)
            try swarm.connect(500, sending: arena.request("/auth"))
            let start = Swarm.seconds()
            swarm.step(within: Double(seconds)) { _ in false }
            // What needs a descriptor fails in order, on a connection that stands; what needs none is served.
            let passed = Swarm.seconds() - start
            let during = arena.vitals
            let record = honest.stop()
            setLimit(20_000, of: process)
            let share = (during.cpu - before.cpu) / passed
            Torture.figure(
                "no descriptor left, 500 connections waiting",
                "\(rounded(share * 100)) % of a core, honest kept connection \(record.summary)")
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            #expect(honest.connections == 1)
            // The honest client's requests, and 20 looks a second.
            #expect(share < 0.5)
            #expect(swarm.step(within: 20) { $0.clients.allSatisfy { $0.received > 0 || $0.ending != nil } })
            let served = swarm.count { $0.status == 401 }
            Torture.figure("descriptors came back", "\(served) of those who waited were served")
            #expect(served > 0)
            for index in swarm.open { swarm.leave(index) }
            try arena.recovers("no descriptor left")
            try arena.isWhole()
        }

        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `what needs a descriptor fails cleanly without one`(_ store: MagpieHome.StoreKind) throws {
            let arena = try Arena { $0.store = store }
            var visitor = arena.home.visitor()
            let start = try visitor.get("/redirect?to=/orders")
            let callback = try #require(try visitor.consent(start, arena.platform))
            // Connections that stand already; everything they ask for opens something.
            let login = try RawClient(port: arena.home.port)
            let file = try RawClient(port: arena.home.port)
            try login.send(arena.request("/auth"))
            #expect(try login.receiveResponse().status == 401)
            try file.send(arena.request("/auth"))
            #expect(try file.receiveResponse().status == 401)
            arena.platform.goDown()
            arena.platform.goUp()
            #expect(eventually { arena.vitals.descriptors <= arena.baseline.descriptors + 2 })
            setLimit(3, of: arena.process.child.id)
            try login.send(visitor.request("GET", callback))
            let failed = try login.receiveResponse()
            #expect([502, 503, 504].contains(failed.status), "\(failed.text)")
            try file.send(arena.request("/demo.css"))
            let missing = try file.receiveResponse()
            // Not 404, which caches and people believe.
            #expect(missing.status == 503, "\(missing.text)")
            setLimit(20_000, of: arena.process.child.id)
            try file.send(arena.request("/demo.css"))
            #expect(try file.receiveResponse().status == 200)
            #expect(try eventually { try visitor.logIn(arena.platform).status == 302 })
            try arena.isWhole()
        }
    }
}
