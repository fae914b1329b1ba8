import HTTP
import Reactor
import TestSupport
import Testing
import Wire

@Suite struct ServerTests {
    @Test func `a request is answered with status, date, length and body`() async throws {
        try await withServer(options: options { $0.clock = { 784_111_777 } }) { server in
            let client = try server.connect()
            try client.send("GET /hello HTTP/1.1\r\n\(host)\r\n")
            let response = try client.receiveResponse()
            #expect(response.statusLine == "HTTP/1.1 200 OK")
            #expect(response["date"] == "Sun, 06 Nov 1994 08:49:37 GMT")
            #expect(response["content-length"] == "11")
            #expect(response["content-type"] == "text/plain; charset=utf-8")
            #expect(response["connection"] == nil)
            #expect(response.body == "GET /hello ")
        }
    }

    @Test func `a connection lives on from request to request`() async throws {
        try await withServer { server in
            let client = try server.connect()
            for round in 0..<5 {
                try client.send("POST /\(round) HTTP/1.1\r\n\(host)Content-Length: 3\r\n\r\nabc")
                #expect(try client.receiveResponse().body == "POST /\(round) abc")
            }
            #expect(server.server.connectionCount == 1)
        }
    }

    @Test func `a request that arrives byte by byte is answered like any other`() async throws {
        try await withServer { server in
            let client = try server.connect()
            for byte in Array("POST /slow HTTP/1.1\r\n\(host)Content-Length: 2\r\n\r\nab".utf8) {
                try client.send([byte])
            }
            #expect(try client.receiveResponse().body == "POST /slow ab")
        }
    }

    @Test func `HTTP 1_0 ends with its response, unless it asks to keep the connection`() async throws {
        try await withServer { server in
            let once = try server.exchange("GET / HTTP/1.0\r\n\r\n")
            #expect(once.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(once.contains("\r\nConnection: close\r\n"))

            let client = try server.connect()
            for _ in 0..<2 {
                try client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                #expect(try client.receiveResponse()["connection"]?.lowercased() == "keep-alive")
            }
        }
    }

    @Test func `Connection close is honoured and nothing after it is answered`() async throws {
        try await withServer { server in
            let text = try server.exchange(
                "GET /1 HTTP/1.1\r\n\(host)Connection: close\r\n\r\nGET /2 HTTP/1.1\r\n\(host)\r\n")
            #expect(text.contains("GET /1"))
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(!text.contains("GET /2"))
        }
    }

    @Test func `a response may ask for the close itself`() async throws {
        try await withServer { _ in
            var response = Response.text("bye")
            response.closesConnection = true
            return response
        } _: { server in
            let text = try server.exchange("GET / HTTP/1.1\r\n\(host)\r\n")
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(text.hasSuffix("bye"))
        }
    }

    @Test func `HEAD gets the head of GET and no body`() async throws {
        try await withServer { _ in
            .text("some text")
        } _: { server in
            let client = try server.connect()
            try client.send("HEAD / HTTP/1.1\r\n\(host)\r\n")
            let head = try client.receiveResponse(toHead: true)
            #expect(head["content-length"] == "9")
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            #expect(try client.receiveResponse().body == "some text")
        }
    }

