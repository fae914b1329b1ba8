import Glibc
import TestSupport
import Testing

extension ProcessTests {
    /// What visitors notice when the platform has a bad day: nothing, or a clean 503.
    @Suite struct UpstreamTests {
        private let platform = FakePlatform()

        private static let token = "/cgi-bin/stable_token"
        private static let ticket = "/cgi-bin/ticket/getticket"

        /// A home whose store holds a token and no ticket, so that the next life asks for one with that token.
        private func homeWithToken() throws -> MagpieHome {
            let home = MagpieHome(platform)
            platform.always(Self.ticket, .reset)
            let process = try home.start()
            #expect(platform.waitForCalls(of: Self.ticket, count: 1))
            #expect(try process.stop() == .exited(0))
            platform.always(Self.ticket, nil)
            return home
        }

        @Test func `a token killed by the platform is replaced once, and no visitor notices`() throws {
            let home = try homeWithToken()
            platform.change { $0.killToken(MagpieHome.appIDs[0]) }
            let (tokens, tickets) = (platform.tokenCalls, platform.ticketCalls)
            let process = try home.start()
            let clients = try (0..<20).map { _ in
                let client = try RawClient(port: home.port)
                try client.send(home.visitor().request("GET", Page.path))
                return client
            }
            for client in clients {
                #expect(isSigned(try client.receiveResponse(), with: platform.ticket, url: Page.url))
            }
            #expect(platform.tokenCalls == tokens + 1)
            // The refused one, and the one with the new token.
            #expect(platform.ticketCalls == tickets + 2)
            #expect(platform.calls.allSatisfy { !$0.body.contains(#""force_refresh":true"#) })
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a token that stays dead until it is forced is forced, once`() throws {
            let home = try homeWithToken()
            platform.change { $0.killToken(MagpieHome.appIDs[0], sticky: true) }
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try eventually { isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url) })
            #expect(platform.calls.count { $0.body.contains(#""force_refresh":true"#) } == 1)
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a platform that refuses every token is asked twice, and then left alone behind a 503`() throws {
            platform.always(Self.ticket, .errcode(40001, message: "invalid credential, access_token is invalid"))
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            for _ in 0..<40 {
                let response = try visitor.get(Page.path)
                #expect(response.status == 503)
                #expect(response.errorCode == "ticket_unavailable")
                #expect(Int(response["retry-after"] ?? "").map { $0 >= 1 } == true)
            }
            // One round, or two where the forty requests took longer than the pause of a second.
            #expect(platform.ticketCalls >= 2)
            #expect(platform.ticketCalls <= 4)
            #expect(platform.tokenCalls <= 5)
            #expect(try process.stop() == .exited(0))
        }

        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `signatures go on without a platform while the ticket in the store is valid`(
            _ store: MagpieHome.StoreKind
        ) throws {
            var settings = MagpieHome.Settings()
            settings.store = store
            let home = MagpieHome(platform, settings)
            let before = try home.start()
            var visitor = home.visitor()
            #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            platform.goDown()
            #expect(isSigned(try visitor.get(Page.forced), with: platform.ticket, url: Page.url))
            #expect(try before.stop() == .exited(0))

            let after = try home.start()
            for _ in 0..<20 {
                #expect(isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url))
            }
            var client = home.operatorClient()
            #expect(try client.get("/ready").status == 200)
            #expect(try after.stop() == .exited(0))
        }

        @Test func `without platform and ticket there is a 503 that asks little, and service as soon as there is one`()
            throws
        {
            platform.always(Self.token, .reset)
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            var client = home.operatorClient()
            for _ in 0..<40 {
                let response = try visitor.get(Page.path)
                #expect(response.status == 503)
                #expect(response.errorCode == "ticket_unavailable")
                #expect(Int(response["retry-after"] ?? "").map { $0 >= 1 } == true)
            }
            #expect(platform.tokenCalls <= 3)
            #expect(platform.ticketCalls == 0)
            let ready = try client.get("/ready")
            #expect(ready.status == 503)
            let accounts = try #require(ready.json["accounts"] as? [[String: Any]])
            #expect(accounts.map { $0["name"] as? String } == ["main"])
            #expect(accounts.map { $0["ready"] as? Bool } == [false])
            #expect((accounts[0]["reason"] as? String)?.isEmpty == false)

            platform.always(Self.token, nil)
            #expect(try eventually { isSigned(try visitor.get(Page.path), with: platform.ticket, url: Page.url) })
            #expect(try client.get("/ready").status == 200)
            #expect(try process.stop() == .exited(0))
        }

        @Test(arguments: [
            FakePlatform.Act.cut, .body("<html>502 Bad Gateway</html>", status: 502), .body("no JSON at all"),
            .body("{}"), .body(#"{"access_token":[],"expires_in":7200}"#),
            .body(#"{"access_token":"a b","expires_in":1}"#),
            .body(String(repeating: "[", count: 60_000)), .body(String(repeating: "x", count: 300_000)), .hang,
        ])
        func `nonsense from the platform becomes a 503, and never a token`(_ nonsense: FakePlatform.Act) throws {
            platform.always(Self.token, nonsense)
            var settings = MagpieHome.Settings()
            settings.timeout = "500ms"
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var visitor = home.visitor()
            var client = home.operatorClient()
            #expect(try visitor.get(Page.path).status == 503)
            let answer = try client.get("/access-token")
            #expect(answer.status == 503)
            #expect(answer.errorCode == "token_unavailable")
            #expect(try client.get("/health").status == 200)
            #expect(try process.stop() == .exited(0))
        }
    }
}
