import TestSupport
import Testing

extension ProcessTests {
    /// What a callback does with a state that is not this browser's own fresh one, and how often it asks the platform.
    @Suite struct LoginAttackTests {
        private let platform = FakePlatform()
        private let home: MagpieHome
        private let process: MagpieProcess

        init() throws {
            var settings = MagpieHome.Settings()
            settings.accounts = ["main", "second"]
            home = MagpieHome(platform, settings)
            process = try home.start()
        }

        private func code(_ openID: String = "oAttacker0000000000000000001", account: Int = 0) -> String {
            platform.change { $0.issueCode(MagpieHome.appIDs[account], .init(openID)) }
        }

        private func hasSession(_ response: RawResponse) -> Bool {
            response.setCookies.contains { $0.hasPrefix(home.cookieName) }
        }

        @Test func `a state that is forged, malformed, missing or doubled redeems nothing and sets no session`() throws
        {
            var visitor = home.visitor()
            let state = try #require(try visitor.get("/redirect?to=/orders").parameter("state"))
            let forged = String(repeating: "0123456789abcdef", count: 4)
            let cases = [
                "code=\(code())&state=\(forged)": 403,
                "code=\(code())&state=\(state.uppercased())": 400,
                "code=\(code())&state=\(state)x": 400,
                "code=\(code())&state=\(state.dropLast())": 400,
                "code=\(code())&state=": 400,
                "code=\(code())": 400,
                "code=\(code())&state=\(state)&state=\(state)": 400,
                "code=\(code())&code=\(code())&state=\(state)": 400,
                "state=\(state)&code=": 400,
                "code=\(code())&state=\(state)%00": 400,
                "code=\(code())&state=%ff%fe": 400,
            ]
            for (query, status) in cases {
                let response = try visitor.get("/redirect?\(query)")
                #expect(response.status == status, "\(query): \(response.text)")
                #expect(!hasSession(response))
            }
            #expect(platform.exchanges == 0)
            // None of it has used up the visitor's own state.
            let end = try visitor.get("/redirect?code=\(code("oVisitor0000000000000000001"))&state=\(state)")
            #expect(end["location"] == "/orders")
            #expect(platform.exchanges == 1)
        }

        @Test func `another browser's state starts a login of this browser's own and redeems nothing`() throws {
            var attacker = home.visitor()
            let state = try #require(try attacker.get("/redirect?to=/orders").parameter("state"))
            let link = "/redirect?code=\(code())&state=\(state)"
            var bare = home.visitor()
            var bound = home.visitor()
            try bound.get("/redirect?to=/elsewhere")
            for victim in [bare, bound] {
                var victim = victim
                let response = try victim.get(link)
                #expect(response.status == 302)
                #expect(response["location"]?.hasPrefix(platform.origin) == true)
                #expect(response.parameter("state") != state)
                #expect(!hasSession(response))
                #expect(platform.exchanges == 0)
            }
            // The victim who goes on ends as himself.
            let restart = try bare.get(link)
            platform.change { $0.person.openID = "oVictim00000000000000000001" }
            let callback = try #require(try bare.consent(restart, platform))
            try bare.get(callback)
            #expect(try bare.get("/session").json["openid"] as? String == "oVictim00000000000000000001")
        }

        @Test func `a state of one account is refused by the other's callback`() throws {
            var visitor = home.visitor()
            let state = try #require(try visitor.get("/redirect?to=/orders").parameter("state"))
            let response = try visitor.get("/redirect/second?code=\(code(account: 1))&state=\(state)")
            #expect(response.status == 400)
            #expect(response.errorCode == "other_account")
            #expect(try visitor.get("/redirect/nobody?code=\(code())&state=\(state)").status == 404)
            #expect(platform.exchanges == 0)
        }

