import HTTP
import Reactor
import TestSupport
import Testing
import Wire

@Suite struct ServerShutdownTests {
    @Test func `while draining everybody is served, and every answer closes its connection`() async throws {
        try await withServer { server in
            let old = try server.connect()
            try old.send("GET /1 HTTP/1.1\r\n\(host)\r\n")
            #expect(try old.receiveResponse()["connection"] == nil)

            server.server.drain()
            try old.send("GET /2 HTTP/1.1\r\n\(host)\r\n")
            #expect(try old.receiveToEnd().contains("\r\nConnection: close\r\n"))
            #expect(try server.exchange("GET /3 HTTP/1.1\r\n\(host)\r\n").contains("\r\nConnection: close\r\n"))
        }
    }

    @Test func `stopping closes idle connections at once and refuses new ones`() async throws {
        try await withServer(loops: 2) { server in
            let idle = try (0..<20).map { _ in try server.connect() }
            for client in idle {
                try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
                #expect(try client.receiveResponse().status == 200)
            }
            let start = Deadline.now()
            await server.stop(within: .seconds(60))
            #expect(Deadline.now().since(start) < .seconds(30))
            for client in idle { #expect(try client.receiveToEnd().isEmpty) }
            #expect(server.server.connectionCount == 0)
            #expect(throws: RawClient.Failure.self) { try server.connect().send("GET / HTTP/1.0\r\n\r\n") }
        }
    }

    @Test func `stopping waits for the requests that are under way`() async throws {
        let (begun, hold) = (Gate(), Gate())
        try await withServer { _ in
            begun.open()
            try? await hold.wait(until: .after(.seconds(60)))
            return .text("finished")
        } _: { server in
            let busy = try server.connect()
            try busy.send("GET / HTTP/1.1\r\n\(host)\r\n")
            // Half a request has a right to its other half.
            let half = try server.connect()
            try half.send("GET /half HTTP/1.1\r\n")
            try await server.group.run { try await begun.wait(until: .after(.seconds(60))) }

            let idle = try server.connect()
            try await server.waitForConnections(3)
            let stopping = Task { await server.stop(within: .seconds(60)) }
            // Its end says that the stopping has begun.
            #expect(try idle.receiveToEnd().isEmpty)
            #expect(busy.isSilent())
            try half.send("\(host)\r\n")
            hold.open()
            let text = try busy.receiveToEnd()
            #expect(text.hasSuffix("finished"))
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(try half.receiveToEnd().hasSuffix("finished"))
            await stopping.value
        }
    }

    @Test func `who has just connected when it stops gets his request answered`() async throws {
        try await withServer(options: options { $0.lastFirstRequest = .seconds(60) }) { server in
            let idle = try server.connect()
            try idle.send("GET / HTTP/1.1\r\n\(host)\r\n")
            #expect(try idle.receiveResponse().status == 200)
            let early = try (0..<10).map { _ in try server.connect() }
            let stopping = Task { await server.stop(within: .seconds(60)) }
            // Its end says that the stopping has begun.
            #expect(try idle.receiveToEnd().isEmpty)
            // All at once: they have a second, and a busy machine needs that for a few of them one by one.
            for client in early { try client.send("GET /early HTTP/1.1\r\n\(host)\r\n") }
            for client in early {
                let text = try client.receiveToEnd()
                #expect(text.hasSuffix("GET /early "))
                #expect(text.contains("\r\nConnection: close\r\n"))
            }
            await stopping.value
        }
    }

    @Test func `while draining a pipeline is answered to its end`() async throws {
        try await withServer { server in
            let client = try server.connect()
            server.server.drain()
            try client.send((1...5).map { "GET /\($0) HTTP/1.1\r\n\(host)\r\n" }.joined())
            let text = try client.receiveToEnd()
            #expect(text.split(separator: "HTTP/1.1 200 OK").count == 5)
            #expect(text.split(separator: "Connection: close").count == 2)
            #expect(text.hasSuffix("GET /5 "))
        }
    }

    @Test func `other options hold for the connections to come`() async throws {
        try await withServer { server in
            let old = try server.connect()
            try old.send("GET / HTTP/1.1\r\n\(host)\r\n")
            #expect(try old.receiveResponse().status == 200)
            server.server.change(to: options { $0.limits.bodyBytes = 1_024 })
            let large = "POST / HTTP/1.1\r\n\(host)Content-Length: 1025\r\n\r\n" + String(repeating: "x", count: 1_025)
            #expect(try server.exchange(large).hasPrefix("HTTP/1.1 413 "))
            try old.send(large)
            #expect(try old.receiveResponse().status == 200)
            server.server.change(to: options { $0.connections = 0 })
            #expect(try server.exchange("GET / HTTP/1.1\r\n\(host)\r\n").hasPrefix("HTTP/1.1 503 "))
        }
    }

    @Test func `an idle client that is told to go and sends a request meanwhile reads an end, not a reset`()
        async throws
    {
        try await withServer { server in
            let client = try server.connect()
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            #expect(try client.receiveResponse().status == 200)
            let stopping = Task { await server.stop(within: .seconds(60)) }
            #expect(try client.receiveSome().isEmpty)
            // What was on its way when the end came.
            for _ in 0..<3 { try client.send("GET / HTTP/1.1\r\n\(host)\r\n") }
            #expect(try client.receiveToEnd().isEmpty)
            client.finishSending()
            await stopping.value
        }
    }

    @Test func `a slow upload that has begun is taken to its end`() async throws {
        try await withServer { server in
            let client = try server.connect()
            client.sendAtOnce()
            try client.send("POST /up HTTP/1.1\r\n\(host)Content-Length: 20\r\n\r\n")
            try await server.waitForConnections(1)
            let stopping = Task { await server.stop(within: .seconds(60)) }
            for digit in 0..<20 {
                try client.send("\(digit % 10)")
                try await server.group.run { try await sleep(for: .milliseconds(20)) }
            }
            #expect(try client.receiveToEnd().hasSuffix("POST /up 01234567890123456789"))
            await stopping.value
        }
    }

    @Test func `what is not finished at the limit is cut`() async throws {
        let begun = Gate()
        try await withServer { _ in
            begun.open()
            try? await sleep(for: .seconds(3_600))
            return .text("too late")
        } _: { server in
            let busy = try server.connect()
            try busy.send("GET / HTTP/1.1\r\n\(host)\r\n")
            try await server.group.run { try await begun.wait(until: .after(.seconds(60))) }
            let start = Deadline.now()
            await server.stop(within: .milliseconds(30))
            #expect(Deadline.now().since(start) < .seconds(30))
            #expect(server.server.connectionCount == 0)
            #expect(try busy.receiveToEnd().contains("too late"), "what was answered in the end has gone out")
        }
    }

    @Test func `who waits for a handler, lingers or has nothing to do is let go at the limit`() async throws {
        try await withServer { request in
            if request.path == "/wait" { try? await sleep(for: .seconds(3_600)) }
            return .text("here")
        } _: { server in
            let clients = try (0..<4).map { _ in try server.connect() }
            try clients[0].send("GET /wait HTTP/1.1\r\n\(host)\r\n")
            try clients[1].send("GET / HTTP/1.1\r\n\(host)\r\n")
            try clients[2].send("GET / HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
            try await server.group.run { try await sleep(for: .milliseconds(20)) }
            await server.stop(within: .milliseconds(30))
            #expect(server.server.connectionCount == 0)
        }
    }

    @Test func `a server can be stopped that nobody ever used, and twice`() async throws {
        try await withServer(loops: 2) { server in
            await server.stop(within: .seconds(60))
            await server.stop(within: .seconds(60))
        }
    }
}
