import HTTP
import Testing
import Wire

@testable import Sandbox

struct ControlAPITests {
    private let bench = SandboxBench()

    private func refuse(_ path: String, _ body: JSONValue, naming part: String) async throws {
        let answer = try await bench.control(path, body)
        #expect(answer.status == 400)
        guard case .object(let error)? = answer["error"] else {
            Issue.record("no error object")
            return
        }
        #expect(error["message"]?.string?.contains(part) == true, "\(answer.text)")
    }

    @Test func `bad faults are refused by name`() async throws {
        try await refuse("faults", ["nth": 1, "reset": true], naming: "\"path\" is missing")
        try await refuse("faults", ["path": "cgi-bin", "reset": true], naming: "\"path\" is missing")
        try await refuse("faults", ["path": "/a"], naming: "exactly one of errcode, status")
        try await refuse("faults", ["path": "/a", "reset": true, "status": 500], naming: "exactly one")
        try await refuse("faults", ["path": "/a", "cuont": 3, "reset": true], naming: "\"cuont\" is not known here")
        try await refuse("faults", ["path": "/a", "nth": 0, "reset": true], naming: "\"nth\" must be a whole number")
        try await refuse("faults", ["path": "/a", "nth": "1", "reset": true], naming: "\"nth\" must be a whole number")
        try await refuse("faults", ["path": "/a", "reset": false], naming: "\"reset\" can only be true")
        try await refuse("faults", ["path": "/a", "status": 99], naming: "\"status\"")
        try await refuse("faults", ["path": "/a", "errmsg": "x", "reset": true], naming: "\"errmsg\" belongs")
        try await refuse("faults", ["path": 1, "reset": true], naming: "\"path\" must be a string")
        try await refuse("faults", [], naming: "must be a JSON object")
        let noJSON = try await bench.send(
            .post, "/_sandbox/faults", fields: [(.contentType, "application/json")], body: "{")
        #expect(noJSON.status == 400)
    }

    @Test func `faults are listed and cleared`() async throws {
        let given = try await bench.control("faults", ["path": "/a", "nth": 2, "count": 3, "delay": 5])
        #expect(given["fault"] == ["id": 1, "path": "/a", "nth": 2, "count": 3, "seen": 0, "kind": "delay 5"])
        #expect(try await bench.send(.get, "/_sandbox/faults").text.contains("delay 5"))
        _ = try await bench.send(.delete, "/_sandbox/faults")
        #expect(try await bench.send(.get, "/_sandbox/faults").json == ["faults": []])
    }

    @Test func `the clock goes on and never back`() async throws {
        let moved = try await bench.control("clock", ["advance": 3_600])
        #expect(moved.json == ["now": .number(Double(SandboxBench.start + 3_600)), "advance": 3_600])
        try await refuse("clock", ["advance": -1], naming: "\"advance\"")
        try await refuse("clock", ["advance": .number(1.5)], naming: "\"advance\"")
        try await refuse("clock", [:], naming: "\"advance\" is missing")
    }

    @Test func `tokens and tickets can be killed, one family or both`() async throws {
        let stable = try await bench.stableToken()["access_token"]?.string ?? ""
        let legacy = try await bench.token()["access_token"]?.string ?? ""
        _ = try await bench.control("kill", ["what": "token", "family": "legacy"])
        #expect(try await bench.ticket(legacy).errcode == 40001)
        let ticket = try await bench.ticket(stable)["ticket"]
        _ = try await bench.control("kill", ["what": "ticket", "appid": .text(bench.account.appID)])
        #expect(try await bench.ticket(stable)["ticket"] != ticket)
        _ = try await bench.control("kill", ["what": "token"])
        #expect(try await bench.ticket(stable).errcode == 40001)
        try await refuse("kill", [:], naming: "\"what\" is missing")
        try await refuse("kill", ["what": "user"], naming: "one of token, ticket")
        try await refuse("kill", ["what": "token", "appid": "wx0"], naming: "no account has the appid")
    }

