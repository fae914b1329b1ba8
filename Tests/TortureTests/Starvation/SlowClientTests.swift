import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// Clients that take their time, so that others find no room: each phase of a connection has an end.
    @Suite struct SlowClientTests {
        private static let isLong = Torture.length == .long
        /// The defaults in the long form.
        private let header = isLong ? 10.0 : 3
        private let body = isLong ? 15.0 : 3
        private let write = isLong ? 15.0 : 3
        private let idle = isLong ? 20.0 : 3
        private let crowd = 500
        /// A busy machine is late, the tests' own clients as much as the server.
        private let slack = isLong ? 5.0 : 30

        private var limits: String {
            #"headerTimeout: "\#(Int(header))s", bodyTimeout: "\#(Int(body))s", writeTimeout: "\#(Int(write))s", "#
                + #"idleTimeout: "\#(Int(idle))s""#
        }

        /// One kind of slow client: what it sends at once, what each second, and when it must be gone.
        private struct Kind {
            let name: String
            let range: Range<Int>
            let drip: String
            let limit: Double
            /// The status its last answer has; nil for no answer.
            let status: Int?
        }

        @Test func `two thousand slow clients are cut off in time, and nobody waits for them`() throws {
            let arena = try Arena(limits: limits)
            let calm = measured(arena, seconds: 1)
            let swarm = Swarm(port: arena.home.port)
            let honest = arena.honest()
            var kinds: [Kind] = []

            func add(
                _ name: String, _ first: String, drip: String, limit: Double, status: Int?,
                receiveBuffer: Int32? = nil, reads: Bool = true
            ) throws {
                let start = swarm.clients.count
                try swarm.connect(
                    crowd, receiveBuffer: receiveBuffer, reads: reads, sending: Array(first.utf8))
                kinds.append(
                    Kind(
                        name: name, range: start..<swarm.clients.count, drip: drip, limit: limit, status: status))
                swarm.step(within: 20) { swarm in
                    swarm.clients[start...].allSatisfy { $0.isConnected && $0.hasSent || $0.ending != nil || !$0.reads }
                }
            }
            try add(
                "slow header", arena.head("GET", "/auth") + "X-Slow: ", drip: "a", limit: header, status: 408)
            try add(
                "slow body", arena.head("POST", "/logout") + "Content-Length: 60000\r\n\r\n", drip: "b", limit: body,
                status: 408)
            let files = String(repeating: arena.head("GET", "/wechat-jssdk.js") + "\r\n", count: 400)
            try add(
                "slow read", files, drip: "", limit: write, status: nil, receiveBuffer: 2_048, reads: false)
            // An empty line, and then one byte at a time: no byte buys more time than its phase has.
            try add("idle", "\r\n", drip: "", limit: idle, status: nil)

            var lateByte = false
            let start = Swarm.seconds()
            var next = start + 1
            let limit = kinds.map(\.limit).max().map { $0 + slack + header } ?? 0
            swarm.step(within: limit) { swarm in
                let now = Swarm.seconds()
                if now >= next {
                    next += 1
                    for kind in kinds where !kind.drip.isEmpty {
                        for index in kind.range { swarm.send(kind.drip, from: index) }
                    }
                }
                if !lateByte, now >= start + idle / 2 {
                    lateByte = true
                    // The first half of the idle ones begins a request at the last moment.
                    for index in kinds[3].range.prefix(crowd / 2) { swarm.send("G", from: index) }
                }
                return swarm.open.isEmpty
            }
            let record = honest.stop()

            for kind in kinds {
                let clients = swarm.clients[kind.range]
                let isLate = kind.name == "idle"
                let longest = clients.map(\.lifetime).max() ?? 0
                Torture.figure(
                    "\(crowd) x \(kind.name), limit \(Int(kind.limit)) s", "gone after \(rounded(longest)) s")
                let still = clients.count { $0.ending == nil }
                #expect(still == 0, "\(kind.name): \(still) live on")
                #expect(longest <= kind.limit + slack + (isLate ? header : 0), "\(kind.name)")
                let shortest = clients.map(\.lifetime).min() ?? 0
                #expect(shortest >= kind.limit - 1, "\(kind.name): gone after \(shortest) s")
                if let status = kind.status { #expect(clients.allSatisfy { $0.status == status }, "\(kind.name)") }
            }
            let late = swarm.clients[kinds[3].range.prefix(crowd / 2)]
            #expect(late.contains { $0.status == 408 } && late.allSatisfy { $0.status == 408 || $0.received == 0 })
            Torture.figure("honest client beside 2,000 slow ones", record.summary)
            Torture.figure("honest client without them", calm.summary)
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            #expect(record.percentile(0.99) <= Arena.patience + calm.percentile(0.99))
            try arena.recovers("2,000 slow clients")
            try arena.isWhole()
        }

        private func measured(_ arena: Arena, seconds: Int) -> HonestClient.Record {
            let honest = arena.honest()
            sleep(UInt32(seconds))
            return honest.stop()
        }

        /// Files that leave in pieces, and files that leave in one.
        @Test(arguments: [(size: 8_000_000, asked: 20), (size: 32 << 10, asked: 400)])
        func `who reads nothing costs bounded memory, however much it asks for`(_ size: Int, _ times: Int) throws {
            let files = makeTemporaryDirectory()
            defer { removeDirectory(files) }
            writeFile("\(files)/file.bin", String(repeating: "0123456789abcdef", count: size / 16), mode: 0o644)
            let arena = try Arena(limits: limits) { $0.publicDirectory = files }
            let swarm = Swarm(port: arena.home.port)
            let count = Torture.count(short: 100, long: 300)
            let asked = (0..<times).flatMap { _ in arena.request("/file.bin") }
            let honest = arena.honest()
            try swarm.connect(count, receiveBuffer: 2_048, reads: false, sending: asked)
            var peak = 0
            swarm.step(within: write + slack) { swarm in
                peak = max(peak, arena.vitals.memory)
                usleep(100_000)
                return swarm.open.isEmpty
            }
            let record = honest.stop()
            #expect(swarm.open.isEmpty)
            let growth = (peak - arena.baseline.memory) / 1_024
            Torture.figure(
                "\(count) clients that never read, each asks \(times) x \(size) bytes", "memory grows by \(growth) MiB")
            Torture.figure("honest client beside them", record.summary)
            // The file itself, and a few buffers for each; of what leaves in one piece, what is sent and what is asked.
            #expect(growth <= (size > 1_000_000 ? 64 + count / 4 : 2 + count * 48 / 1_024))
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            try arena.recovers(margin: 48, "clients that never read")
            try arena.isWhole()
        }
    }
}
