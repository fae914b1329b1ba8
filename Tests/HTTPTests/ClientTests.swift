import HTTP
import Reactor
import Synchronization
import Testing
import Wire

@Suite struct ClientTests {
    // MARK: - What is sent

    @Test func `the request line, the host, the query and the body arrive as meant`() async throws {
        try await ClientTestServer.running {
            try await $0.answerAll()
        } calling: { server, group in
            let client = try makeClient(group)
            let request = ClientRequest(
                .post, to: try server.url(path: "/base/"), path: "/cgi-bin/token",
                query: [("grant_type", "client_credential"), ("q", "a b&c=d+e/?%鞋"), ("empty", "")],
                fields: [("Content-Type", "application/json"), ("Accept-Encoding", "gzip")],
                body: Array(#"{"a":1}"#.utf8))
            let response = try await client.send(request)
            #expect(response.status == .ok && response.text == "ok")
            let received = try #require(server.requests.first)
            #expect(received.method == .post)
            #expect(received.path == "/base/cgi-bin/token")
            #expect(
                received.query.raw
                    == "grant_type=client_credential&q=a%20b%26c%3Dd%2Be%2F%3F%25%E9%9E%8B&empty=")
            #expect(try received.query.only("q") == "a b&c=d+e/?%鞋")
            #expect(received.authority == Authority("127.0.0.1:\(server.port)"))
            #expect(received.fields["Content-Type"] == "application/json")
            #expect(!received.fields.contains("Accept-Encoding"))
            #expect(String(decoding: received.body, as: UTF8.self) == #"{"a":1}"#)
        }
    }

    @Test(arguments: [
        ("", "", "/"), ("/", "", "/"), ("", "/a", "/a"), ("/b", "", "/b"), ("/b", "/a", "/b/a"), ("/b/", "a", "/b/a"),
    ])
    func `the base and the path meet at one slash`(base: String, path: String, full: String) async throws {
        try await ClientTestServer.running {
            try await $0.answerAll()
        } calling: { server, group in
            _ = try await makeClient(group).send(ClientRequest(to: try server.url(path: base), path: path))
            #expect(server.requests.map(\.path) == [full])
        }
    }

    @Test func `a field or a path that would change the message is never sent`() async throws {
        try await ClientTestServer.running {
            try await $0.answerAll()
        } calling: { server, group in
            let client = try makeClient(group)
            let url = try server.url()
            for request in [
                ClientRequest(to: url, path: "/", fields: [("X-Name", "a\r\nX-Other: b")]),
                ClientRequest(to: url, path: "/ HTTP/1.1\r\nHost: evil\r\n\r\n"),
                ClientRequest(to: url, path: "/a b"),
            ] {
                let error = await #expect(throws: ClientError.self) { try await client.send(request) }
                guard case .invalidRequest = error?.kind else {
                    Issue.record("\(error.debugDescription)")
                    continue
                }
            }
            #expect(server.connections == 0)
        }
    }

    // MARK: - What comes back

    static let framings = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", true),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello", true),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", true),
        ("HTTP/1.1 204 No Content\r\n\r\n", "", true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", "ok", false),
        ("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "ok", false),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n", "ok", false),
    ]

    @Test(arguments: framings)
    func `an answer is read by its framing, and its connection kept if the server keeps it`(
        answer: String, text: String, isKept: Bool
    ) async throws {
        try await ClientTestServer.running { side in
            while true {
                _ = try await side.request()
                try await side.send(answer)
            }
        } calling: { server, group in
            let client = try makeClient(group)
            for _ in 0..<3 {
                let response = try await client.send(ClientRequest(to: try server.url(), path: "/"))
                #expect(response.text == text)
            }
            #expect(server.connections == (isKept ? 1 : 3))
            #expect(server.requests.count == 3)
        }
    }

    @Test func `an answer may end with its connection`() async throws {
        try await ClientTestServer.running { side in
            _ = try await side.request()
            try await side.send("HTTP/1.1 200 OK\r\n\r\nuntil ")
            try await side.send("the end")
        } calling: { server, group in
            let response = try await makeClient(group).send(ClientRequest(to: try server.url(), path: "/"))
            #expect(response.text == "until the end")
        }
    }

    @Test func `the answer to HEAD has fields and no body`() async throws {
        try await ClientTestServer.running { side in
            while true {
                _ = try await side.request()
                try await side.send("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\nETag: \"x\"\r\n\r\n")
            }
        } calling: { server, group in
            let client = try makeClient(group)
            for _ in 0..<2 {
                let response = try await client.send(ClientRequest(.head, to: try server.url(), path: "/"))
                #expect(response.fields["ETag"] == "\"x\"" && response.body.isEmpty)
            }
            #expect(server.connections == 1)
        }
    }

