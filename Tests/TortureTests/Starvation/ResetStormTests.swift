import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// Clients that end in the middle, politely or not, by the thousand.
    @Suite struct ResetStormTests {
        private enum Phase: CaseIterable {
            case beforeTheHead, inTheHead, inTheBody, afterTheRequest, inTheAnswer, manyAnswers
        }

        private func opening(_ phase: Phase, _ arena: Arena) -> [UInt8] {
            switch phase {
            case .beforeTheHead: []
            case .inTheHead: Array((arena.head("GET", "/auth") + "X-Ha").utf8)
            case .inTheBody: Array((arena.head("POST", "/logout") + "Content-Length: 100\r\n\r\nabc").utf8)
            case .afterTheRequest: arena.request("/get-signature?url=https://h5.example.com/page")
            case .inTheAnswer: arena.request("/wechat-jssdk.js")
            case .manyAnswers: (0..<50).flatMap { _ in arena.request("/wechat-jssdk.js") }
            }
        }

        @Test func `resets in every phase leave nothing behind`() throws {
            let arena = try Arena()
            var random = Torture.random("resets")
            let count = Torture.count(short: 300, long: 3_000)
            let honest = arena.honest()
            let start = Swarm.seconds()
            var cut = 0
            for phase in Phase.allCases {
                let bytes = opening(phase, arena)
                for _ in 0..<count / 100 {
                    let swarm = Swarm(port: arena.home.port)
                    try swarm.connect(100, receiveBuffer: phase == .manyAnswers ? 2_048 : nil, sending: bytes)
                    // Some reset before their connection stands, some in the middle, some when all is done.
                    for _ in 0..<Int.random(in: 0...4, using: &random) {
                        swarm.step(milliseconds: 2)
                        for index in swarm.open where Int.random(in: 0..<3, using: &random) == 0 { swarm.reset(index) }
                    }
                    cut += swarm.open.count
                    for index in swarm.open { swarm.reset(index) }
                }
            }
            let record = honest.stop()
            Torture.figure(
                "\(count * Phase.allCases.count) connections reset in six phases",
                "\(rounded(Swarm.seconds() - start)) s, honest client \(record.summary)")
            #expect(cut > 0)
            #expect(record.failures.isEmpty, "\(record.failures.prefix(3))")
            try arena.recovers("resets")
            try arena.isWhole()
        }

        @Test func `who only stops sending gets every answer`() throws {
            let arena = try Arena()
            let count = Torture.count(short: 200, long: 2_000)
            let swarm = Swarm(port: arena.home.port)
            let file = readBytes("\(MagpieProcess.repository)/Public/wechat-jssdk.js").count
            let asked = (0..<10).flatMap { _ in arena.request("/wechat-jssdk.js") }
            try swarm.connect(count, sending: asked)
            #expect(swarm.step(within: 30) { $0.clients.allSatisfy { $0.isConnected && $0.hasSent } })
            for index in swarm.clients.indices { swarm.finishSending(index) }
            #expect(swarm.step(within: 60) { $0.open.isEmpty })
            #expect(swarm.clients.allSatisfy { $0.ending == .closed && $0.received > 10 * file })
            Torture.figure("\(count) half-closed connections", "each got its 10 answers")
            // And half a request is none.
            let half = Swarm(port: arena.home.port)
            try half.connect(count, sending: Array(arena.head("GET", "/auth").utf8))
            #expect(half.step(within: 30) { $0.clients.allSatisfy { $0.isConnected && $0.hasSent } })
            for index in half.clients.indices { half.finishSending(index) }
            #expect(half.step(within: 30) { $0.open.isEmpty })
            #expect(half.clients.allSatisfy { $0.received == 0 })
            try arena.recovers("half-closed connections")
            try arena.isWhole()
        }
    }
}