        @Test func `a second callback with the same state gets the first one's answer, whatever its code`() throws {
            var visitor = home.visitor()
            let state = try #require(try visitor.get("/redirect?to=/orders").parameter("state"))
            let first = code("oVisitor0000000000000000001")
            try visitor.get("/redirect?code=\(first)&state=\(state)")
            let session = visitor.cookies[home.cookieName]
            #expect(session?.utf8.count == 43)
            for code in [first, code()] {
                let again = try visitor.get("/redirect?code=\(code)&state=\(state)")
                #expect(again.status == 302)
                #expect(again["location"] == "/orders")
                #expect(visitor.cookies[home.cookieName] == session)
            }
            #expect(platform.exchanges == 1)
            #expect(try visitor.get("/session").json["openid"] as? String == "oVisitor0000000000000000001")
        }

        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `fifty callbacks at once in two processes redeem the code once and agree on the session`(
            _ store: MagpieHome.StoreKind
        ) throws {
            var settings = MagpieHome.Settings()
            settings.store = store
            let one = MagpieHome(platform, settings)
            settings.storeOf = one
            settings.publicURL = one.origin
            let homes = [one, MagpieHome(platform, settings)]
            let processes = try homes.map { try $0.start() }
            var visitor = one.visitor()
            let state = try #require(try visitor.get("/redirect?to=/orders").parameter("state"))
            let request = visitor.request("GET", "/redirect?code=\(code("oVisitor0000000000000000001"))&state=\(state)")
            let before = platform.exchanges
            let clients = try (0..<50).map { number in
                let client = try RawClient(port: homes[number % 2].port)
                try client.send(request)
                return client
            }
            var sessions: Set<String?> = []
            for client in clients {
                let response = try client.receiveResponse()
                #expect(response.status == 302)
                #expect(response["location"] == "/orders")
                #expect(response.setCookies.count == 1)
                visitor.keep(response)
                sessions.insert(visitor.cookies[home.cookieName])
            }
            #expect(platform.exchanges == before + 1)
            #expect(sessions.count == 1)
            #expect(try visitor.get("/session").status == 200)
            for process in processes { #expect(try process.stop() == .exited(0)) }
        }

        @Test func `a code that was used once is never redeemed again, nor asked about`() throws {
            let used = code("oVisitor0000000000000000001")
            var visitor = home.visitor()
            let state = try #require(try visitor.get("/redirect?to=/orders").parameter("state"))
            try visitor.get("/redirect?code=\(used)&state=\(state)")
            #expect(platform.exchanges == 1)

            var thief = home.visitor()
            let other = try #require(try thief.get("/redirect?to=/orders").parameter("state"))
            let response = try thief.get("/redirect?code=\(used)&state=\(other)")
            #expect(response.status == 302)
            #expect(response["location"]?.hasPrefix(platform.origin) == true)
            #expect(!hasSession(response))
            #expect(platform.exchanges == 1)
        }

        @Test func `a code the platform refuses starts the login again, twice and no more`() throws {
            var visitor = home.visitor()
            var response = try visitor.get("/redirect?to=/orders&scope=base")
            for round in 1...3 {
                let state = try #require(response.parameter("state"))
                response = try visitor.get("/redirect?code=NotOneOfTheirs\(round)&state=\(state)")
                #expect(!hasSession(response))
                #expect(platform.exchanges == round)
            }
            #expect(response.status == 403)
            #expect(response.errorCode == "login_loop")
        }

        @Test func `a browser that keeps no cookies is told so after three rounds`() throws {
            var response = try home.freshVisitor { try $0.get("/redirect?to=/orders") }
            var rounds = 0
            while response.status == 302, rounds < 10 {
                rounds += 1
                let state = try #require(response.parameter("state"))
                response = try home.freshVisitor { try $0.get("/redirect?code=\(code())&state=\(state)") }
            }
            #expect(rounds <= 3)
            #expect(response.status == 403)
            #expect(response.errorCode == "login_loop")
            #expect(platform.exchanges == 0)
        }

        @Test func `a session that was planted before the login is worth nothing after it`() throws {
            var attacker = home.visitor()
            _ = try attacker.logIn(platform, as: "oAttacker0000000000000000001")
            let planted = try #require(attacker.cookies[home.cookieName])
            var victim = home.visitor()
            victim.cookies[home.cookieName] = planted
            _ = try victim.logIn(platform, as: "oVictim00000000000000000001", "/redirect?to=/orders&scope=userinfo")
            #expect(victim.cookies[home.cookieName] != planted)
            #expect(try attacker.get("/session").status == 401)

            // Neither is an id that nobody issued adopted, nor one of two believed.
            let made = String(repeating: "A", count: 43)
            var other = home.visitor()
            other.cookies[home.cookieName] = made
            _ = try other.logIn(platform, as: "oVictim00000000000000000002")
            #expect(other.cookies[home.cookieName] != made)
            let mine = try #require(other.cookies[home.cookieName])
            var tossed = home.visitor()
            let twice = "\(home.cookieName)=\(mine); \(home.cookieName)=\(made)"
            #expect(try tossed.get("/session", [("Cookie", twice)]).status == 401)
        }

        @Test func `what the platform answers to the exchange decides between another try and an error`() throws {
            let cases: [(FakePlatform.Act, Int)] = [
                (.errcode(40029), 302), (.errcode(40163), 302), (.errcode(42003), 302), (.errcode(40125), 502),
                (.errcode(40001), 502), (.reset, 503), (.cut, 503), (.body("{}"), 503),
                (.body(#"{"access_token":"t","openid":"a b\r\nX: 1","scope":"snsapi_base"}"#), 503),
            ]
            for (number, (act, status)) in cases.enumerated() {
                platform.script("/sns/oauth2/access_token", act)
                var visitor = home.visitor()
                let state = try #require(try visitor.get("/redirect?to=/orders").parameter("state"))
                let response = try visitor.get("/redirect?code=\(code())&state=\(state)")
                #expect(response.status == status, "\(act): \(response.text)")
                #expect(!hasSession(response))
                #expect(platform.exchanges == number + 1)
            }
        }

        @Test func `an address that asks too often is told when to come back, and nobody else notices`() throws {
            var settings = MagpieHome.Settings()
            settings.limits = "loginsPerAddress: 4, signaturesPerAddress: 2"
            let limited = MagpieHome(platform, settings)
            let process = try limited.start()
            var crowd = limited.visitor()
            crowd.standing = [("X-Forwarded-For", "203.0.113.9")]
            for number in 0..<20 {
                crowd.cookies = [:]
                let response = try crowd.get("/redirect?to=/orders", [("Accept", "text/html")])
                #expect(response.status == (number < 4 ? 302 : 429))
                guard number >= 4 else { continue }
                let seconds = try #require(response["retry-after"])
                #expect(response.text.contains(#"<meta http-equiv="refresh" content="\#(seconds)">"#))
                #expect(response.setCookies.isEmpty)
            }
            var other = limited.visitor()
            other.standing = [("X-Forwarded-For", "2001:db8::9")]
            #expect(try other.logIn(platform)["location"] == "/orders")
            // This machine's own programs are not counted.
            var local = limited.visitor()
            for _ in 0..<20 { #expect(try local.get("/redirect?to=/orders").status == 302) }
            let page = "/get-signature?url=https%3A%2F%2Fh5.example.com%2F"
            #expect(try (0..<3).map { _ in try crowd.get(page).status } == [200, 200, 429])
            var admin = limited.operatorClient()
            let figures = try admin.get("/metrics").text
            #expect(figures.contains(#"magpie_rate_limited_total{limit="logins"} 16"#))
            #expect(figures.contains(#"magpie_rate_limited_total{limit="signatures"} 1"#))
            #expect(try process.stop() == .exited(0))
            let log = process.child.output
            #expect(log.split(separator: "\n").count { $0.contains("rate limited") } == 2)
            #expect(!log.contains(#""status":429"#))
        }

        @Test func `no header names another host in the way back, and foreign hosts are not answered`() throws {
            let lies = [
                [("X-Forwarded-Host", "evil.example")],
                [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https")],
                [("Forwarded", "host=evil.example;proto=https")], [("X-Original-Host", "evil.example")],
                [("X-Forwarded-Port", "444")], [("X-Forwarded-Prefix", "/evil")], [("X-Host", "evil.example")],
                [("Referer", "https://evil.example/")],
            ]
            for lie in lies {
                var visitor = home.visitor()
                let start = try visitor.get("/redirect?to=/orders", lie)
                #expect(start.status == 302)
                #expect(start.parameter("redirect_uri") == "\(home.origin)/redirect")
                let callback = try #require(try visitor.consent(start, platform))
                #expect(try visitor.get(callback, lie)["location"] == "/orders")
            }
            for host in [
                "evil.example", "127.0.0.1.evil.example", "evil.example:\(home.port)", "h5.example.com.evil.example",
            ] {
                var visitor = home.visitor()
                visitor.host = host
                for path in ["/redirect?to=/orders", "/session", "/", "/get-signature?url=x", "/nothing"] {
                    let response = try visitor.get(path)
                    #expect(response.status == 421, "\(host)\(path)")
                    #expect(!response.text.contains("evil"))
                }
            }
            var visitor = home.visitor()
            #expect(try visitor.get("http://evil.example/redirect?to=/orders").status == 421)
            let absolute = try visitor.get("http://127.0.0.1:\(home.port)/redirect?to=/orders")
            #expect(absolute.parameter("redirect_uri") == "\(home.origin)/redirect")
        }
    }
}

extension MagpieHome {
    /// One visit of a browser that forgets everything.
    fileprivate func freshVisitor<Value>(_ body: (inout RawVisitor) throws -> Value) rethrows -> Value {
        var visitor = visitor()
        return try body(&visitor)
    }
}
