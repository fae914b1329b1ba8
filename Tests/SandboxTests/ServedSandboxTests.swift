import HTTP
import Reactor
import TestSupport
import Testing
import Wire

@testable import Sandbox

/// The same sandbox behind a real server and real bytes: what values cannot show.
struct ServedSandboxTests {
    private struct Served {
        let sandbox: Simulator
        let port: UInt16

        func connect() throws -> RawClient { try RawClient(port: port) }

        func get(_ target: String) throws -> RawResponse {
            let client = try connect()
            try client.send("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n")
            return try client.receiveResponse()
        }

        func post(_ target: String, _ body: String, type: String = "application/json") throws -> RawResponse {
            let client = try connect()
            try client.send(
                "POST \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: \(type)\r\n"
                    + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
            return try client.receiveResponse()
        }

        func script(_ fault: String) throws {
            #expect(try post("/_sandbox/faults", "{\"path\":\"/cgi-bin/token\",\(fault)}").status == 200)
        }

        var token: String {
            let account = sandbox.defaultAccount
            return "/cgi-bin/token?grant_type=client_credential&appid=\(account.appID)&secret=\(account.appSecret)"
        }
    }

    /// The client blocks, so that the test runs on a loop of its own and not on the shared pool.
    private func serving(_ body: @escaping @Sendable (Served) async throws -> Void) async throws {
        let group = LoopGroup(count: 1)
        group.start()
        defer { group.stop() }
        let sandbox = Simulator()
        let address = try #require(SocketAddress(parsing: "127.0.0.1:0"))
        let server = Server(name: "sandbox", address: address, group: group, responder: sandbox.responder)
        try server.listen()
        server.start()
        let served = Served(sandbox: sandbox, port: try #require(server.boundAddress.port))
        let outcome = await LoopGroup.running { _ in
            do {
                return Result<Void, any Error>.success(try await body(served))
            } catch {
                return .failure(error)
            }
        }
        await group.run { await server.stop(within: .zero) }
        try outcome.get()
    }

    @Test func `a token, a ticket and a page are served`() async throws {
        try await serving { served in
            let token = try served.get(served.token)
            #expect(token.status == 200)
            #expect(token["content-type"] == "application/json; encoding=utf-8")
            let text = JSONValue(parsing: Array(token.body.utf8))
            guard case .object(let members)? = text, let value = members["access_token"]?.string else {
                Issue.record("no token in \(token.body)")
                return
            }
            #expect(
                try served.get("/cgi-bin/ticket/getticket?type=jsapi&access_token=\(value)").body.contains("\"ok\""))
            #expect(try served.get("/").body.hasPrefix("<!doctype html>"))
            #expect(try served.get("/open/js/jweixin-1.6.0.js")["content-type"] == "text/javascript; charset=utf-8")
        }
    }

    @Test func `a visitor who allows comes back with a code that is worth a profile`() async throws {
        try await serving { served in
            let account = served.sandbox.defaultAccount
            let link = SandboxBench.link(account)
            #expect(try served.get("/connect/oauth2/authorize?\(link)").body.contains("data-user=\"hostile\""))
            let answer = try served.post(
                "/connect/oauth2/authorize/decide",
                "link=\(PercentCoding.encodeComponent(link))&user=hostile&decision=allow&remember=yes",
                type: "application/x-www-form-urlencoded")
            #expect(answer.status == 303)
            #expect(answer["set-cookie"]?.hasPrefix("sandbox_visitor=hostile; ") == true)
            let code = PageURLParts.parameter("code", of: answer["location"] ?? "") ?? ""
            let grant = try served.get(
                "/sns/oauth2/access_token?appid=\(account.appID)&secret=\(account.appSecret)&code=\(code)"
                    + "&grant_type=authorization_code")
            guard case .object(let members)? = JSONValue(parsing: Array(grant.body.utf8)) else {
                Issue.record("no grant in \(grant.body)")
                return
            }
            let profile = try served.get(
                "/sns/userinfo?access_token=\(members["access_token"]?.string ?? "")"
                    + "&openid=\(members["openid"]?.string ?? "")")
            #expect(profile["content-type"] == "text/plain")
            #expect(profile.text.utf8.contains(0x01))
        }
    }

    @Test func `a reset connection gives no byte`() async throws {
        try await serving { served in
            try served.script("\"reset\": true")
            #expect { try served.get(served.token) } throws: { error in
                (error as? RawClient.Failure)?.isReset == true
            }
            #expect(try served.get(served.token).status == 200)
        }
    }

    @Test func `a hanging call says nothing and ends in a reset`() async throws {
        try await serving { served in
            try served.script("\"hang\": 150")
            let client = try served.connect()
            try client.send("GET \(served.token) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            #expect(client.isSilent(milliseconds: 50))
            #expect { try client.receiveToEnd() } throws: { error in
                (error as? RawClient.Failure)?.isReset == true
            }
        }
    }

    @Test func `a hanging call does not hold up a stopping server`() async throws {
        let start = Deadline.now()
        try await serving { served in
            try served.script("\"hang\": 600000")
            let client = try served.connect()
            try client.send("GET \(served.token) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            #expect(client.isSilent(milliseconds: 50))
        }
        #expect(start < Deadline.now())
        #expect(Deadline.after(.zero) < start + .seconds(300), "the call would have hung for 600 s")
    }

    @Test func `a truncated answer promises more than it gives`() async throws {
        try await serving { served in
            try served.script("\"truncate\": true")
            let client = try served.connect()
            try client.send("GET \(served.token) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            #expect(throws: RawClient.Failure.self) { try client.receiveResponse() }
        }
    }

    @Test func `a dripping answer comes whole, late, and byte by byte`() async throws {
        try await serving { served in
            try served.script("\"drip\": 1")
            let start = Deadline.now()
            let answer = try served.get(served.token)
            #expect(JSONValue(parsing: Array(answer.body.utf8)) != nil)
            #expect(Deadline.now() > start + .milliseconds(answer.body.utf8.count / 2))
        }
    }

    @Test func `a scripted delay is kept`() async throws {
        try await serving { served in
            try served.script("\"delay\": 80")
            let start = Deadline.now()
            #expect(try served.get(served.token).status == 200)
            #expect(Deadline.now() >= start + .milliseconds(80))
        }
    }
}
