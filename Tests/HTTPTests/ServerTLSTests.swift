import HTTP
import Reactor
import Secure
import TestSupport
import Testing
import Wire

@Suite struct ServerTLSTests {
    private func secured(
        _ change: (inout ServerOptions) -> Void = { _ in }
    ) throws -> (options: ServerOptions, caFile: String, authority: CertificateAuthority) {
        let authority = CertificateAuthority()
        let identity = authority.issue("DNS:localhost")
        var options = ServerOptions()
        options.tls = try .server(certificateFile: identity.certificateFile, keyFile: identity.keyFile)
        change(&options)
        return (options, authority.certificateFile, authority)
    }

    @Test func `requests over TLS are answered on one connection, and known to be secure`() async throws {
        let (options, caFile, authority) = try secured()
        try await withServer(options: options) {
            .text("\($0.path) \($0.isSecure)\n")
        } _: { server in
            let client = try SecureClient(port: server.port, trusting: caFile)
            for round in 0..<3 {
                try client.send("GET /\(round) HTTP/1.1\r\n\(host)\r\n")
                #expect(try client.receive(until: "\n").hasSuffix("\r\n\r\n/\(round) true\n"))
            }
        }
        withExtendedLifetime(authority) {}
    }

    @Test func `large bodies pass both ways, however they fall into records`() async throws {
        let (options, caFile, authority) = try secured { $0.limits.bodyBytes = 1 << 20 }
        try await withServer(options: options) { request in
            Response(.ok, body: .bytes(request.body + request.body + Array("end".utf8)))
        } _: { server in
            let client = try SecureClient(port: server.port, trusting: caFile)
            let body = String(repeating: "0123456789", count: 50_000)
            try client.send("POST / HTTP/1.1\r\n\(host)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
            #expect(try client.receive(until: "end").hasSuffix("\r\n\r\n" + body + body + "end"))
        }
        withExtendedLifetime(authority) {}
    }

    @Test func `a streamed body is sealed piece by piece`() async throws {
        let (options, caFile, authority) = try secured()
        try await withServer(options: options) { _ in
            Response(
                .ok,
                body: .stream(length: nil) { sink in
                    for word in ["one", "two"] { try await sink.write(Array(word.utf8)) }
                })
        } _: { server in
            let client = try SecureClient(port: server.port, trusting: caFile)
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            let answer = try client.receive(until: "0\r\n\r\n")
            #expect(answer.hasSuffix("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"))
        }
        withExtendedLifetime(authority) {}
    }

    @Test func `the last answer ends with TLS's own farewell, so that nothing can be cut off unnoticed`() async throws {
        let (options, caFile, authority) = try secured()
        try await withServer(options: options) { server in
            for text in ["GET / HTTP/1.0\r\n\r\n", "BAD\r\n\r\n"] {
                let client = try SecureClient(port: server.port, trusting: caFile)
                try client.send(text)
                // Throws `.truncated` without the farewell.
                #expect(try client.receive().contains("Connection: close"))
            }
        }
        withExtendedLifetime(authority) {}
    }

    @Test func `a client that speaks plain HTTP to it is let go, and the reason told`() async throws {
        let (options, _, authority) = try secured()
        try await withServer(options: options) { server in
            let client = try server.connect()
            try client.send("GET / HTTP/1.1\r\n\(host)\r\n")
            let answer = try? client.receiveToEnd()
            #expect(answer?.contains("200") != true)
            try await server.events.wait(for: "handshake failed")
        }
        withExtendedLifetime(authority) {}
    }

    @Test func `a client that never begins the handshake is let go at the deadline`() async throws {
        let (options, _, authority) = try secured { $0.handshakeTimeout = .milliseconds(40) }
        try await withServer(options: options) { server in
            #expect(try server.connect().receiveToEnd().isEmpty)
            try await server.events.wait(for: "handshake failed")
            try await server.waitForConnections(0)
        }
        withExtendedLifetime(authority) {}
    }

    @Test func `one connection too many is closed before any TLS`() async throws {
        let (options, caFile, authority) = try secured { $0.connections = 1 }
        try await withServer(options: options) { server in
            let first = try SecureClient(port: server.port, trusting: caFile)
            #expect(try server.connect().receiveToEnd().isEmpty)
            try first.send("GET / HTTP/1.0\r\n\r\n")
            #expect(try first.receive().contains("200 OK"))
        }
        withExtendedLifetime(authority) {}
    }
}
