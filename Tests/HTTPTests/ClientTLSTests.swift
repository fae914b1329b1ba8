import HTTP
import Reactor
import Secure
import Synchronization
import TestSupport
import Testing
import Wire

private let authority = Mutex(CertificateAuthority())

@Suite struct ClientTLSTests {
    /// A server with this identity, and a client that trusts the test's authority.
    private func running(
        _ identity: CertificateAuthority.Identity, script: @escaping ClientTestServer.Script,
        calling body: @escaping @Sendable (ClientTestServer, Client) async throws -> Void
    ) async throws {
        let tls = try TLSContext.server(certificateFile: identity.certificateFile, keyFile: identity.keyFile)
        try await ClientTestServer.running(tls: tls, script: script) { server, group in
            let client = try makeClient(group) { options in
                options.caFile = authority.withLock { $0.certificateFile }
                options.idlePerHost = 1
            }
            try await body(server, client)
        }
    }

    private func issue(_ names: String, ends: Int = 3_600) -> CertificateAuthority.Identity {
        authority.withLock { $0.issue(names, begins: -7_200, ends: ends) }
    }

    @Test func `a call over TLS is answered, and the connection kept`() async throws {
        let text = String(repeating: "text ", count: 10_000)
        try await running(issue("IP:127.0.0.1")) {
            try await $0.answerAll(text)
        } calling: { server, client in
            for _ in 0..<3 {
                let request = ClientRequest(
                    .post, to: try server.url(scheme: "https"), path: "/", body: [UInt8](repeating: 1, count: 50_000))
                #expect(try await client.send(request).text == text)
            }
            #expect(server.connections == 1)
            #expect(server.requests.allSatisfy { $0.body.count == 50_000 })
        }
    }

    @Test func `a host is verified by its name`() async throws {
        try await running(issue("DNS:localhost")) {
            try await $0.answerAll()
        } calling: { server, client in
            let request = ClientRequest(to: try server.url("localhost", scheme: "https"), path: "/")
            #expect(try await client.send(request).text == "ok")
        }
    }

    @Test(arguments: [
        ("IP:127.0.0.1", -60, CertificateFault.expired), ("IP:127.0.0.2", 3_600, .wrongAddress),
        ("DNS:localhost", 3_600, .wrongAddress),
    ])
    func `a certificate that does not fit is refused before the request is sent`(
        names: String, ends: Int, fault: CertificateFault
    ) async throws {
        try await running(issue(names, ends: ends)) {
            try await $0.answerAll()
        } calling: { server, client in
            let request = ClientRequest(to: try server.url(scheme: "https"), path: "/")
            let error = await #expect(throws: ClientError.self) { try await client.send(request) }
            #expect(error?.kind == .tls(.untrusted(fault)))
            #expect(server.requests.isEmpty)
        }
    }

    @Test func `a self-signed certificate is refused, and so is a root that only others trust`() async throws {
        let identity = authority.withLock { $0.selfSigned("IP:127.0.0.1") }
        try await running(identity) {
            try await $0.answerAll()
        } calling: { server, client in
            let request = ClientRequest(to: try server.url(scheme: "https"), path: "/")
            let error = await #expect(throws: ClientError.self) { try await client.send(request) }
            #expect(error?.kind == .tls(.untrusted(.selfSigned)))
        }
        let sound = issue("IP:127.0.0.1")
        let tls = try TLSContext.server(certificateFile: sound.certificateFile, keyFile: sound.keyFile)
        try await ClientTestServer.running(tls: tls) {
            try await $0.answerAll()
        } calling: { server, group in
            let request = ClientRequest(to: try server.url(scheme: "https"), path: "/")
            let error = await #expect(throws: ClientError.self) { try await makeClient(group).send(request) }
            #expect(error?.kind == .tls(.untrusted(.untrustedRoot)))
            #expect(
                error.map { "\($0)" }
                    == "https://127.0.0.1:\(server.port)/: certificate not accepted: "
                    + "self-signed certificate in certificate chain")
        }
    }

    @Test func `a server without TLS is named as such`() async throws {
        try await ClientTestServer.running { side in
            try await side.send("HTTP/1.1 400 Bad Request\r\n\r\n")
            try await side.linger()
        } calling: { server, group in
            let request = ClientRequest(to: try server.url(scheme: "https"), path: "/")
            let error = await #expect(throws: ClientError.self) { try await makeClient(group).send(request) }
            #expect(error?.kind == .tls(.tls(.notTLS)))
        }
    }

    @Test func `an answer that ends with its connection must end in TLS first`() async throws {
        let identity = issue("IP:127.0.0.1")
        for isHonest in [true, false] {
            try await running(
                identity
            ) { side in
                _ = try await side.request()
                try await side.send("HTTP/1.1 200 OK\r\n\r\nall of it")
                if isHonest { try await side.closeTLS() }
            } calling: { server, client in
                let request = ClientRequest(to: try server.url(scheme: "https"), path: "/")
                if isHonest {
                    #expect(try await client.send(request).text == "all of it")
                } else {
                    let error = await #expect(throws: ClientError.self) { try await client.send(request) }
                    #expect(error?.kind == .interrupted)
                }
            }
        }
    }

    @Test func `a new connection to a known host resumes its session`() async throws {
        let resumed = Mutex<[Bool]>([])
        try await running(
            issue("IP:127.0.0.1")
        ) { side in
            _ = try await side.request()
            resumed.withLock { $0.append(side.isResumed) }
            try await side.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        } calling: { server, client in
            for _ in 0..<3 {
                _ = try await client.send(ClientRequest(to: try server.url(scheme: "https"), path: "/"))
            }
        }
        #expect(resumed.withLock { $0 } == [false, true, true])
    }
}
