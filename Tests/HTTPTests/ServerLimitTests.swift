import Dispatch
import HTTP
import Reactor
import Synchronization
import TestSupport
import Testing
import Wire

@Suite struct ServerLimitTests {
    private let short = Duration.milliseconds(40)

    // MARK: - Time

    @Test func `a head that comes too slowly is answered 408 and the connection closed`() async throws {
        try await withServer(options: options { $0.headerTimeout = short }) { server in
            let client = try server.connect()
            try client.send("GET / HTTP/1.1\r\n")
            let start = Deadline.now()
            let text = try client.receiveToEnd()
            #expect(text.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"))
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(Deadline.now().since(start) < .seconds(30))
            #expect(server.events.names == ["refused 408"])
        }
    }

    @Test func `a byte now and then does not buy a head more time`() async throws {
        try await withServer(options: options { $0.headerTimeout = .milliseconds(150) }) { server in
            let client = try server.connect()
            let start = Deadline.now()
            // Each byte comes well within the limit; all together do not.
            while client.isSilent(milliseconds: 20), Deadline.now().since(start) < .seconds(10) {
                try client.send("G")
            }
            #expect(try client.receiveToEnd().hasPrefix("HTTP/1.1 408 "))
            // Not at the first byte's heels. The loop's clock may be some milliseconds older than this one.
            #expect(Deadline.now().since(start) >= .milliseconds(100))
        }
    }

    @Test func `a body that comes too slowly is answered 408`() async throws {
        try await withServer(options: options { $0.bodyTimeout = short }) { server in
            let client = try server.connect()
            try client.send("POST / HTTP/1.1\r\n\(host)Content-Length: 10\r\n\r\nabc")
            #expect(try client.receiveToEnd().hasPrefix("HTTP/1.1 408 "))
        }
    }

    @Test func `the time for a head begins anew with every request`() async throws {
        try await withServer(options: options { $0.headerTimeout = .seconds(1) }) { server in
            let client = try server.connect()
            let start = Deadline.now()
            while Deadline.now().since(start) < .milliseconds(1_300) {
                try client.send("GET / HTTP/1.1\r\n")
                _ = client.isSilent(milliseconds: 10)
                try client.send("\(host)\r\n")
                #expect(try client.receiveResponse().status == 200)
            }
        }
    }

    @Test(arguments: [false, true])
    func `an idle connection is closed without a word`(isUsed: Bool) async throws {
        try await withServer(options: options { $0.idleTimeout = isUsed ? .seconds(1) : short }) { server in
            let client = try server.connect()
            if isUsed {
                try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
                #expect(try client.receiveResponse().status == 200)
            }
            #expect(try client.receiveToEnd().isEmpty)
            #expect(!server.events.names.contains { $0.hasPrefix("refused") })
        }
    }

    @Test func `a connection that was idle for long is still good`() async throws {
        try await withServer { server in
            let client = try server.connect()
            for _ in 0..<2 {
                try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
                #expect(try client.receiveResponse().status == 200)
                // Longer than the connection keeps its buffers.
                #expect(client.isSilent(milliseconds: 1_100))
            }
        }
    }

    @Test func `a client that reads nothing is cut off`() async throws {
        let body = String(repeating: "x", count: 20_000_000)
        try await withServer(options: options { $0.writeTimeout = short }) { _ in
            .text(body)
        } _: { server in
            let client = try server.connect(receiveBuffer: 4_096)
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            try await server.events.wait(for: "stalled")
            let error = #expect(throws: RawClient.Failure.self) { try client.receiveToEnd() }
            #expect(error?.isReset == true)
        }
    }

    @Test func `a client that stops reading a stream is cut off like any other`() async throws {
        try await withServer(options: options { $0.writeTimeout = short }) { _ in
            Response(
                .ok,
                body: .stream(length: nil) { sink in
                    while true { try await sink.write([UInt8](repeating: 0, count: 100_000)) }
                })
        } _: { server in
            let client = try server.connect(receiveBuffer: 4_096)
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            try await server.events.wait(for: "stalled")
            #expect(server.events.names == ["answered 200 cut", "stalled"])
        }
    }

