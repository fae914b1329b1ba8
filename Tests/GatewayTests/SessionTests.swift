import Foundation
import Store
import Synchronization
import Testing
import Wire

@testable import Gateway

struct SessionTests {
    let bench = Bench()

    @Test func `a session id planted before login is useless after it`() async throws {
        var attacker = Visitor()
        _ = try await attacker.logIn(bench, as: "oAttacker", "/redirect/second?to=/orders", account: "second")
        let planted = try #require(attacker.cookies["__Host-magpie_session"])
        var victim = Visitor(cookies: ["__Host-magpie_session": planted])
        _ = try await victim.logIn(bench, as: "oVictim")
        #expect(victim.cookies["__Host-magpie_session"] != planted)
        #expect(try await attacker.get(bench, "/session").status == .unauthorized)
        #expect(try await attacker.get(bench, "/session?account=second").status == .unauthorized)
    }

    @Test func `a store that can say nothing at once gives the same answers`() async throws {
        let (quick, slow) = (Bench(), Bench(store: PatientStore(MemoryStore(now: { Bench.start }))))
        var answers: [[String]] = []
        for bench in [quick, slow] {
            var visitor = Visitor()
            var told: [String] = []
            for step in 0..<3 {
                if step == 1 { _ = try await visitor.logIn(bench, as: "oVisitor") }
                if step == 2 { _ = try await visitor.post(bench, "/logout") }
                for path in ["/auth", "/session", "/auth?scope=userinfo", "/auth?scope=odd", "/session?account=none"] {
                    let answer = try await visitor.get(bench, path)
                    let openID = answer.fields["X-WeChat-OpenID"] ?? ""
                    told.append("\(path) \(answer.status.code) \(openID) \(answer.text.count)")
                }
            }
            answers.append(told)
        }
        #expect(answers[0] == answers[1])
        #expect(answers[0].contains { $0.hasPrefix("/auth 200 oVisitor") })
    }

    @Test func `an id that the server did not give out is never adopted`() async throws {
        let invented = String(repeating: "A", count: 43)
        var visitor = Visitor(cookies: ["__Host-magpie_session": invented])
        _ = try await visitor.logIn(bench, as: "oVisitor")
        #expect(visitor.cookies["__Host-magpie_session"] != invented)
    }

