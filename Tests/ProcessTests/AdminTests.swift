import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// The admin listener: whom it answers, and the token centre it is.
    @Suite struct AdminTests {
        private let platform = FakePlatform()

        private static let routes = [
            ("GET", "/health"), ("GET", "/ready"), ("GET", "/metrics"), ("GET", "/status"), ("GET", "/sessions"),
            ("POST", "/sessions/revoke"), ("GET", "/access-token"), ("POST", "/access-token/report"),
            ("POST", "/diagnose/signature"),
        ]
        private static let json = [("Content-Type", "application/json")]

        @Test func `every route wants the one right token, in one field, and never a page's request`() throws {
            var settings = MagpieHome.Settings()
            settings.adminToken = "TheAdminToken0123456789"
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            let bearer = ("Authorization", "Bearer TheAdminToken0123456789")
            var client = RawVisitor(port: home.adminPort, host: "127.0.0.1:\(home.adminPort)")
            let refused: [[(String, String)]] = [
                [], [("Authorization", "Bearer ")], [("Authorization", "Bearer TheAdminToken012345678")],
                [("Authorization", "Bearer TheAdminToken01234567890")],
                [("Authorization", "Basic TheAdminToken0123456789")],
                [("Authorization", "TheAdminToken0123456789")], [bearer, bearer],
                [("X-Admin-Token", "TheAdminToken0123456789")],
            ]
            for (method, path) in Self.routes {
                for fields in refused {
                    let response = try client.send(method, path, fields + Self.json, method == "POST" ? "{}" : "")
                    #expect(response.status == 401, "\(method) \(path) \(fields)")
                    #expect(response["www-authenticate"] == #"Bearer realm="magpie""#)
                }
                for page in [
                    ("Origin", "http://127.0.0.1:\(home.adminPort)"), ("Origin", "null"),
                    ("Sec-Fetch-Site", "cross-site"),
                ] {
                    let response = try client.send(
                        method, path, [bearer, page] + Self.json, method == "POST" ? "{}" : "")
                    #expect(response.status == 403, "\(method) \(path) \(page)")
                }
                #expect(try client.send(method, "\(path)?token=TheAdminToken0123456789", Self.json).status == 401)
            }
            for path in ["/health", "/ready", "/metrics", "/status", "/sessions", "/access-token"] {
                #expect(try eventually { try client.get(path, [bearer]).status == 200 }, "\(path)")
                #expect(try client.get(path, [("authorization", "bEARER TheAdminToken0123456789")]).status == 200)
            }
            client.host = "evil.example"
            for (method, path) in Self.routes {
                #expect(try client.send(method, path, [bearer] + Self.json).status == 421)
            }
            var visitor = home.visitor()
            for (method, path) in Self.routes {
                #expect([404, 405].contains(try visitor.send(method, path, [bearer] + Self.json).status))
            }
            #expect(platform.tokenCalls == 1)
            #expect(try process.stop() == .exited(0))
        }

        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `a hundred reports of one dead token to two processes cost one call, and reports of others none`(
            _ store: MagpieHome.StoreKind
        ) throws {
            var settings = MagpieHome.Settings()
            settings.store = store
            let first = MagpieHome(platform, settings)
            settings.storeOf = first
            let homes = [first, MagpieHome(platform, settings)]
            let processes = try homes.map { try $0.start() }
            var clients = homes.map { $0.operatorClient() }
            var dead = ""
            #expect(
                try eventually {
                    dead = try clients[0].get("/access-token").json["access_token"] as? String ?? ""
                    // The second process shall have taken it over, and the ticket's call be done.
                    return try !dead.isEmpty && clients[1].get("/access-token").json["access_token"] as? String == dead
                        && clients.allSatisfy { client in
                            var client = client
                            return try client.get("/ready").status == 200
                        }
                })
            platform.change { $0.killToken(MagpieHome.appIDs[0]) }
            let before = platform.tokenCalls

            let report = #"{"token":"\#(dead)"}"#
            let connections = try (0..<100).map { number in
                let connection = try RawClient(port: homes[number % 2].adminPort)
                try connection.send(clients[number % 2].request("POST", "/access-token/report", Self.json, report))
                return connection
            }
            var tokens: Set<String> = []
            for connection in connections {
                let response = try connection.receiveResponse()
                #expect(response.status == 200)
                #expect((response.json["expires_in"] as? Int ?? 0) > 0)
                tokens.insert(response.json["access_token"] as? String ?? "")
            }
            let alive = platform.change { $0.accounts[MagpieHome.appIDs[0]]?.aliveTokens ?? [] }
            #expect(tokens.count == 1)
            #expect(tokens == alive)
            #expect(platform.tokenCalls == before + 1)

            for token in [dead, "never one of ours", ""] {
                for index in clients.indices {
                    let answer = try clients[index].post(
                        "/access-token/report", json: #"{"account":"main","token":"\#(token)"}"#)
                    #expect(alive.contains(answer.json["access_token"] as? String ?? ""))
                }
            }
            #expect(platform.tokenCalls == before + 1)
            for process in processes { #expect(try process.stop() == .exited(0)) }
        }

        @Test func `a report that is not JSON, or names nobody, is refused without a call`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            var client = home.operatorClient()
            #expect(try eventually { try client.get("/ready").status == 200 })
            let calls = platform.calls.count
            let cases: [(body: String, type: String, status: Int)] = [
                (#"{"token":"x"}"#, "text/plain", 415), (#"{"token":"x"}"#, "application/x-www-form-urlencoded", 415),
                ("", "application/json", 400), ("{", "application/json", 400), ("[]", "application/json", 400),
                (#"{"token":1}"#, "application/json", 400), (#"{"account":"main"}"#, "application/json", 400),
                (#"{"account":"nobody","token":"x"}"#, "application/json", 404),
                (String(repeating: "[", count: 60_000), "application/json; charset=utf-8", 400),
            ]
            for item in cases {
                let answer = try client.send("POST", "/access-token/report", [("Content-Type", item.type)], item.body)
                #expect(answer.status == item.status, "\(item.body.prefix(40)): \(answer.text)")
            }
            #expect(try client.get("/access-token?account=nobody").status == 404)
            #expect(platform.calls.count == calls)
            #expect(try process.stop() == .exited(0))
        }

        @Test func `readiness tells of a store that cannot be written to`() throws {
            var settings = MagpieHome.Settings()
            settings.store = .file
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var client = home.operatorClient()
            #expect(try eventually { try client.get("/ready").status == 200 })
            try FileManager.default.removeItem(atPath: home.storePath)
            let ready = try client.get("/ready")
            #expect(ready.status == 503)
            #expect((ready.json["store"] as? [String: Any])?["ready"] as? Bool == false)
            #expect(((ready.json["store"] as? [String: Any])?["reason"] as? String)?.isEmpty == false)
            #expect(try client.get("/health").status == 200)
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a diagnosis names what was wrong with a signed URL`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try eventually { try visitor.get(Page.path).status == 200 })
            let page = try visitor.get(Page.path).json
            let text = { (key: String) in page[key] as? String ?? "" }
            var client = home.operatorClient()
            let evidence = """
                {"appId":"\(text("appId"))","timestamp":"\(text("timestamp"))","nonceStr":"\(text("nonceStr"))",
                 "signature":"\(text("signature"))","url":"\(Page.url)"}
                """
            let right = try client.post("/diagnose/signature", json: evidence)
            #expect(right.status == 200, "\(right.text)")
            #expect(!right.text.contains(platform.ticket))
            let http = evidence.replacingOccurrences(of: "https:", with: "http:")
            let wrong = try client.post("/diagnose/signature", json: http)
            #expect(wrong.status == 200)
            #expect(wrong.body != right.body)
            #expect(!wrong.text.contains(platform.ticket))
            #expect(try process.stop() == .exited(0))
        }
    }
}
