import Store
import TestSupport
import Testing

extension TortureTests {
    /// The same over sockets, disks and two processes, and a good part of the mutations, many requests to a packet.
    @Suite struct ProcessRaceTests {
        private let platform = FakePlatform()

        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `fifty callbacks at two processes of one store redeem once, round after round`(
            _ store: MagpieHome.StoreKind
        ) throws {
            let homes = pair(store)
            let processes = try homes.map { try $0.start() }
            let rounds = Torture.count(short: 2, long: 40)
            for round in 0..<rounds {
                var visitor = homes[0].visitor()
                let state = try #require(try visitor.get("/redirect?to=/orders").parameter("state"))
                let codes = platform.change { world in
                    (0..<2).map { _ in
                        world.issueCode(MagpieHome.appIDs[0], .init("oVisitor000000000000000\(1_000 + round)"))
                    }
                }
                let clients = try (0..<50).map { number in
                    let client = try RawClient(port: homes[number % 2].port)
                    // Half of them have WeChat's second code for the same state.
                    let code = codes[number / 2 % 2]
                    try client.send(visitor.request("GET", "/redirect?code=\(code)&state=\(state)"))
                    return client
                }
                var sessions: Set<String?> = []
                for client in clients {
                    let response = try client.receiveResponse()
                    #expect(response.status == 302 && response["location"] == "/orders")
                    visitor.keep(response)
                    sessions.insert(visitor.cookies[homes[0].cookieName])
                }
                #expect(platform.exchanges == round + 1)
                #expect(sessions.count == 1)
                #expect(try visitor.get("/session").status == 200)
            }
            Torture.figure(
                "50 callbacks at two processes, \(store): rounds, exchanges", "\(rounds), \(platform.exchanges)")
            for process in processes { #expect(try process.stop() == .exited(0)) }
        }

        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `a logout at one process during a callback at the other is not undone`(
            _ store: MagpieHome.StoreKind
        ) throws {
            let homes = pair(store, accounts: ["main", "second"])
            let processes = try homes.map { try $0.start() }
            let rounds = Torture.count(short: 3, long: 60)
            for round in 0..<rounds {
                var visitor = homes[0].visitor()
                _ = try visitor.logIn(
                    platform, as: "oOld0000000000000000000\(10_000 + round)", "/redirect/second?to=/orders")
                let old = visitor
                let state = try #require(try visitor.get("/redirect?to=/orders").parameter("state"))
                let code = platform.change { world in
                    world.issueCode(MagpieHome.appIDs[0], .init("oNew0000000000000000000\(10_000 + round)"))
                }
                let callback = try RawClient(port: homes[round % 2].port)
                let logout = try RawClient(port: homes[(round + 1) % 2].port)
                let requests = [
                    (callback, visitor.request("GET", "/redirect?code=\(code)&state=\(state)")),
                    (logout, visitor.request("POST", "/logout")),
                ]
                for (client, request) in round / 2 % 2 == 0 ? requests : requests.reversed() {
                    try client.send(request)
                }
                #expect(try logout.receiveResponse().status == 204)
                let answer = try callback.receiveResponse()
                #expect(answer.status == 302 && answer["location"] == "/orders")
                var ghost = old
                #expect(try ghost.get("/session?account=second").status == 401)
            }
            Torture.figure("logouts at one process during callbacks at another, \(store)", "\(rounds)")
            for process in processes { #expect(try process.stop() == .exited(0)) }
        }

        @Test func `mutated cookies and states, a hundred to a packet, let nobody in`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            var owner = home.visitor()
            _ = try owner.logIn(platform)
            let session = try #require(owner.cookies[home.cookieName])
            var other = home.visitor()
            let state = try #require(try other.get("/redirect?to=/orders").parameter("state"))
            let binding = try #require(other.cookies["magpie_login"])
            let exchanges = platform.exchanges
            var mutator = Mutator(random: Torture.random("pipelined"), donors: [binding, state])
            let packets = Torture.count(short: 5, long: 200)
            var answers: [Int: Int] = [:]
            for _ in 0..<packets {
                var packet = ""
                var expected: [Bool] = []
                while expected.count < 100 {
                    let isCookie = expected.count % 2 == 0
                    let mutated = String(decoding: mutator.mutate(isCookie ? session : state), as: UTF8.self)
                    // What is no request at all is for other tests.
                    guard mutated != session, mutated != state,
                        mutated.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"%#&;+\"<>\\^`{|}".utf8.contains($0) })
                    else { continue }
                    expected.append(isCookie)
                    packet +=
                        isCookie
                        ? "GET /session HTTP/1.1\r\nHost: \(owner.host)\r\nCookie: \(home.cookieName)=\(mutated)\r\n\r\n"
                        : "GET /redirect?code=LOOT&state=\(mutated) HTTP/1.1\r\nHost: \(owner.host)\r\n"
                            + "Cookie: magpie_login=\(binding)\r\n\r\n"
                }
                let client = try RawClient(port: home.port)
                try client.send(packet)
                for isCookie in expected {
                    let response = try client.receiveResponse()
                    answers[response.status, default: 0] += 1
                    #expect(isCookie ? response.status == 401 : [400, 403].contains(response.status))
                    #expect(!response.setCookies.contains { $0.hasPrefix(home.cookieName) })
                }
            }
            #expect(platform.exchanges == exchanges)
            #expect(try owner.get("/session").status == 200)
            #expect(try process.stop() == .exited(0))
            Torture.figure(
                "mutated cookies and states over sockets, by answer",
                "\(answers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })")
        }

