import Reactor
import Synchronization
import TestSupport
import Testing
import Wire

@testable import HTTP

@Suite struct ClientFailureTests {
    /// What a call to a server with this script ends in.
    private func failure(
        of method: Wire.Method = .get, scheme: String = "http", body: [UInt8] = [],
        script: @escaping ClientTestServer.Script,
        options change: @escaping @Sendable (inout ClientOptions) -> Void = { _ in }
    ) async throws -> ClientError.Kind? {
        let kind = Mutex<ClientError.Kind?>(nil)
        try await ClientTestServer.running(script: script) { server, group in
            let client = try makeClient(group, change)
            let request = ClientRequest(method, to: try server.url(scheme: scheme), path: "/", body: body)
            let error = await #expect(throws: ClientError.self) { try await client.send(request) }
            kind.withLock { $0 = error?.kind }
        }
        return kind.withLock { $0 }
    }

    // MARK: - Deadlines

    @Test func `a server that never answers is left at the call's deadline`() async throws {
        let kind = try await failure { side in
            _ = try await side.request()
            try await side.linger()
        } options: {
            $0.timeout = .seconds(1)
        }
        #expect(kind == .timedOut(.answer))
    }

    @Test func `a server that drips is left at the call's deadline`() async throws {
        let kind = try await failure { side in
            _ = try await side.request()
            try await side.send("HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
            while true {
                try await side.send(".")
                try await sleep(for: .milliseconds(2))
            }
        } options: {
            $0.timeout = .seconds(1)
        }
        #expect(kind == .timedOut(.answer))
    }

    @Test func `a request's own time-out counts in place of the client's`() async throws {
        try await ClientTestServer.running { side in
            _ = try await side.request()
            try await side.linger()
        } calling: { server, group in
            let client = try makeClient(group) { $0.timeout = .seconds(3_600) }
            let request = ClientRequest(to: try server.url(), path: "/", timeout: .seconds(1))
            let error = await #expect(throws: ClientError.self) { try await client.send(request) }
            #expect(error?.kind == .timedOut(.answer))
            // And its connection is closed, not kept.
            try await eventually { server.ended == 1 }
        }
    }

    @Test func `a server that does not shake hands is left at the handshake's deadline`() async throws {
        let kind = try await failure(scheme: "https") {
            try await $0.linger()
        } options: {
            $0.tlsTimeout = .milliseconds(30)
        }
        #expect(kind == .timedOut(.handshake))
    }

    @Test func `a host that does not take the connection is left at the connection's deadline`() async throws {
        try await LoopGroup.running { group in
            let address = try #require(SocketAddress(parsing: "127.0.0.1:0"))
            // It never accepts, and its queue is full after a few: what arrives then is dropped.
            let listener = try Listener.open(address, count: 1, backlog: 0)[0]
            let url = try WebURL("http://\(listener.address)")
            let client = try makeClient(group) { options in
                options.connectTimeout = .milliseconds(50)
                options.timeout = .milliseconds(500)
            }
            let kinds = await withTaskGroup(of: ClientError.Kind?.self) { tasks in
                for _ in 0..<8 {
                    tasks.addTask {
                        do throws(ClientError) {
                            _ = try await client.send(ClientRequest(to: url, path: "/"))
                            return nil
                        } catch {
                            return error.kind
                        }
                    }
                }
                return await tasks.reduce(into: []) { $0.append($1) }
            }
            #expect(kinds.contains(.timedOut(.connect)))
            #expect(kinds.allSatisfy { $0 == .timedOut(.connect) || $0 == .timedOut(.answer) })
        }
    }

    /// What used to happen: each of the idle connections that a firewall had forgotten cost somebody a time-out.
    @Test func `after a time-out on a kept connection the others are not trusted, either`() async throws {
        try await ClientTestServer.running { side in
            _ = try await side.request()
            // So that each of the first calls gets a connection of its own.
            while side.number <= 3, side.openedSoFar < 3 { try await sleep(for: .milliseconds(1)) }
            try await side.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            if side.number > 3 { return try await side.answerAll() }
            try await side.linger()
        } calling: { server, group in
            let client = try makeClient(group) { $0.timeout = .seconds(20) }
            let url = try server.url()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for _ in 0..<3 { tasks.addTask { _ = try await client.send(ClientRequest(to: url, path: "/")) } }
                try await tasks.waitForAll()
            }
            let short = ClientRequest(to: url, path: "/", timeout: .milliseconds(200))
            let error = await #expect(throws: ClientError.self) { try await client.send(short) }
            #expect(error?.kind == .timedOut(.answer))
            #expect(try await client.send(ClientRequest(to: url, path: "/")).status == .ok)
            #expect(server.connections == 4)
        }
    }

