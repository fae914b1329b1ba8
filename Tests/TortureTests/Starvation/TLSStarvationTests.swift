import COpenSSL
import Glibc
import TestSupport
import Testing

extension TortureTests {
    /// Attacks on the listener that ends TLS itself.
    @Suite struct TLSStarvationTests {
        private let platform = FakePlatform()
        private let authority = CertificateAuthority()
        /// Not configurable.
        private let handshakeLimit = 10.0

        private func start() throws -> (MagpieHome, MagpieProcess) {
            let identity = authority.issue("DNS:localhost")
            chmod(identity.keyFile, 0o600)
            var settings = MagpieHome.Settings()
            settings.logLevel = "info"
            settings.publicURL = "https://localhost"
            settings.limits = #"idleTimeout: "5s", headerTimeout: "3s", writeTimeout: "3s""#
            settings.further =
                #"tls: { certificate: "\#(identity.certificateFile)", key: "\#(identity.keyFile)" },"#
            let home = MagpieHome(platform, settings)
            return (home, try home.start())
        }

        /// One handshake, one request, and the end.
        private func visit(_ home: MagpieHome) throws -> Double {
            let start = Swarm.seconds()
            let client = try TLSPeer(port: home.port, trusting: authority.certificateFile)
            let answer = try client.exchange("GET /auth HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 401 "))
            return Swarm.seconds() - start
        }

        @Test func `handshakes that are never finished end at their deadline, and others go on`() throws {
            let (home, process) = try start()
            for _ in 0..<20 { _ = try visit(home) }
            let baseline = Vitals(of: process.child.id)
            let hello = try TLSPeer.hello(trusting: authority.certificateFile)
            let count = 500
            let swarm = Swarm(port: home.port)
            // Not a byte, half a greeting, a greeting and then silence, a byte each second.
            let openings: [[UInt8]] = [[], Array(hello.prefix(hello.count / 2)), hello, Array(hello.prefix(1))]
            let begun = Swarm.seconds()
            for opening in openings { try swarm.connect(count / openings.count, sending: opening) }
            #expect(swarm.step(within: 20) { $0.clients.allSatisfy { $0.isConnected && $0.hasSent } })
            var visits: [Double] = []
            var dripped = 1
            let isOver = swarm.step(within: handshakeLimit + 15) { swarm in
                if visits.count < Int((Swarm.seconds() - begun) * 10) { visits.append((try? visit(home)) ?? .infinity) }
                if dripped < Int(Swarm.seconds() - begun) {
                    for index in swarm.clients.indices.suffix(count / openings.count) {
                        swarm.send([hello[dripped]], from: index)
                    }
                    dripped += 1
                }
                return swarm.open.isEmpty
            }
            #expect(isOver, "\(swarm.open.count) live on")
            let lifetimes = swarm.clients.map(\.lifetime)
            visits.sort()
            Torture.figure(
                "\(count) unfinished handshakes, limit 10 s",
                "gone after \(rounded(lifetimes.min() ?? 0)) to \(rounded(lifetimes.max() ?? 0)) s; honest handshake and "
                    + "request: longest of \(visits.count) \(rounded((visits.last ?? 0) * 1_000)) ms")
            #expect(visits.allSatisfy { $0 < 5 })
            #expect(lifetimes.allSatisfy { $0 > handshakeLimit - 1 })
            try settles(process, baseline)
        }