    @Test func `a redirect is an answer and is not followed`() async throws {
        try await ClientTestServer.running { side in
            _ = try await side.request()
            try await side.send("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
            try await side.linger()
        } calling: { server, group in
            let response = try await makeClient(group).send(ClientRequest(to: try server.url(), path: "/"))
            #expect(response.status == .found && response.fields["Location"] == "/elsewhere")
            #expect(server.requests.map(\.path) == ["/"])
        }
    }

    @Test func `a large body arrives whole`() async throws {
        try await ClientTestServer.running {
            try await $0.answerAll()
        } calling: { server, group in
            let body = [UInt8](repeating: 7, count: 65_536)
            _ = try await makeClient(group).send(ClientRequest(.post, to: try server.url(), path: "/", body: body))
            #expect(server.requests.first?.body == body)
        }
    }

    // MARK: - Connections

    @Test func `one call after another uses one connection, from a loop and from outside`() async throws {
        try await ClientTestServer.running {
            try await $0.answerAll()
        } calling: { server, group in
            let client = try makeClient(group)
            let request = ClientRequest(to: try server.url(), path: "/")
            for _ in 0..<5 { _ = try await client.send(request) }
            #expect(server.connections == 1)
            // A detached task belongs to no loop, and the client's only loop keeps that one connection.
            try await Task.detached {
                #expect(Loop.current == nil)
                for _ in 0..<5 { _ = try await client.send(request) }
            }.value
            #expect(server.connections == 1 && server.requests.count == 10)
        }
    }

    /// Twenty connections at first. Of those three are kept, and seventeen new ones made; all twenty by default.
    @Test(arguments: [(kept: 3 as Int?, connections: 37), (kept: nil, connections: 20)])
    func `calls at the same time have their own connections and answers`(_ kept: Int?, _ connections: Int) async throws
    {
        try await ClientTestServer.running { side in
            while true {
                let request = try await side.request()
                try await sleep(for: .milliseconds(2))
                try await side.send(
                    "HTTP/1.1 200 OK\r\nContent-Length: \(request.path.utf8.count)\r\n\r\n\(request.path)")
            }
        } calling: { server, group in
            let client = try makeClient(group) { $0.idlePerHost = kept ?? $0.idlePerHost }
            for _ in 0..<2 {
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for number in 0..<20 {
                        tasks.addTask {
                            let request = ClientRequest(to: try server.url(), path: "/\(number)")
                            #expect(try await client.send(request).text == "/\(number)")
                        }
                    }
                    try await tasks.waitForAll()
                }
            }
            #expect(server.connections == connections)
        }
    }

    @Test func `an idle connection is closed in time though nobody calls`() async throws {
        try await ClientTestServer.running {
            try await $0.answerAll()
        } calling: { server, group in
            let client = try makeClient(group) { $0.idleTimeout = .milliseconds(20) }
            _ = try await client.send(ClientRequest(to: try server.url(), path: "/"))
            #expect(server.ended == 0)
            try await eventually { server.ended == 1 }
            _ = try await client.send(ClientRequest(to: try server.url(), path: "/"))
            #expect(server.connections == 2)
            client.closeIdle()
            try await eventually { server.ended == 2 }
        }
    }

    @Test func `a connection that the server has closed is not used`() async throws {
        let isClosed = Gate()
        try await ClientTestServer.running { side in
            _ = try await side.request()
            try await side.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            isClosed.open()
        } calling: { server, group in
            let client = try makeClient(group)
            for _ in 0..<3 {
                // Not idempotent: a second try would not be made.
                _ = try await client.send(ClientRequest(.post, to: try server.url(), path: "/"))
                try await isClosed.wait()
                // One more round, in which the script's end closes the stream.
                try await sleep(for: .milliseconds(5))
            }
            #expect(server.connections == 3 && server.requests.count == 3)
        }
    }

    /// Answers once, then ends the connection on the next request, like a server whose idle time-out runs out just then.
    @Sendable static func answersOnce(_ side: ServerSide) async throws {
        _ = try await side.request()
        if side.number > 2 { return }
        try await side.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        _ = try await side.request()
    }

    @Test func `a GET that a kept connection swallowed is sent again, once`() async throws {
        try await ClientTestServer.running(script: Self.answersOnce) { server, group in
            let client = try makeClient(group)
            let request = ClientRequest(to: try server.url(), path: "/")
            _ = try await client.send(request)
            #expect(try await client.send(request).text == "ok")
            #expect(server.connections == 2 && server.requests.count == 3)
            // Now the second try fails as well.
            let error = await #expect(throws: ClientError.self) { try await client.send(request) }
            #expect(error?.kind == .interrupted)
            #expect(server.connections == 3 && server.requests.count == 5)
        }
    }

    @Test(arguments: [Method.post, .get])
    func `neither a POST nor what its sender says must not be repeated is sent again`(_ method: Method) async throws {
        try await ClientTestServer.running(script: Self.answersOnce) { server, group in
            let client = try makeClient(group)
            var request = ClientRequest(method, to: try server.url(), path: "/", body: method == .post ? [1] : [])
            request.mayRepeat = method == .post
            _ = try await client.send(request)
            let error = await #expect(throws: ClientError.self) { try await client.send(request) }
            #expect(error?.kind == .interrupted)
            #expect(server.connections == 1 && server.requests.count == 2)
        }
    }

    @Test func `nothing is sent again after a byte of the answer, or on a new connection`() async throws {
        try await ClientTestServer.running { side in
            _ = try await side.request()
            try await side.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            _ = try await side.request()
            try await side.send("H")
        } calling: { server, group in
            let client = try makeClient(group)
            let request = ClientRequest(to: try server.url(), path: "/")
            _ = try await client.send(request)
            let error = await #expect(throws: ClientError.self) { try await client.send(request) }
            #expect(error?.kind == .interrupted)
            #expect(server.requests.count == 2)
        }
        try await ClientTestServer.running {
            _ = try await $0.request()
        } calling: { server, group in
            let request = ClientRequest(to: try server.url(), path: "/")
            let error = await #expect(throws: ClientError.self) { try await makeClient(group).send(request) }
            #expect(error?.kind == .interrupted)
            #expect(server.requests.count == 1)
        }
    }
}