        /// Half of it from one address, the rest from one for each connection, as a trusted proxy tells.
        @Test func `a flood of starts at the real server leaves memory flat, and others log in meanwhile`() async throws
        {
            var settings = MagpieHome.Settings()
            settings.logLevel = "info"
            settings.limits = "loginsPerAddress: \(Torture.count(short: 100, long: 1_200))"
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            let rounds = Torture.count(short: 4, long: 200)
            var answers: [Int: Int] = [:]
            var honest = 0
            var resident = 0
            for round in 0..<rounds {
                let clients = try (0..<20).map { lane in
                    let address = lane < 10 ? "203.0.113.9" : "2001:db8:\(round):\(lane)::1"
                    let request =
                        "GET /redirect?to=/orders HTTP/1.1\r\nHost: 127.0.0.1:\(home.port)\r\n"
                        + "X-Forwarded-For: \(address)\r\n\r\n"
                    let client = try RawClient(port: home.port)
                    try client.send(String(repeating: request, count: 25))
                    return client
                }
                var visitor = home.visitor()
                visitor.standing = [("X-Forwarded-For", "203.0.113.\(10 + round % 200)")]
                let end = try visitor.logIn(platform, as: "oHonest000000000000000\(100_000 + round)")
                #expect(end["location"] == "/orders")
                honest += 1
                for client in clients {
                    for _ in 0..<25 { answers[try client.receiveResponse().status, default: 0] += 1 }
                }
                if round == rounds / 5 { resident = Vitals(of: process.child.id).memory }
            }
            let grown = Vitals(of: process.child.id).memory - resident
            #expect(Set(answers.keys) == [302, 429])
            #expect(grown < 32_768, "\(grown) KiB")
            // A line for each refusal would be a way to fill the disk.
            let log = process.child.output
            #expect(!log.contains(#""status":429"#))
            #expect((1...100).contains(log.split(separator: "\n").count { $0.contains("rate limited") }))
            #expect(try process.stop() == .exited(0))
            let rows = try await SQLiteStore(path: home.storePath).scan(
                namespace: "login", after: nil, limit: 1_000_000)
            #expect(rows.count <= answers[302, default: 0] + honest)
            Torture.figure("flood at the real server, by answer", "\(answers.sorted { $0.key < $1.key })")
            Torture.figure(
                "honest logins meanwhile, logins stored, memory grown", "\(honest), \(rows.count), \(grown) KiB")
        }

        private func pair(_ store: MagpieHome.StoreKind, accounts: [String] = ["main"]) -> [MagpieHome] {
            var settings = MagpieHome.Settings()
            settings.store = store
            settings.accounts = accounts
            let one = MagpieHome(platform, settings)
            settings.storeOf = one
            settings.publicURL = one.origin
            return [one, MagpieHome(platform, settings)]
        }
    }
}
