import HTTP
import Reactor
import Synchronization
import TestSupport
import Testing
import Wire

@Suite struct ServerStreamTests {
    struct Broken: Error {}

    private func streaming(
        length: Int? = nil, _ produce: @escaping @Sendable (any BodySink) async throws -> Void
    ) -> @Sendable (Request) async -> Response {
        { _ in Response(.ok, [(.contentType, "text/plain")], body: .stream(length: length, produce)) }
    }

    @Test func `a body of unknown length is sent in chunks and the connection lives on`() async throws {
        let answer = streaming { sink in
            for word in ["one ", "", "two ", "three"] { try await sink.write(Array(word.utf8)) }
        }
        try await withServer(answer: answer) { server in
            let client = try server.connect()
            for _ in 0..<2 {
                try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
                let response = try client.receiveResponse()
                #expect(response["transfer-encoding"] == "chunked")
                #expect(response["content-length"] == nil)
                #expect(response.body == "one two three")
                #expect(response.text.hasSuffix("4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"))
            }
        }
    }

    @Test func `a body of known length is sent as it is`() async throws {
        try await withServer(answer: streaming(length: 6) { try await $0.write(Array("abcdef".utf8)) }) { server in
            let client = try server.connect()
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            let response = try client.receiveResponse()
            #expect(response["content-length"] == "6")
            #expect(response["transfer-encoding"] == nil)
            #expect(response.body == "abcdef")
        }
    }

    @Test func `to HTTP 1_0 a body of unknown length ends with the connection`() async throws {
        try await withServer(answer: streaming { try await $0.write(Array("abc".utf8)) }) { server in
            let text = try server.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(!text.lowercased().contains("transfer-encoding"))
            #expect(!text.lowercased().contains("content-length"))
            #expect(text.contains("\r\nConnection: close\r\n"))
            #expect(text.hasSuffix("\r\n\r\nabc"))
        }
    }

    @Test func `pieces leave as they are written`() async throws {
        let hold = Gate()
        let answer = streaming { sink in
            try await sink.write(Array("first".utf8))
            try await hold.wait(until: .after(.seconds(60)))
            try await sink.write(Array("second".utf8))
        }
        try await withServer(answer: answer) { server in
            let client = try server.connect()
            try client.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try client.receive(until: "first"))
            hold.open()
            #expect(try client.receive(until: "second"))
        }
    }

    @Test func `HEAD gets the head of a stream, which is not produced`() async throws {
        let runs = Atomic(0)
        let answer = streaming(length: 5) { _ in runs.add(1, ordering: .relaxed) }
        try await withServer(answer: answer) { server in
            let client = try server.connect()
            for _ in 0..<2 {
                try client.send("HEAD / HTTP/1.1\r\n\(host)\r\n")
                #expect(try client.receiveResponse(toHead: true)["content-length"] == "5")
            }
            #expect(runs.load(ordering: .relaxed) == 0)
        }
    }

    @Test(arguments: ["HTTP/1.1", "HTTP/1.0"])
    func `a body that fails half way is cut, so that nobody takes it for whole`(version: String) async throws {
        let answer = streaming { sink in
            try await sink.write(Array("half".utf8))
            throw Broken()
        }
        try await withServer(answer: answer) { server in
            let client = try server.connect()
            try client.send("GET / \(version)\r\n\(host)\r\n")
            let error = #expect(throws: RawClient.Failure.self) { try client.receiveToEnd() }
            #expect(error?.isReset == true)
            try await server.events.wait(for: "answered 200 cut")
        }
    }

    @Test(arguments: [3, 9]) func `a body that is not as long as announced is cut`(announced: Int) async throws {
        let answer = streaming(length: announced) { sink in
            for _ in 0..<3 { try await sink.write(Array("ab".utf8)) }
        }
        try await withServer(answer: answer) { server in
            let client = try server.connect()
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            let error = #expect(throws: RawClient.Failure.self) { try client.receiveToEnd() }
            #expect(error?.isReset == true)
        }
    }

    @Test func `an aborted response is a reset connection without a byte`() async throws {
        try await withServer { _ in
            Response(.ok, body: .abort)
        } _: { server in
            let client = try server.connect()
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            let error = #expect(throws: RawClient.Failure.self) { try client.receiveResponse() }
            #expect(error?.isReset == true)
            try await server.events.wait(for: "answered 200 cut")
        }
    }

    @Test func `a long stream waits for a slow reader and arrives whole`() async throws {
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 50_000)
        let answer = streaming { sink in for _ in 0..<100 { try await sink.write(piece) } }
        try await withServer(answer: answer) { server in
            let client = try server.connect(receiveBuffer: 4_096)
            try client.send("GET / HTTP/1.0\r\n\r\n")
            let text = try client.receiveToEnd()
            #expect(text.hasSuffix("\r\n\r\n" + String(repeating: "x", count: 5_000_000)))
        }
    }

    @Test func `a client that leaves in the middle ends the stream`() async throws {
        let ended = Gate()
        let answer = streaming { sink in
            defer { ended.open() }
            while true { try await sink.write([UInt8](repeating: 0, count: 100_000)) }
        }
        try await withServer(answer: answer) { server in
            let client = try server.connect()
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            #expect(try client.receive(until: "\r\n\r\n"))
            client.reset()
            try await server.group.run { try await ended.wait(until: .after(.seconds(60))) }
            try await server.events.wait(for: "answered 200 cut")
        }
    }
}
