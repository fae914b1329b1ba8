import TestSupport
import Testing

extension ProcessTests {
    /// What was answered stays true when the process is killed the moment after.
    @Suite struct DurabilityTests {
        private let platform = FakePlatform()

        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `a session outlives a kill right after the redirect that set it, and a logout does, too`(
            _ store: MagpieHome.StoreKind
        ) throws {
            var settings = MagpieHome.Settings()
            settings.store = store
            let home = MagpieHome(platform, settings)
            var process = try home.start()
            for round in 1...3 {
                let openID = "oVisitor000000000000000000\(round)"
                var visitor = home.visitor()
                let start = try visitor.get("/redirect?to=/orders")
                let callback = try #require(try visitor.consent(start, platform))
                platform.change { $0.person.openID = openID }
                let end = try visitor.get(callback)
                try process.crash()
                #expect(end.status == 302)

                process = try home.start()
                #expect(try visitor.get("/session").status == 200)
                let stolen = visitor
                let logout = try visitor.post("/logout")
                try process.crash()
                #expect(logout.status == 204)

                process = try home.start()
                var thief = stolen
                #expect(try thief.get("/session").status == 401)
                // Nor does the callback's memory hand the ended session out again.
                let replay = try thief.get(callback)
                #expect(!replay.setCookies.contains { $0.hasPrefix(home.cookieName) })
                #expect(try thief.get("/session").status == 401)
            }
            #expect(try process.stop() == .exited(0))
            #expect(process.child.errors.isEmpty, "\(process.child.errors)")
        }

        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `of many logins at once every one that was answered outlives a kill in their midst`(
            _ store: MagpieHome.StoreKind
        ) throws {
            var settings = MagpieHome.Settings()
            settings.store = store
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var pending: [(client: RawClient, visitor: RawVisitor)] = []
            for number in 100..<124 {
                var visitor = home.visitor()
                let start = try visitor.get("/redirect?to=/orders")
                platform.change { $0.person.openID = "oVisitor00000000000000000\(number)" }
                let callback = try #require(try visitor.consent(start, platform))
                let client = try RawClient(port: home.port)
                try client.send(visitor.request("GET", callback))
                pending.append((client, visitor))
            }
            var answered: [RawVisitor] = []
            for (client, visitor) in pending.prefix(8) {
                var visitor = visitor
                visitor.keep(try client.receiveResponse())
                answered.append(visitor)
            }
            try process.crash()
            // Answers that had left before the kill count as given.
            for (client, visitor) in pending.dropFirst(8) {
                var visitor = visitor
                guard let response = try? client.receiveResponse() else { continue }
                visitor.keep(response)
                answered.append(visitor)
            }
            #expect(answered.count >= 8)

            let next = try home.start()
            for visitor in answered {
                var visitor = visitor
                #expect(try visitor.get("/session").status == 200)
            }
            #expect(try next.stop() == .exited(0))
        }

        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `a login under way outlives a kill between the start and the callback`(
            _ store: MagpieHome.StoreKind
        ) throws {
            var settings = MagpieHome.Settings()
            settings.store = store
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var visitor = home.visitor()
            let start = try visitor.get("/redirect?to=/orders")
            try process.crash()
            let next = try home.start()
            let callback = try #require(try visitor.consent(start, platform))
            #expect(try visitor.get(callback)["location"] == "/orders")
            #expect(platform.exchanges == 1)
            #expect(try next.stop() == .exited(0))
        }
    }
}