    @Test func `knobs change one by one and bad values change nothing`() async throws {
        let changed = try await bench.control("settings", ["tokenLifetime": 600, "ticketExpiresIn": "remaining"])
        #expect(changed["tokenLifetime"] == 600)
        #expect(changed["ticketLifetime"] == 7_200)
        try await refuse("settings", ["tokenLifetime": 0], naming: "outside 1…7200")
        try await refuse("settings", ["tokenLifetime": "600"], naming: "must be a number")
        try await refuse("settings", ["tokenLifetime": .number(1.5)], naming: "fraction")
        try await refuse("settings", ["strictOrder": 1], naming: "must be true or false")
        try await refuse("settings", ["whitelistErrcode": 1], naming: "not one of 40164, 61004")
        try await refuse("settings", ["ticketExpiresIn": "never"], naming: "choices")
        try await refuse("settings", ["visitor": "nobody"], naming: "no user has that key")
        try await refuse("settings", ["tokenlifetime": 1], naming: "\"tokenlifetime\" is not known here")
        #expect(try await bench.send(.get, "/_sandbox/settings")["tokenLifetime"] == 600)
    }

    @Test func `people can be changed and added`() async throws {
        let added = try await bench.control(
            "users", ["key": "zoe", "nickname": "Zoë", "follows": true, "unionid": false])
        #expect(added["nickname"] == "Zoë")
        #expect(added["unionid"] == .null)
        let code = try await bench.code("zoe")
        #expect(try await bench.profile(try await bench.exchange(code))["nickname"] == "Zoë")
        try await refuse("users", ["key": "Zoë"], naming: "\"key\" is missing")
        try await refuse("users", ["key": "a;b"], naming: "\"key\" is missing")
        try await refuse("users", ["key": "zoe", "snapshot": "maybe"], naming: "never, first, always")
        #expect(try await bench.send(.get, "/_sandbox/users").text.contains("\"key\":\"zoe\""))
    }

    @Test func `domains, scopes and whitelists of accounts can be changed`() async throws {
        let changed = try await bench.control(
            "accounts",
            ["jsDomains": ["a.example"], "redirectDomains": ["b.example"], "whitelist": ["::1"], "scopes": []])
        #expect(changed["jsDomains"] == ["a.example"])
        #expect(changed["whitelist"] == ["::1"])
        #expect(bench.sandbox.defaultAccount.redirectDomains == ["b.example"])
        #expect(try await bench.control("accounts", ["whitelist": "off"])["whitelist"] == "off")
        try await refuse("accounts", ["jsDomains": ["https://a.example"]], naming: "not a host name")
        try await refuse("accounts", ["jsDomains": ["a.example:80"]], naming: "not a host name")
        try await refuse("accounts", ["jsDomains": "a.example"], naming: "list of strings")
        try await refuse("accounts", ["whitelist": ["300.0.0.1"]], naming: "no address")
        #expect(try await bench.send(.get, "/_sandbox/accounts").status == 200)
    }

    @Test func `the state shows the living ticket`() async throws {
        let ticket = try await bench.newTicket()
        #expect(try await bench.send(.get, "/_sandbox/state").text.contains(ticket))
        _ = try await bench.control("kill", ["what": "ticket"])
        #expect(try await !bench.send(.get, "/_sandbox/state").text.contains(ticket))
    }

    @Test func `events are numbered, dated, and never hold a code, a token or a secret`() async throws {
        let code = try await bench.code()
        let grant = try await bench.exchange(code)
        _ = try await bench.newTicket()
        let events = try await bench.send(.get, "/_sandbox/events")
        for secret in [code, grant["access_token"]?.string ?? "", bench.account.appSecret] {
            #expect(!events.text.contains(secret))
        }
        #expect(events.text.contains("\"time\":\(SandboxBench.start)"))
        guard case .list(let all)? = events["events"],
            case .list(let some)? = try await bench.send(
                .get, "/_sandbox/events?since=2&last=1")["events"]
        else {
            Issue.record("no events")
            return
        }
        #expect(all.count >= 5)
        #expect(some == [all[all.count - 1]])
        #expect(try await bench.send(.get, "/_sandbox/events?since=x").status == 400)
    }