    // MARK: - Broken answers

    @Test(arguments: [
        "", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
    ])
    func `an answer that is cut is no answer`(start: String) async throws {
        let kind = try await failure { side in
            _ = try await side.request()
            try await side.send(start)
        }
        #expect(kind == .interrupted)
        let kindOfReset = try await failure { side in
            _ = try await side.request()
            try await side.send(start)
            side.cutWhenClosed()
        }
        #expect(kindOfReset == .interrupted)
    }

    @Test(arguments: [
        ("SSH-2.0-OpenSSH_9.2\r\n", WireError.badStatusLine), ("\u{0}\u{1}\u{2}\r\n\r\n", .badStatusLine),
        ("HTTP/2 200 OK\r\n\r\n", .badStatusLine), ("HTTP/1.1 200 OK\nContent-Length: 2\n\nok", .badStatusLine),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", .badContentLength),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", .badFieldLine),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", .badChunk),
    ])
    func `garbage is named as such`(answer: String, error: WireError) async throws {
        let kind = try await failure { side in
            _ = try await side.request()
            try await side.send(answer)
            try await side.linger()
        }
        #expect(kind == .protocolError(error))
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
        "HTTP/1.1 200 OK\r\n\r\n" + String(repeating: "x", count: 1_001),
    ])
    func `an answer beyond the limit is refused before it is read`(answer: String) async throws {
        let kind = try await failure { side in
            _ = try await side.request()
            try await side.send(answer)
            // Nothing more is sent: who waits for the body would run into the deadline.
            try await side.linger()
        } options: {
            $0.responseLimit = 1_000
        }
        #expect(kind == .tooLarge(limit: 1_000))
    }

    @Test func `an answer of exactly the limit is read`() async throws {
        try await ClientTestServer.running {
            try await $0.answerAll(String(repeating: "x", count: 1_000))
        } calling: {
            server, group in
            let client = try makeClient(group) { $0.responseLimit = 1_000 }
            #expect(try await client.send(ClientRequest(to: try server.url(), path: "/")).body.count == 1_000)
        }
    }

    @Test func `an answer that comes while the body is still being sent counts`() async throws {
        try await ClientTestServer.running { side in
            try await side.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            try await side.linger()
        } calling: { server, group in
            let body = [UInt8](repeating: 0, count: 60_000)
            let response = try await makeClient(group).send(
                ClientRequest(.post, to: try server.url(), path: "/", body: body))
            #expect(response.status == .payloadTooLarge)
        }
    }

    // MARK: - No server

    @Test func `a port where nobody listens refuses`() async throws {
        try await LoopGroup.running { group in
            let address = try #require(SocketAddress(parsing: "127.0.0.1:0"))
            let port = try #require(try Listener.open(address, count: 1)[0].address.port)
            // The listener is closed again: its port is free.
            let request = ClientRequest(to: try WebURL("http://127.0.0.1:\(port)"), path: "/")
            let error = await #expect(throws: ClientError.self) { try await makeClient(group).send(request) }
            #expect(error?.kind == .refused)
            #expect(error.map { "\($0)" } == "http://127.0.0.1:\(port)/: connection refused")
        }
    }

    @Test func `the second address serves when the first refuses`() async throws {
        try await ClientTestServer.running {
            try await $0.answerAll()
        } calling: { server, group in
            let address = try #require(SocketAddress(parsing: "127.0.0.1:0"))
            let closed = try Listener.open(address, count: 1)[0].address
            let open = address.with(port: server.port)
            _ = try await ClientConnection.connect(toFirstOf: [closed, open], by: .after(.seconds(5)))
            try await eventually { server.connections == 1 }
            await #expect(throws: ClientError.Kind.refused) {
                _ = try await ClientConnection.connect(toFirstOf: [closed, closed], by: .after(.seconds(5)))
            }
        }
    }

    @Test func `a name without an address is named as such`() async throws {
        try await LoopGroup.running { group in
            let client = try makeClient(group) { $0.connectTimeout = .seconds(2) }
            let request = ClientRequest(to: try WebURL("http://no-such-host.invalid"), path: "/")
            let error = await #expect(throws: ClientError.self) { try await client.send(request) }
            switch error?.kind {
            case .resolution, .timedOut(.connect): break
            default: Issue.record("\(error.debugDescription)")
            }
        }
    }

    @Test func `a cancelled call closes its connection`() async throws {
        try await ClientTestServer.running { side in
            _ = try await side.request()
            try await side.linger()
        } calling: { server, group in
            let client = try makeClient(group)
            let url = try server.url()
            try await withThrowingTaskGroup(of: ClientError.Kind?.self) { tasks in
                tasks.addTask {
                    do throws(ClientError) {
                        _ = try await client.send(ClientRequest(to: url, path: "/"))
                        return nil
                    } catch {
                        return error.kind
                    }
                }
                try await eventually { server.requests.count == 1 }
                tasks.cancelAll()
                #expect(try await tasks.next() == .cancelled)
            }
            try await eventually { server.ended == 1 }
        }
    }

    @Test func `a call of a task that is cancelled already reaches nobody`() async throws {
        try await ClientTestServer.running { side in
            _ = try await side.request()
        } calling: { server, group in
            let client = try makeClient(group)
            let request = ClientRequest(to: try server.url(), path: "/")
            await withTaskGroup(of: Void.self) { tasks in
                tasks.cancelAll()
                tasks.addTask {
                    let error = await #expect(throws: ClientError.self) { try await client.send(request) }
                    #expect(error?.kind == .cancelled)
                }
            }
            #expect(server.requests.isEmpty)
        }
    }

    // MARK: - Secrets

    @Test func `no error shows a query, a field or a body, however it is printed`() async throws {
        let scripts: [ClientTestServer.Script] = [
            { _ = try await $0.request() }, { try await $0.send("canary-answer\r\n") }, { try await $0.linger() },
            { try await $0.send("HTTP/1.1 200 OK\r\nX: canary-answer\r\nContent-Length: 99999999\r\n\r\ncanary") },
        ]
        for script in scripts {
            try await ClientTestServer.running(script: script) { server, group in
                let client = try makeClient(group) { $0.timeout = .milliseconds(50) }
                for (path, value) in [("/cgi-bin/token", "ok"), ("/sns?code=canary", "ok"), ("/", "canary\r\n")] {
                    let request = ClientRequest(
                        .post, to: try server.url(), path: path, query: [("secret", "canary")],
                        fields: [("Authorization", "canary"), ("X", value)], body: Array("canary".utf8))
                    let error = await #expect(throws: ClientError.self) { try await client.send(request) }
                    guard let error else { continue }
                    var dumped = ""
                    dump(error, to: &dumped)
                    for text in ["\(error)", String(reflecting: error), dumped, "\([error])"] {
                        #expect(!text.contains("canary"))
                    }
                    #expect("\(error)".hasPrefix("http://127.0.0.1:\(server.port)/"))
                }
            }
        }
    }
}