    @Test func `account B never sees account A's identity`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oOfMain")
        #expect(try await visitor.get(bench, "/session?account=second").status == .unauthorized)
        #expect(try await visitor.get(bench, "/auth?account=second").status == .unauthorized)
        _ = try await visitor.logIn(bench, as: "oOfSecond", "/redirect/second?to=/orders", account: "second")
        #expect(try await visitor.get(bench, "/auth").fields["X-WeChat-OpenID"] == "oOfMain")
        #expect(try await visitor.get(bench, "/auth?account=second").fields["X-WeChat-OpenID"] == "oOfSecond")
        #expect(!(try await visitor.get(bench, "/session").text.contains("oOfSecond")))
    }

    @Test func `auth tells a proxy who the visitor is, and never echoes what the client claims to be`() async throws {
        var visitor = Visitor()
        let claims: [(FieldName, String)] = [("X-WeChat-OpenID", "oForged"), ("X-Auth-Request-User", "oForged")]
        let refused = try await visitor.get(bench, "/auth", fields: claims)
        #expect(refused.status == .unauthorized)
        #expect(refused.fields[.wwwAuthenticate] != nil)
        #expect(refused.fields["X-WeChat-OpenID"] == nil && refused.fields["X-Auth-Request-User"] == nil)
        _ = try await visitor.logIn(bench, as: "oVisitor")
        let passed = try await visitor.get(bench, "/auth", fields: claims)
        #expect(passed.status == .ok)
        #expect(passed.fields.values("X-WeChat-OpenID") == ["oVisitor"])
        #expect(passed.fields.values("X-Auth-Request-User") == ["oVisitor"])
        #expect(passed.fields["X-WeChat-UnionID"] == nil)
        #expect(passed.fields["X-WeChat-Account"] == "main")
        #expect(passed.fields["X-WeChat-Scope"] == "base")
        #expect(passed.fields["X-WeChat-Snapshot"] == "0")
    }

    @Test func `a proxy that asks for it gets a redirect for pages, and 401 for scripts`() async throws {
        var visitor = Visitor()
        let page: [(FieldName, String)] = [
            (.secFetchMode, "navigate"), (.accept, "text/html"), ("X-Forwarded-Uri", "/orders?id=1"),
        ]
        let sent = try await visitor.get(bench, "/auth?login=redirect&scope=userinfo", fields: page)
        #expect(sent.status == .found)
        #expect(sent.location == "/redirect?scope=userinfo&to=%2Forders%3Fid%3D1")
        #expect(sent.fields[.cacheControl] == "no-store")
        #expect(try await visitor.get(bench, "/auth", fields: page).status == .unauthorized, "nginx takes no other")
        let form = page + [("X-Forwarded-Method", "POST")]
        #expect(try await visitor.get(bench, "/auth?login=redirect", fields: form).status == .unauthorized)
        let script = try await visitor.get(
            bench, "/auth?login=redirect", fields: [(.secFetchMode, "cors"), ("X-Forwarded-Uri", "/orders?id=1")])
        #expect(script.status == .unauthorized)
        #expect(script.errorCode == "not_signed_in")
        #expect(script.text.contains(#""login":"/redirect?scope=base&to=%2Forders%3Fid%3D1""#))
        #expect(try await visitor.get(bench, "/auth?login=page", fields: page).status == .badRequest)
    }

    /// Only strangers were refused for it: who tried a proxy's configuration after a login found nothing wrong.
    @Test func `a mistake in a proxy's question shows to whoever is signed in, too`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        #expect(try await visitor.get(bench, "/auth?login=redirect").status == .ok)
        let told = try await visitor.get(bench, "/auth?login=page")
        #expect(told.status == .badRequest)
        #expect(told.errorCode == "bad_parameter")
    }

    @Test func `a page that may ask for signatures may read that nobody is signed in, and no other may`() async throws {
        var visitor = Visitor()
        let ours = try await visitor.get(bench, "/auth", fields: [(.origin, "https://app.example.com")])
        #expect(ours.status == .unauthorized)
        #expect(ours.fields[.accessControlAllowOrigin] == "https://app.example.com")
        #expect(ours.fields[.accessControlAllowCredentials] == "true")
        #expect(ours.fields.values(.vary).contains("Origin"))
        for origin in ["https://evil.example", "null", "http://app.example.com"] {
            let refused = try await visitor.get(bench, "/auth", fields: [(.origin, origin)])
            #expect(refused.status == .unauthorized)
            #expect(refused.fields[.accessControlAllowOrigin] == nil)
            #expect(refused.fields[.accessControlAllowCredentials] == nil)
        }
        _ = try await visitor.logIn(bench, as: "oVisitor")
        let passed = try await visitor.get(bench, "/auth", fields: [(.origin, "https://app.example.com")])
        #expect(passed.fields[.accessControlAllowOrigin] == nil, "who he is only the proxy may read")
    }

    @Test func `auth with scope userinfo refuses a visitor who gave only his openid`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        // As a stranger to the cache, and as one whom it remembers.
        for _ in 0..<2 {
            let refused = try await visitor.get(bench, "/auth?scope=userinfo")
            #expect(refused.status == .unauthorized && refused.errorCode == "not_signed_in")
            #expect(refused.text.contains("is signed in, but has not agreed"))
            // Pages of other origins may read the refusal, and learn nothing of him.
            let elsewhere = try await visitor.get(
                bench, "/auth?scope=userinfo", fields: [(.origin, "https://app.example.com")])
            #expect(
                elsewhere.fields[.accessControlAllowOrigin] != nil && elsewhere.text.contains("Nobody is signed in."))
            #expect(try await visitor.get(bench, "/auth?scope=base").status == .ok)
        }
        visitor.cookies = [:]
        #expect(try await visitor.get(bench, "/auth?scope=userinfo").text.contains("Nobody is signed in."))
        #expect(try await visitor.get(bench, "/auth?scope=everything").status == .badRequest)
    }

    @Test func `a snapshot visitor is marked`() async throws {
        bench.weChat.state.withLock { $0.isSnapshot = true }
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVirtual")
        #expect(try await visitor.get(bench, "/auth").fields["X-WeChat-Snapshot"] == "1")
        #expect(try await visitor.get(bench, "/session").text.contains(#""snapshot":true"#))
    }

    @Test func `an idle session ends, a used one lives on, and none outlives its absolute end`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        for _ in 0..<7 {
            bench.pass(seconds: 86_000)
            #expect(try await visitor.get(bench, "/auth").status == .ok)
        }
        bench.pass(seconds: 3_000)
        #expect(try await visitor.get(bench, "/auth").status == .unauthorized, "seven days are over")
        _ = try await visitor.logIn(bench, as: "oVisitor")
        bench.pass(seconds: 86_401)
        #expect(try await visitor.get(bench, "/auth").status == .unauthorized, "a day without a visit")
    }

    /// With the clock a year ahead and then set right, it would have lived for that year.
    @Test func `a session opened while the clock was ahead ends when it is set right`() async throws {
        var visitor = Visitor()
        bench.pass(seconds: 86_400)
        _ = try await visitor.logIn(bench, as: "oVisitor")
        // What two machines' clocks may differ by is no reason.
        bench.pass(seconds: -50)
        #expect(try await visitor.get(bench, "/auth").status == .ok)
        bench.pass(seconds: -86_350)
        #expect(try await visitor.get(bench, "/auth").status == .unauthorized)
    }

    /// After a reload with a shorter lifetime the newest sessions used to end at once, and the oldest to live on.
    @Test func `a session keeps the end that it was opened with when the lifetime is changed`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        let id = try #require(visitor.cookies["__Host-magpie_session"].flatMap { SessionID($0) })
        for lifetime: TimeInterval in [3_600, 30 * 86_400] {
            let sessions = Sessions(
                store: bench.store, lifetime: lifetime, idleTimeout: 86_400, now: { [bench] in bench.now })
            #expect(try await sessions.find(id) != nil)
        }
    }

    @Test func `a session used while the clock was ahead is idle from the moment that it is set right`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        bench.pass(seconds: 80_000)
        #expect(try await visitor.get(bench, "/auth").status == .ok)
        bench.pass(seconds: -79_000)
        #expect(try await visitor.get(bench, "/auth").status == .ok)
        bench.pass(seconds: 86_401)
        #expect(try await visitor.get(bench, "/auth").status == .unauthorized, "a day without a visit")
    }

    @Test func `logout ends the session on the server, and clears the cookie`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        let id = try #require(visitor.cookies["__Host-magpie_session"])
        let response = try await visitor.post(bench, "/logout")
        #expect(response.status == .noContent)
        #expect(visitor.cookies["__Host-magpie_session"] == nil)
        visitor.cookies["__Host-magpie_session"] = id
        #expect(try await visitor.get(bench, "/session").status == .unauthorized)
    }

    @Test func `another site's page cannot log a visitor out`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        for field in [(FieldName.origin, "https://evil.example"), (.origin, "null"), (.secFetchSite, "cross-site")] {
            let refused = try await visitor.post(bench, "/logout", fields: [field])
            #expect(refused.status == .forbidden && refused.text.contains("Only pages of publicURL itself"))
        }
        #expect(try await visitor.get(bench, "/auth").status == .ok)
        #expect(
            try await visitor.post(bench, "/logout", fields: [(.origin, "https://h5.example.com")]).status == .noContent
        )
    }

    @Test func `every changed character of an id makes it nobody's`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        let id = Array(try #require(visitor.cookies["__Host-magpie_session"]))
        for index in id.indices {
            var changed = id
            changed[index] = changed[index] == "A" ? "B" : "A"
            var thief = Visitor(cookies: ["__Host-magpie_session": String(changed)])
            #expect(try await thief.get(bench, "/auth").status == .unauthorized)
        }
        for text in [String(id.dropLast()), String(id) + "A", "\"\(String(id))\"", ""] {
            var thief = Visitor(cookies: ["__Host-magpie_session": text])
            #expect(try await thief.get(bench, "/auth").status == .unauthorized)
        }
    }

    @Test func `two session cookies are none, whatever their order`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        let id = try #require(visitor.cookies["__Host-magpie_session"])
        let other = String(repeating: "A", count: 43)
        for line in [[id, other], [other, id]] {
            let cookie = line.map { "__Host-magpie_session=\($0)" }.joined(separator: "; ")
            let request = try Request(target: "/auth", fields: [(.cookie, cookie)])
            #expect(await bench.respond(request).status == .unauthorized)
        }
    }

    @Test func `the session is taken from the cookie and from nowhere else`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        let id = try #require(visitor.cookies["__Host-magpie_session"])
        let request = try Request(
            target: "/auth?access_token=\(id)&session=\(id)", fields: [(.authorization, "Bearer \(id)")])
        #expect(await bench.respond(request).status == .unauthorized)
    }

    @Test func `the cookie has every attribute that protects it`() async throws {
        var visitor = Visitor()
        let response = try await visitor.logIn(bench, as: "oVisitor")
        let cookie = try #require(response.fields.values(.setCookie).first { $0.hasPrefix("__Host-magpie_session=") })
        for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax", "Max-Age=604800"] {
            #expect(cookie.contains("; \(attribute)"))
        }
        #expect(!cookie.contains("Domain"))
    }

    @Test func `a record carries the mark of each of its visitor's openids, and no other record does`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        _ = try await visitor.logIn(bench, as: "oThere", "/redirect/second?to=/orders", account: "second")
        var other = Visitor()
        _ = try await other.logIn(bench, as: "oOther")
        let marks = try await bench.store.scan(namespace: Sessions.namespace, after: nil, limit: 10).map {
            Set(VisitorMark.all(in: $0.record.value).map(Array.init))
        }
        #expect(marks.count == 2)
        let here = VisitorMark.of("oVisitor", account: "main")
        #expect(marks.filter { $0.contains(here) } == [[here, VisitorMark.of("oThere", account: "second")]])
        #expect(!marks.contains { $0.contains(VisitorMark.of("oVisitor", account: "second")) })
    }

    @Test func `a record that is too short for its marks has none, and is no session`() {
        for value in [[], [0], [0, 1], [0xFF, 0xFF] + [UInt8](repeating: 1, count: 100)] as [[UInt8]] {
            #expect(VisitorMark.all(in: value).isEmpty)
        }
    }

    @Test func `the store holds neither the session id nor who it belongs to`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitorCanary")
        let id = try #require(visitor.cookies["__Host-magpie_session"])
        for namespace in ["session", "login", "code"] {
            for (name, record) in try await bench.store.scan(namespace: namespace, after: nil, limit: 100) {
                let text = name + String(decoding: record.value, as: UTF8.self)
                #expect(!text.contains(id) && !text.contains("oVisitorCanary") && !text.contains("CANARY"))
            }
        }
    }
}
