import Dispatch
import Foundation
import Synchronization
import TestSupport
import Testing

extension ProcessTests {
    /// Other sites that log their visitors in here.
    @Suite struct HubTests {
        private static let secrets = [
            "shop": "shop-secret-Kanari-0123456789abcdef", "club": "club-secret-Kanari-0123456789abcdef",
        ]
        private let platform = FakePlatform()

        private static func site(_ name: String) -> String {
            "{ name: \"\(name)\", origin: \"https://\(name).example.org\", secret: { env: \"SECRET_OF_\(name)\" } }"
        }

        private func settings(_ sites: [String], storeOf other: MagpieHome? = nil) -> MagpieHome.Settings {
            var settings = MagpieHome.Settings()
            settings.storeOf = other
            settings.further = "sites: [\(sites.map(Self.site).joined(separator: ", "))]"
            for (name, secret) in Self.secrets { settings.environment["SECRET_OF_\(name)"] = secret }
            return settings
        }

        /// What the backend of a site is told.
        private func redeem(_ home: MagpieHome, _ ticket: String, for site: String) throws -> RawResponse {
            var backend = home.visitor()
            let pair = Data("\(site):\(Self.secrets[site] ?? "")".utf8).base64EncodedString()
            return try backend.send(
                "POST", "/tickets/redeem",
                [("Authorization", "Basic \(pair)"), ("Content-Type", "application/x-www-form-urlencoded")],
                "ticket=\(ticket)")
        }

        private func ticket(_ home: MagpieHome, _ visitor: inout RawVisitor, for site: String) throws -> String {
            let arrival = try visitor.logIn(
                platform, as: "oHub\(site)Visitor0000000000001", "/redirect?site=\(site)&to=/a")
            #expect(arrival["location"]?.hasPrefix("https://\(site).example.org/a?magpie_ticket=") == true)
            #expect(arrival["referrer-policy"] == "no-referrer" && arrival["cache-control"] == "no-store")
            return try #require(arrival.parameter("magpie_ticket"))
        }

        /// The log, the store and the figures.
        private func expectNoSecrets(_ home: MagpieHome, _ tickets: [String]) throws {
            var client = home.operatorClient()
            let figures = try client.get("/metrics").body
            let written = home.written + [("figures", Array(figures.utf8))]
            #expect(written.contains { String(decoding: $0.bytes, as: UTF8.self).contains("\"event\":\"ticket\"") })
            let search = CanarySearch(
                Self.secrets.map { Canary("secret of \($0.key)", $0.value) } + tickets.map { Canary("ticket", $0) })
            for file in written { #expect(search.found(in: file.bytes) == [], "\(file.name)") }
        }

        @Test func `a ticket outlives a kill before it is redeemed, and stays redeemed after one`() throws {
            let home = MagpieHome(platform, settings(["shop", "club"]))
            var process = try home.start()
            var (first, second) = (home.visitor(), home.visitor())
            let tickets = [
                try ticket(home, &first, for: "shop"), try ticket(home, &second, for: "club"),
            ]
            try process.crash()

            process = try home.start()
            #expect(try redeem(home, tickets[0], for: "club").status == 403)
            let told = try redeem(home, tickets[0], for: "shop")
            #expect(
                told.status == 200 && told.json["openid"] as? String == "oHubshopVisitor0000000000001", "\(told.text)")
            #expect(told["cache-control"] == "no-store")
            try process.crash()

            process = try home.start()
            #expect(try redeem(home, tickets[0], for: "shop").status == 403)
            #expect(
                try redeem(home, tickets[1], for: "club").json["openid"] as? String == "oHubclubVisitor0000000000001")
            // Signed in already, he needs no WeChat for the other site.
            let exchanges = platform.exchanges
            let ahead = try first.get("/redirect?site=club&to=/b")
            #expect(ahead["location"]?.hasPrefix("https://club.example.org/b?magpie_ticket=") == true)
            #expect(platform.exchanges == exchanges)
            try expectNoSecrets(home, tickets)
            #expect(try process.stop() == .exited(0))
        }

        @Test func `of many who redeem one ticket in two processes at once, one is told`() throws {
            let home = MagpieHome(platform, settings(["shop"]))
            let other = MagpieHome(platform, settings(["shop"], storeOf: home))
            let (one, two) = (try home.start(), try other.start())
            for _ in 0..<5 {
                var visitor = home.visitor()
                let ticket = try ticket(home, &visitor, for: "shop")
                let answers = Mutex<[Int]>([])
                DispatchQueue.concurrentPerform(iterations: 12) { number in
                    let status = (try? redeem(number.isMultiple(of: 2) ? home : other, ticket, for: "shop").status) ?? 0
                    answers.withLock { $0.append(status) }
                }
                #expect(answers.withLock { $0.sorted() } == [200] + Array(repeating: 403, count: 11))
            }
            #expect(try one.stop() == .exited(0))
            #expect(try two.stop() == .exited(0))
        }

        @Test func `SIGHUP adds a site and takes one away, with its tickets`() throws {
            let home = MagpieHome(platform, settings(["shop"]))
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try visitor.get("/redirect?site=club&to=/").status == 404)
            let left = try ticket(home, &visitor, for: "shop")

            home.configure(settings(["club"]))
            #expect(try process.reload().outcome == "applied")
            #expect(try redeem(home, left, for: "shop").status == 401)
            #expect(try redeem(home, left, for: "club").status == 403)
            #expect(try visitor.get("/redirect?site=shop&to=/").status == 404)
            let ticket = try #require(try visitor.get("/redirect?site=club&to=/").parameter("magpie_ticket"))
            #expect(try redeem(home, ticket, for: "club").status == 200)

            // A mistake changes nothing.
            home.edit("https://club.example.org", to: "http://club.example.org")
            #expect(try process.reload() == ("refused", 1))
            #expect(try visitor.get("/redirect?site=club&to=/").status == 302)
            try expectNoSecrets(home, [left, ticket])
            #expect(try process.stop() == .exited(0))
        }
    }
}
