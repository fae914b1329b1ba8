import TestSupport
import Testing

extension ProcessTests {
    /// The promise of the token centre: however many ask in however many processes, WeChat is asked once.
    @Suite struct ColdStartTests {
        @Test(arguments: MagpieHome.StoreKind.allCases, [true, false])
        func `two hundred cold requests to two processes cost one token and one ticket, and a restart costs none`(
            _ store: MagpieHome.StoreKind, stableToken: Bool
        ) throws {
            let platform = FakePlatform()
            let path = stableToken ? "/cgi-bin/stable_token" : "/cgi-bin/token"
            // So that every request arrives before there is a token, whatever the processes do by themselves.
            platform.always(path, .held)
            var settings = MagpieHome.Settings()
            settings.store = store
            settings.stableToken = stableToken
            settings.timeout = "10s"
            let first = MagpieHome(platform, settings)
            settings.storeOf = first
            let homes = [first, MagpieHome(platform, settings)]
            let processes = try homes.map { try $0.start() }

            let clients = try (0..<200).map { number in
                let home = homes[number % 2]
                let client = try RawClient(port: home.port)
                try client.send(home.visitor().request("GET", Page.path))
                return client
            }
            #expect(platform.waitForCalls(of: path, count: 1))
            platform.release()
            for client in clients {
                let response = try client.receiveResponse()
                #expect(isSigned(response, with: platform.ticket, url: Page.url), "\(response.text)")
            }
            #expect(platform.tokenCalls == 1)
            #expect(platform.ticketCalls == 1)
            for process in processes { #expect(try process.stop() == .exited(0)) }

            let lives = try homes.map { try $0.start() }
            for home in homes {
                var visitor = home.visitor()
                for _ in 0..<5 {
                    #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
                }
            }
            #expect(platform.tokenCalls == 1)
            #expect(platform.ticketCalls == 1)
            for process in lives { #expect(try process.stop() == .exited(0)) }
        }
    }
}