        @Test func `bytes that are no TLS are refused at once and cost nothing`() throws {
            let (home, process) = try start()
            for _ in 0..<20 { _ = try visit(home) }
            let baseline = Vitals(of: process.child.id)
            var random = Torture.random("no TLS")
            let hello = try TLSPeer.hello(trusting: authority.certificateFile)
            let swarm = Swarm(port: home.port)
            let rounds = Torture.count(short: 100, long: 2_000)
            for round in 0..<rounds {
                var bytes: [UInt8]
                switch round % 4 {
                case 0:
                    bytes = (0..<Int.random(in: 1...20_000, using: &random)).map { _ in
                        .random(in: 0...255, using: &random)
                    }
                case 1: bytes = Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
                // A record of 65,535 bytes, which no TLS has.
                case 2: bytes = [22, 3, 1, 255, 255] + [UInt8](repeating: 1, count: 70_000)
                default:
                    bytes = hello
                    for _ in 0..<4 {
                        bytes[.random(in: 5..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
                    }
                }
                try swarm.connect(1, sending: bytes)
                if round % 50 == 49 { swarm.step(within: 1) { $0.open.isEmpty } }
            }
            _ = try visit(home)
            // A greeting may have been changed into another good one; its sender has the time of a handshake.
            swarm.step(within: 1) { $0.open.isEmpty }
            #expect(swarm.open.count <= rounds / 4)
            for index in swarm.open { swarm.leave(index) }
            let cpu = Vitals(of: process.child.id).cpu - baseline.cpu
            Torture.figure(
                "\(rounds) connections that bring no TLS", "\(rounded(cpu * 1_000 / Double(rounds))) ms CPU each")
            try settles(process, baseline)
        }

        @Test func `a client that changes its keys without end holds nobody up and is ended`() throws {
            let (home, process) = try start()
            for _ in 0..<20 { _ = try visit(home) }
            let baseline = Vitals(of: process.child.id)
            let clients = try (0..<4).map { _ in try TLSPeer(port: home.port, trusting: authority.certificateFile) }
            let begun = Swarm.seconds()
            let threads = clients.map { client in FloodThread { client.changeKeys(seconds: 20) } }
            var visits: [Double] = []
            while threads.contains(where: { !$0.isOver }), Swarm.seconds() < begun + 30 {
                visits.append(try visit(home))
                usleep(50_000)
            }
            let passed = Swarm.seconds() - begun
            visits.sort()
            let grown = (Vitals(of: process.child.id).memory - baseline.memory) / 1_024
            Torture.figure(
                "4 connections that change their keys without end, idleTimeout 5 s",
                "ended after \(rounded(passed)) s, \(clients.map(\.changes).reduce(0, +)) changes, memory grows by "
                    + "\(grown) MiB, honest handshake and request: longest of \(visits.count) "
                    + "\(rounded((visits.last ?? 0) * 1_000)) ms")
            #expect(clients.allSatisfy { $0.wasEnded })
            #expect(grown < 32)
            #expect(visits.allSatisfy { $0 < 5 })
            try settles(process, baseline)
        }

        @Test func `a renegotiation is refused and harms nobody else`() throws {
            let (home, process) = try start()
            for _ in 0..<20 { _ = try visit(home) }
            let baseline = Vitals(of: process.child.id)
            for _ in 0..<Torture.count(short: 10, long: 200) {
                let client = try TLSPeer(port: home.port, trusting: authority.certificateFile, only12: true)
                #expect(!client.renegotiates())
            }
            _ = try visit(home)
            try settles(process, baseline)
        }

        @Test func `resets in the middle of handshakes leave nothing behind`() throws {
            let (home, process) = try start()
            for _ in 0..<20 { _ = try visit(home) }
            let baseline = Vitals(of: process.child.id)
            let hello = try TLSPeer.hello(trusting: authority.certificateFile)
            var random = Torture.random("resets of handshakes")
            let rounds = Torture.count(short: 5, long: 50)
            for _ in 0..<rounds {
                let swarm = Swarm(port: home.port)
                try swarm.connect(100, sending: Array(hello.prefix(.random(in: 0...hello.count, using: &random))))
                for _ in 0..<Int.random(in: 0...3, using: &random) { swarm.step(milliseconds: 2) }
                for index in swarm.open { swarm.reset(index) }
            }
            _ = try visit(home)
            Torture.figure("resets in handshakes", "\(rounds * 100)")
            try settles(process, baseline)
        }

        private func settles(_ process: MagpieProcess, _ baseline: Vitals) throws {
            #expect(eventually { Vitals(of: process.child.id).descriptors <= baseline.descriptors + 2 })
            let after = Vitals(of: process.child.id)
            Torture.figure("before and after", "\(baseline); \(after)")
            #expect(after.memory <= baseline.memory + 32 * 1_024)
            #expect(try process.stop() == .exited(0))
        }
    }
}
