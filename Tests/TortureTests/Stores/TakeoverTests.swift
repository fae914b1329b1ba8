import Foundation
import TestSupport
import Testing

extension TortureTests {
    /// Processes that share a store, and one that dies with the right to ask WeChat in its hands.
    @Suite struct TakeoverTests {
        @Test(arguments: Torture.length == .long ? MagpieHome.StoreKind.allCases : [.sqlite])
        func `when the holder of the lease is killed, the other three take over with one further call`(
            _ store: MagpieHome.StoreKind
        ) throws {
            let platform = FakePlatform()
            let path = "/cgi-bin/stable_token"
            // The call that the killed process is waiting for.
            platform.script(path, .held)
            var settings = MagpieHome.Settings()
            settings.store = store
            settings.timeout = "3s"
            let first = MagpieHome(platform, settings)
            settings.storeOf = first
            let homes = [first] + (0..<3).map { _ in MagpieHome(platform, settings) }
            let holder = try first.start()
            #expect(platform.waitForCalls(of: path, count: 1))
            let others = try homes.dropFirst().map { try $0.start() }
            let start = ContinuousClock.now
            let clients = try (0..<60).map { number in
                let home = homes[1 + number % 3]
                let client = try RawClient(port: home.port)
                try client.send(home.visitor().request("GET", Page.path))
                return client
            }
            try holder.crash()
            for client in clients {
                let response = try client.receiveResponse()
                #expect(isSigned(response, with: platform.ticket, url: Page.url), "\(response.text)")
            }
            let waited = (ContinuousClock.now - start) / .seconds(1)
            #expect(platform.count(path) == 2, "the killed one's call, and one further")
            #expect(platform.ticketCalls == 1)

            // The one that died comes back and finds what the others fetched.
            let again = try first.start()
            var tokens: Set<String> = []
            for home in homes {
                var client = home.operatorClient()
                let answer = try client.get("/access-token")
                #expect(answer.status == 200, "\(answer.text)")
                tokens.insert(answer.json["access_token"] as? String ?? answer.json["token"] as? String ?? answer.text)
                var visitor = home.visitor()
                #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            }
            #expect(tokens.count == 1)
            #expect(platform.count(path) == 2 && platform.ticketCalls == 1)
            platform.release()
            for process in others + [again] { #expect(try process.stop() == .exited(0)) }
            // The lease: three times the platform's time limit.
            Torture.figure(
                "takeover of a killed holder's lease, \(store)", String(format: "%.1f s with a lease of 9 s", waited))
        }

        /// A restart used to wait for the lease of the process that it replaced: 15 seconds without a ticket.
        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `a process that is told to stop while it asks WeChat gives the lease back`(
            _ store: MagpieHome.StoreKind
        ) throws {
            let platform = FakePlatform()
            let path = "/cgi-bin/stable_token"
            platform.script(path, .held)
            var settings = MagpieHome.Settings()
            settings.store = store
            // The lease lasts for three times as long: nobody could wait for it here.
            settings.timeout = "60s"
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            #expect(platform.waitForCalls(of: path, count: 1))
            #expect(try process.stop() == .exited(0))
            #expect(process.child.errors.isEmpty, "\(process.child.errors)")

            let next = try home.start()
            var visitor = home.visitor()
            #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            #expect(platform.count(path) == 2)
            platform.release()
            #expect(try next.stop() == .exited(0))
        }
    }
}