    @Test func `the event log keeps the last thousand`() {
        var journal = Journal()
        for index in 0..<4_321 { journal.record("call", "/a", "\(index)", at: 0) }
        #expect(journal.latest.count == 1_000)
        #expect(journal.latest.last?.number == 4_321)
        #expect(journal.events.count < 2_000)
    }

    @Test func `a reset forgets what it names, and everything when asked`() async throws {
        _ = try await bench.token()
        _ = try await bench.control("faults", ["path": "/a", "reset": true])
        _ = try await bench.control("reset", [:])
        #expect(try await bench.send(.get, "/_sandbox/counters").json == ["counters": [:]])
        #expect(try await bench.send(.get, "/_sandbox/faults").json == ["faults": []])

        let stable = try await bench.stableToken()["access_token"]
        _ = try await bench.control("settings", ["tokenLifetime": 60])
        _ = try await bench.control("clock", ["advance": 10])
        _ = try await bench.control("reset", ["what": "counters"])
        #expect(try await bench.stableToken()["access_token"] == stable)
        _ = try await bench.control("reset", ["what": "everything"])
        #expect(try await bench.send(.get, "/_sandbox/settings")["tokenLifetime"] == 7_200)
        #expect(try await bench.send(.get, "/_sandbox/clock")["advance"] == 0)
        #expect(try await bench.stableToken()["access_token"] != stable)
        try await refuse("reset", ["what": "all"], naming: "one of counters")
    }

    @Test func `the index names every call`() async throws {
        let index = try await bench.send(.get, "/_sandbox/")
        #expect(index.text.contains("POST /_sandbox/faults"))
        #expect(index.text.contains("POST /_sandbox/reset"))
        #expect(
            try await bench.send(.put, "/_sandbox/faults").response.fields[.allow] == "DELETE, GET, HEAD, OPTIONS, POST"
        )
    }
}

struct ControlGuardTests {
    private let bench = SandboxBench()

    private func get(_ fields: [(FieldName, String)], method: Wire.Method = .get) async throws -> Int {
        let request = try Request(
            method: method, target: method == .get ? "/_sandbox/state" : "/_sandbox/reset", fields: fields,
            body: method == .get ? [] : Array("{}".utf8))
        return await bench.sandbox.responder.respond(to: request).status.code
    }

    @Test func `only loopback names are answered, so that a rebound name gets nothing`() async throws {
        for host in ["127.0.0.1:8090", "localhost:8090", "[::1]:8090", "127.9.9.9", "magpie.localhost"] {
            #expect(try await get([(.host, host)]) == 200, "\(host)")
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1:8090"] {
            #expect(try await get([(.host, host)]) == 421, "\(host)")
        }
        #expect(try await get([]) == 421)
        let front = try Request(target: "/", fields: [(.host, "evil.example")])
        #expect(await bench.sandbox.responder.respond(to: front).status == .misdirected)
    }

    @Test func `the host it was told to listen on is answered as well`() async throws {
        let sandbox = Simulator(configuration: Configuration(hosts: ["dev.lan"]))
        let request = try Request(target: "/_sandbox/clock", fields: [(.host, "dev.lan:8090")])
        #expect(await sandbox.responder.respond(to: request).status == .ok)
    }

    @Test func `other origins are refused`() async throws {
        let host = (FieldName.host, "127.0.0.1:8090")
        #expect(try await get([host, (.origin, "http://127.0.0.1:8080")]) == 200)
        for origin in ["https://evil.example", "null", "http://127.0.0.1.evil.example", ""] {
            #expect(try await get([host, (.origin, origin)]) == 403, "\(origin)")
        }
    }

    @Test func `a post without JSON is refused, since a form needs no permission`() async throws {
        let host = (FieldName.host, "127.0.0.1:8090")
        #expect(try await get([host, (.contentType, "application/json; charset=utf-8")], method: .post) == 200)
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"] {
            #expect(try await get([host, (.contentType, type)], method: .post) == 415, "\(type)")
        }
        #expect(try await get([host], method: .post) == 415)
    }
}