    @Test func `an empty line before a request does not shorten its time`() async throws {
        try await withServer(options: options { $0.headerTimeout = .milliseconds(500) }) { server in
            let client = try server.connect()
            try client.send("\r")
            _ = client.isSilent(milliseconds: 20)
            try client.send("\n")
            #expect(client.isSilent(milliseconds: 600))
            try client.send("GET / HTTP/1.1\r\n")
            _ = client.isSilent(milliseconds: 20)
            try client.send("\(host)\r\n")
            #expect(try client.receiveResponse().status == 200)
        }
    }

    // MARK: - Size

    enum Excess: Int, CaseIterable {
        case target = 414
        case fieldLine = 431
        case declaredBody = 413
        case noRequest = 400
        case version = 505

        var text: String {
            switch self {
            case .target: "GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\n\(host)\r\n"
            case .fieldLine: "GET / HTTP/1.1\r\n\(host)X: \(String(repeating: "a", count: 20_000))\r\n\r\n"
            case .declaredBody: "POST / HTTP/1.1\r\n\(host)Content-Length: 70000\r\n\r\n"
            case .noRequest: "BAD\r\n\r\n"
            case .version: "GET / HTTP/3.0\r\n\(host)\r\n"
            }
        }
    }

    @Test(arguments: Excess.allCases)
    func `what is too large or no request is answered once and the connection closed`(excess: Excess) async throws {
        try await withServer { server in
            let answer = try server.exchange(excess.text + "GET /after HTTP/1.1\r\n\(host)\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 \(excess.rawValue) "))
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(answer.components("HTTP/1.1 ") == 1)
            #expect(server.events.names == ["refused \(excess.rawValue)"])
        }
    }

    @Test func `too many fields and too long a chunk are refused like any other excess`() async throws {
        try await withServer { server in
            let fields = String(repeating: "X: a\r\n", count: 200)
            let tooMany = try server.exchange("GET / HTTP/1.1\r\n\(host)\(fields)\r\n")
            #expect(tooMany.hasPrefix("HTTP/1.1 431 "))
            let chunk = "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n12000\r\n"
            let tooLong = try server.exchange(chunk)
            #expect(tooLong.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func `who is refused in the middle of a large body reads the answer, not a reset`() async throws {
        try await withServer { server in
            let client = try server.connect()
            try client.send("POST / HTTP/1.1\r\n\(host)Content-Length: 900000\r\n\r\n")
            // A plain close would answer these bytes with a RST, which wipes the answer before it is read.
            try client.send([UInt8](repeating: 0, count: 900_000))
            #expect(try client.receiveResponse().status == 413)
        }
    }

    @Test func `who goes on sending after a refusal is not listened to for ever`() async throws {
        try await withServer { server in
            let client = try server.connect()
            try client.send("POST / HTTP/1.1\r\n\(host)Content-Length: 90000000\r\n\r\n")
            #expect(throws: RawClient.Failure.self) {
                while true { try client.send([UInt8](repeating: 0, count: 100_000)) }
            }
        }
    }

    @Test func `the body of a refusal is the product's own`() async throws {
        let custom = options {
            $0.refusal = { status, error in .text("\(status.code) \(error.map { "\($0)" } ?? "-")", status: status) }
        }
        try await withServer(options: custom) { server in
            let answer = try server.exchange("BAD\r\n\r\n")
            #expect(answer.hasSuffix("\r\n\r\n400 badRequestLine"))
        }
    }

    @Test func `good requests before a bad one are answered`() async throws {
        try await withServer { server in
            let answer = try server.exchange("GET /good HTTP/1.1\r\n\(host)\r\nBAD\r\n\r\n")
            #expect(answer.contains("GET /good HTTP/1.1 400 ") || answer.contains("GET /good "))
            #expect(answer.components("HTTP/1.1 200 OK") == 1)
            #expect(answer.components("HTTP/1.1 400 Bad Request") == 1)
        }
    }

    // MARK: - Number

    @Test func `one connection too many is answered 503, and the next one served when there is room`() async throws {
        try await withServer(options: options { $0.connections = 2 }) { server in
            var clients = try (0..<2).map { _ in try server.connect() }
            for client in clients {
                try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
                #expect(try client.receiveResponse().status == 200)
            }
            let refused = try server.connect().receiveToEnd()
            #expect(refused.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(refused.contains("\r\nConnection: close\r\n"))
            #expect(server.events.names.last == "overloaded")

            clients.removeLast()
            try await server.waitForConnections(1)
            let next = try server.connect()
            try next.send("GET / HTTP/1.1\r\n\(host)\r\n")
            #expect(try next.receiveResponse().status == 200)
        }
    }

    @Test func `one address may have so many connections and no more`() async throws {
        try await withServer(options: options { $0.connectionsPerAddress = 1 }) { server in
            let first = try server.connect()
            try first.send("GET / HTTP/1.1\r\n\(host)\r\n")
            #expect(try first.receiveResponse().status == 200)
            #expect(try server.connect().receiveToEnd().hasPrefix("HTTP/1.1 503 "))
        }
    }

    /// A connection used to be served until its reads were used up: 1,600 requests, while all others waited.
    @Test func `who sends a thousand requests at once does not make others wait for the last of them`() async throws {
        let order = Mutex<[String]>([])
        let (held, released) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        try await withServer { request in
            order.withLock { $0.append(request.path) }
            if request.path == "/hold" {
                // The loop stands still until everybody has sent everything.
                held.signal()
                released.wait()
            }
            return .text("")
        } _: { server in
            let (holder, crowd, one) = (try server.connect(), try server.connect(), try server.connect())
            try holder.send("GET /hold HTTP/1.1\r\n\(host)\r\n")
            held.wait()
            try crowd.send(String(repeating: "GET /crowd HTTP/1.1\r\n\(host)\r\n", count: 900))
            try one.send("GET /one HTTP/1.1\r\n\(host)\r\n")
            released.signal()
            #expect(try one.receiveResponse().status == 200)
            for _ in 0..<900 { #expect(try crowd.receiveResponse().status == 200) }
        }
        #expect(try #require(order.withLock { $0.firstIndex(of: "/one") }) < 100)
    }

    // MARK: - Rude clients

    @Test func `a client that resets in the middle of its body harms nobody`() async throws {
        try await withServer { server in
            let rude = try server.connect()
            try rude.send("POST / HTTP/1.1\r\n\(host)Content-Length: 100\r\n\r\nabc")
            rude.reset()
            try await server.waitForConnections(0)
            let client = try server.connect()
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            #expect(try client.receiveResponse().status == 200)
        }
    }

    @Test func `a client that ends before its request does is let go`() async throws {
        let whole = "POST / HTTP/1.1\r\n\(host)Content-Length: 3\r\n\r\nabc"
        try await withServer { server in
            for length in [0, 3, 16, whole.utf8.count - 1] {
                let client = try server.connect()
                try client.send(Array(whole.utf8.prefix(length)))
                client.finishSending()
                #expect(try client.receiveToEnd().isEmpty)
                try await server.waitForConnections(0)
            }
        }
    }

    @Test func `a hundred slow clients do not hold up one that is not`() async throws {
        try await withServer { server in
            let slow = try (0..<100).map { _ in try server.connect() }
            for client in slow { try client.send("GET / HTTP/1.1\r\nHost: a") }
            let client = try server.connect()
            for _ in 0..<50 {
                try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
                #expect(try client.receiveResponse().status == 200)
            }
        }
    }
}

extension TestServer {
    func waitForConnections(_ count: Int) async throws {
        let deadline = Deadline.after(.seconds(60))
        while server.connectionCount != count {
            try #require(!deadline.hasPassed, "\(server.connectionCount) connections instead of \(count)")
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