    @Test func `pipelined requests are answered in order, whatever each one takes`() async throws {
        try await withServer { request in
            // The earlier, the slower.
            if request.path.hasSuffix("0") { try? await sleep(for: .milliseconds(3)) }
            return .text(request.path)
        } _: { server in
            let client = try server.connect()
            let count = 100
            try client.send((0..<count).map { "GET /\($0) HTTP/1.1\r\n\(host)\r\n" }.joined())
            for index in 0..<count { #expect(try client.receiveResponse().body == "/\(index)") }
        }
    }

    @Test func `an answer does not wait for the next one, which takes long`() async throws {
        let hold = Gate()
        try await withServer { request in
            if request.path == "/long" { try? await hold.wait(until: .after(.seconds(60))) }
            return .text(request.path)
        } _: { server in
            let client = try server.connect()
            try client.send("GET /short HTTP/1.1\r\n\(host)\r\nGET /long HTTP/1.1\r\n\(host)\r\n")
            #expect(try client.receiveResponse().body == "/short")
            hold.open()
            #expect(try client.receiveResponse().body == "/long")
        }
    }

    @Test func `answers to a client that only sends wait for it, and none is lost`() async throws {
        let big = String(repeating: "x", count: 10_000)
        try await withServer {
            .text($0.path + big)
        } _: { server in
            let client = try server.connect(receiveBuffer: 4_096)
            let count = 500
            // Few enough bytes for the kernel to hold while nobody reads.
            try client.send((0..<count).map { "GET /\($0) HTTP/1.1\r\n\(host)\r\n" }.joined())
            for index in 0..<count { #expect(try client.receiveResponse().body == "/\(index)\(big)") }
        }
    }

    @Test func `a body in chunks is put together`() async throws {
        try await withServer { server in
            let client = try server.connect()
            try client.send(
                "POST /c HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n"
            )
            #expect(try client.receiveResponse().body == "POST /c abcde")
        }
    }

    @Test func `a client that expects 100 gets it before it sends the body, and once`() async throws {
        try await withServer { server in
            let client = try server.connect()
            try client.send("POST /e HTTP/1.1\r\n\(host)Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(try client.receiveResponse().statusLine == "HTTP/1.1 100 Continue")
            #expect(client.isSilent())
            try client.send("ab")
            #expect(try client.receiveResponse().body == "POST /e ab")
        }
    }

    @Test func `a client that finished sending still gets its answer`() async throws {
        try await withServer { request in
            try? await sleep(for: .milliseconds(5))
            return .text(request.path)
        } _: { server in
            let client = try server.connect()
            try client.send("GET /half HTTP/1.1\r\n\(host)\r\n")
            client.finishSending()
            #expect(try client.receiveToEnd().hasSuffix("/half"))
        }
    }

    @Test func `a handler knows who asks`() async throws {
        try await withServer {
            .text($0.peer.map(\.description) ?? "none")
        } _: { server in
            let answer = try server.exchange("GET / HTTP/1.0\r\n\r\n")
            #expect(answer.hasSuffix("\r\n\r\n127.0.0.1"))
        }
    }

    @Test func `after so many requests the connection is closed`() async throws {
        try await withServer(options: options { $0.requestsPerConnection = 3 }) { server in
            let text = try server.exchange(String(repeating: "GET / HTTP/1.1\r\n\(host)\r\n", count: 5))
            #expect(text.components("HTTP/1.1 200 OK") == 3)
            #expect(text.components("Connection: close") == 1)
        }
    }

    @Test func `many connections at once on several loops are all served`() async throws {
        try await withServer(loops: 2) { server in
            let clients = try (0..<200).map { _ in try server.connect() }
            for (index, client) in clients.enumerated() { try client.send("GET /\(index) HTTP/1.1\r\n\(host)\r\n") }
            for (index, client) in clients.enumerated() {
                #expect(try client.receiveResponse().body == "GET /\(index) ")
            }
            #expect(server.server.connectionCount == 200)
        }
    }

    @Test func `every request is told to the observer with what became of it`() async throws {
        try await withServer { server in
            _ = try server.exchange("GET /a?code=1&state=2 HTTP/1.0\r\n\r\n")
            try await server.events.wait(for: "answered 200")
            let exchange = try #require(server.events.exchanges.first)
            #expect(exchange.request.path == "/a")
            #expect(exchange.request.query.keys == ["code", "state"])
            #expect(exchange.status == .ok)
            #expect(exchange.bytes > 100)
            #expect(exchange.duration > .zero)
            #expect(exchange.request.peer?.isLoopback == true)
        }
    }

    @Test func `who comes before it starts waits, and is served`() async throws {
        try await LoopGroup.running(count: 2) { group in
            let server = Server(
                name: "late", address: .unix(path: "/tmp/magpie-server-\(UInt64.random(in: 0 ... .max))"), group: group,
                responder: Answers(answer: echo))
            try server.listen()
            let stream = try await Stream.connect(to: server.boundAddress, deadline: .after(.seconds(60)))
            try await stream.write(Array("GET /early HTTP/1.1\r\n\(host)\r\n".utf8))
            await #expect(throws: IOError.timedOut) {
                try await stream.read(upTo: 1, deadline: .after(.milliseconds(50)))
            }
            server.start()
            let answer = try await stream.read(upTo: 4_096, deadline: .after(.seconds(60)))
            #expect(String(decoding: answer, as: UTF8.self).contains("/early"))
            await server.stop(within: .zero)
        }
    }

    @Test func `an address in use is an error that names it`() async throws {
        try await withServer { server in
            let second = Server(
                name: "second", address: server.server.boundAddress, group: server.group,
                responder: Answers(answer: echo))
            let error = #expect(throws: ServerError.self) { try second.listen() }
            #expect(error?.description == "cannot listen on 127.0.0.1:\(server.port): Address already in use")
        }
    }

    @Test func `a Unix socket is served like a port, its clients have no address`() async throws {
        let path = "/tmp/magpie-server-\(UInt64.random(in: 0 ... .max))"
        try await LoopGroup.running(count: 2) { group in
            let server = Server(
                name: "unix", address: .unix(path: path), group: group,
                responder: Answers { .text($0.peer == nil ? "nobody" : "somebody") })
            try server.listen()
            server.start()
            let stream = try await Stream.connect(to: .unix(path: path), deadline: .after(.seconds(60)))
            try await stream.write(Array("GET / HTTP/1.1\r\n\(host)\r\n".utf8))
            let answer = try await stream.read(upTo: 4_096, deadline: .after(.seconds(60)))
            #expect(String(decoding: answer, as: UTF8.self).hasSuffix("\r\n\r\nnobody"))
            await server.stop(within: .zero)
        }
    }
}

extension String {
    /// How often a text occurs.
    func components(_ text: String) -> Int {
        indices.count { self[$0...].hasPrefix(text) }
    }
}
