import Foundation
import Secure
import Synchronization
import TestSupport
import Testing

private let authority = Mutex(CertificateAuthority())

private func issue(_ names: String, begins: Int = -3_600, ends: Int = 3_600) -> CertificateAuthority.Identity {
    authority.withLock { $0.issue(names, begins: begins, ends: ends) }
}

private func serverContext(_ identity: CertificateAuthority.Identity) throws -> TLSContext {
    try .server(certificateFile: identity.certificateFile, keyFile: identity.keyFile)
}

private func trustingContext() throws -> TLSContext {
    try .client(caFile: authority.withLock { $0.certificateFile })
}

/// A client and a server with nothing but memory between them.
private struct Pair {
    let client: TLSEngine
    let server: TLSEngine

    init(
        serving names: String, as host: String, trusting: TLSContext? = nil, begins: Int = -3_600, ends: Int = 3_600
    ) throws {
        client = try TLSEngine(client: trusting ?? trustingContext(), hostName: host)
        server = TLSEngine(server: try serverContext(issue(names, begins: begins, ends: ends)))
    }

    init(client: TLSEngine, server: TLSEngine) {
        self.client = client
        self.server = server
    }

    /// Carries bytes back and forth until both sides are done, and throws what the client throws.
    func shakeHands() throws {
        var isDone = (client: false, server: false)
        var rounds = 0
        while !isDone.client || !isDone.server {
            rounds += 1
            try #require(rounds < 10, "the handshake does not end")
            isDone.client = try client.handshake()
            server.feed(client.takeCiphertext())
            isDone.server = try server.handshake()
            client.feed(server.takeCiphertext())
        }
    }

    func carry() {
        server.feed(client.takeCiphertext())
        client.feed(server.takeCiphertext())
    }
}

extension TLSEngine {
    /// Everything there is to read now.
    fileprivate func readAll() throws -> [UInt8] {
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while let count = try buffer.withUnsafeMutableBytes({ try read(into: $0) }), count > 0 {
            all += buffer.prefix(count)
        }
        return all
    }

    fileprivate func readOnce() throws -> Int? {
        var buffer = [UInt8](repeating: 0, count: 64)
        return try buffer.withUnsafeMutableBytes { try read(into: $0) }
    }
}

@Suite struct TLSEngineTests {
    @Test(arguments: [
        ("DNS:api.example.test", "api.example.test"), ("DNS:*.example.test", "api.example.test"),
        ("DNS:API.example.test", "api.example.test"), ("IP:127.0.0.1", "127.0.0.1"), ("IP:::1", "::1"),
        ("DNS:other.test,DNS:localhost,IP:127.0.0.1", "localhost"),
    ])
    func `a certificate for the host is accepted and text goes both ways`(names: String, host: String) throws {
        let pair = try Pair(serving: names, as: host)
        try pair.shakeHands()
        #expect(pair.client.version == "TLSv1.3" && pair.server.version == "TLSv1.3")
        try pair.client.write(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        pair.carry()
        #expect(try pair.server.readAll() == Array("GET / HTTP/1.1\r\n\r\n".utf8))
        let page = Random.bytes(300_000)
        try pair.server.write(page)
        pair.carry()
        #expect(try pair.client.readAll() == page)
        #expect(try pair.client.readOnce() == nil)
    }

    @Test func `a handshake survives being delivered byte by byte`() throws {
        let pair = try Pair(serving: "DNS:localhost", as: "localhost")
        var isDone = (client: false, server: false)
        var rounds = 0
        while !isDone.client || !isDone.server {
            rounds += 1
            try #require(rounds < 10)
            isDone.client = try pair.client.handshake()
            for byte in pair.client.takeCiphertext() {
                pair.server.feed([byte])
                isDone.server = try pair.server.handshake()
            }
            for byte in pair.server.takeCiphertext() {
                pair.client.feed([byte])
                isDone.client = try pair.client.handshake()
            }
        }
        try pair.server.write([1, 2, 3])
        pair.carry()
        #expect(try pair.client.readAll() == [1, 2, 3])
    }

    @Test(arguments: [
        ("DNS:example.test", "api.example.test"), ("DNS:*.example.test", "a.b.example.test"),
        ("DNS:*.example.test", "example.test"), ("DNS:a*.example.test", "api.example.test"),
        ("DNS:localhost", "localhost.evil.test"), ("DNS:localhost", "localhos"),
    ])
    func `a certificate for another host is refused`(names: String, host: String) throws {
        let pair = try Pair(serving: names, as: host)
        #expect(throws: SecureError.untrusted(.wrongHost)) { try pair.shakeHands() }
    }

    @Test func `a certificate for a name is not one for an address`() throws {
        let pair = try Pair(serving: "DNS:127.0.0.1", as: "127.0.0.1")
        #expect(throws: SecureError.untrusted(.wrongAddress)) { try pair.shakeHands() }
    }

    @Test func `an expired certificate is refused`() throws {
        let pair = try Pair(serving: "DNS:localhost", as: "localhost", begins: -7_200, ends: -60)
        #expect(throws: SecureError.untrusted(.expired)) { try pair.shakeHands() }
    }

    @Test func `a certificate from the future is refused`() throws {
        let pair = try Pair(serving: "DNS:localhost", as: "localhost", begins: 600, ends: 7_200)
        #expect(throws: SecureError.untrusted(.notYetValid)) { try pair.shakeHands() }
    }

    @Test func `a self-signed certificate is refused`() throws {
        let identity = authority.withLock { $0.selfSigned("DNS:localhost") }
        let pair = Pair(
            client: try TLSEngine(client: trustingContext(), hostName: "localhost"),
            server: TLSEngine(server: try serverContext(identity)))
        #expect(throws: SecureError.untrusted(.selfSigned)) { try pair.shakeHands() }
    }

    @Test func `a chain to a root that nobody trusts is refused, and the server hears it`() throws {
        let pair = try Pair(serving: "DNS:localhost", as: "localhost", trusting: .client())
        #expect(throws: SecureError.untrusted(.untrustedRoot)) { try pair.shakeHands() }
        pair.server.feed(pair.client.takeCiphertext())
        let error = #expect(throws: SecureError.self) { try pair.server.handshake() }
        #expect(error.map { "\($0)" } == "TLS: tlsv1 alert unknown ca")
    }

    @Test func `a leaf whose issuer is not sent is refused`() throws {
        var identity = issue("DNS:localhost")
        identity.certificateFile = try withFirstCertificateOnly(identity.certificateFile)
        let pair = Pair(
            client: try TLSEngine(client: .client(), hostName: "localhost"),
            server: TLSEngine(server: try serverContext(identity)))
        #expect(throws: SecureError.untrusted(.unknownIssuer)) { try pair.shakeHands() }
    }

    @Test(arguments: ["", "a\u{0}b"]) func `a host that cannot be checked is refused before anything is sent`(
        host: String
    ) throws {
        let context = try trustingContext()
        #expect(throws: SecureError.invalidHostName) { try TLSEngine(client: context, hostName: host) }
    }

    // A ClientHello as a TLS 1.1 client sends it: its version, no extensions.
    @Test func `a client that speaks TLS 1.1 is refused with the alert that says so`() throws {
        let server = TLSEngine(server: try serverContext(issue("DNS:localhost")))
        let body: [UInt8] = [3, 2] + Random.bytes(32) + [0, 0, 4, 0xC0, 0x13, 0x00, 0x2F, 1, 0]
        let hello: [UInt8] = [1, 0, 0, UInt8(body.count)] + body
        server.feed([22, 3, 1, 0, UInt8(hello.count)] + hello)
        #expect(throws: SecureError.tls(.unsupportedVersion)) { try server.handshake() }
        // Alert, fatal, protocol_version.
        #expect(Array(server.takeCiphertext().suffix(2)) == [2, 70])
    }

    @Test func `a server that chooses TLS 1.1 is refused`() throws {
        let client = try TLSEngine(client: trustingContext(), hostName: "localhost")
        #expect(try client.handshake() == false)
        let body: [UInt8] = [3, 2] + Random.bytes(32) + [0, 0xC0, 0x13, 0]
        let hello: [UInt8] = [2, 0, 0, UInt8(body.count)] + body
        client.feed([22, 3, 2, 0, UInt8(hello.count)] + hello)
        #expect(throws: SecureError.tls(.unsupportedVersion)) { try client.handshake() }
    }

    @Test func `a peer without TLS is named as such`() throws {
        let client = try TLSEngine(client: trustingContext(), hostName: "localhost")
        #expect(try client.handshake() == false)
        client.feed(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        #expect(throws: SecureError.tls(.notTLS)) { try client.handshake() }

        let server = TLSEngine(server: try serverContext(issue("DNS:localhost")))
        server.feed(Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
        #expect(throws: SecureError.tls(.plainHTTP)) { try server.handshake() }
    }

    @Test func `a close is told from a cut`() throws {
        let closed = try Pair(serving: "DNS:localhost", as: "localhost")
        try closed.shakeHands()
        try closed.server.write(Array("all".utf8))
        closed.server.close()
        closed.carry()
        closed.client.feedEnd()
        #expect(try closed.client.readAll() == Array("all".utf8))
        #expect(try closed.client.readOnce() == 0)
        #expect(try closed.client.readOnce() == 0)

        let cut = try Pair(serving: "DNS:localhost", as: "localhost")
        try cut.shakeHands()
        try cut.server.write(Array("half".utf8))
        cut.carry()
        cut.client.feedEnd()
        #expect(try cut.client.readOnce() == 4)
        #expect(throws: SecureError.truncated) { try cut.client.readOnce() }
        #expect(throws: SecureError.truncated) { try cut.client.readOnce() }
    }

    @Test func `an end in the middle of the handshake or of a record is a cut`() throws {
        let early = try Pair(serving: "DNS:localhost", as: "localhost")
        #expect(try early.client.handshake() == false)
        early.client.feedEnd()
        #expect(throws: SecureError.truncated) { try early.client.handshake() }

        let late = try Pair(serving: "DNS:localhost", as: "localhost")
        try late.shakeHands()
        try late.server.write(Array("record".utf8))
        late.client.feed(Array(late.server.takeCiphertext().dropLast(3)))
        late.client.feedEnd()
        #expect(throws: SecureError.truncated) { try late.client.readAll() }
    }

    @Test func `a changed record is refused`() throws {
        let pair = try Pair(serving: "DNS:localhost", as: "localhost")
        try pair.shakeHands()
        _ = try pair.client.readOnce()
        try pair.server.write(Array("genuine".utf8))
        var record = pair.server.takeCiphertext()
        record[record.count - 1] ^= 1
        pair.client.feed(record)
        let error = #expect(throws: SecureError.self) { try pair.client.readAll() }
        #expect(error.map { "\($0)" } == "TLS: decryption failed or bad record mac")
    }

    @Test func `an error of one connection is not found by the next`() throws {
        let broken = try Pair(serving: "DNS:other.test", as: "localhost")
        #expect(throws: SecureError.self) { try broken.shakeHands() }
        _ = try? AEAD.open(Random.bytes(40), key: Random.bytes(32))
        let sound = try Pair(serving: "DNS:localhost", as: "localhost")
        try sound.shakeHands()
        #expect(try sound.client.readOnce() == nil)
    }

    @Test func `a session is resumed, also after a close without ceremony`() throws {
        let identity = issue("DNS:localhost")
        let (client, server) = (try trustingContext(), try serverContext(identity))
        var session: TLSSession?
        for round in 0..<3 {
            let pair = Pair(
                client: try TLSEngine(client: client, hostName: "localhost", resuming: session),
                server: TLSEngine(server: server))
            try pair.shakeHands()
            #expect(pair.client.isResumed == (round > 0) && pair.server.isResumed == (round > 0))
            try pair.server.write([1])
            pair.carry()
            #expect(try pair.client.readOnce() == 1)
            session = pair.client.session
            #expect(session != nil)
        }
    }

    private func withFirstCertificateOnly(_ file: String) throws -> String {
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let end = try #require(text.range(of: "-----END CERTIFICATE-----\n"))
        let path = file + ".first"
        try String(text[..<end.upperBound]).write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }
}

@Suite struct TLSContextTests {
    @Test func `a missing file is named with its reason`() throws {
        let identity = issue("DNS:localhost")
        let nowhere = "/nonexistent/magpie.pem"
        let attempts: [() throws -> TLSContext] = [
            { try .client(caFile: nowhere) },
            { try .server(certificateFile: nowhere, keyFile: identity.keyFile) },
            { try .server(certificateFile: identity.certificateFile, keyFile: nowhere) },
        ]
        for attempt in attempts {
            let error = #expect(throws: SecureError.self) { try attempt() }
            #expect(error.map { "\($0)" } == "\(nowhere): No such file or directory")
        }
    }

    @Test func `a file that is something else is named with its reason`() throws {
        let identity = issue("DNS:localhost")
        let other = issue("DNS:localhost")
        let swapped = #expect(throws: SecureError.self) {
            try TLSContext.server(certificateFile: identity.keyFile, keyFile: identity.keyFile)
        }
        #expect(swapped.map { "\($0)" } == "\(identity.keyFile): no start line")
        let mismatched = #expect(throws: SecureError.self) {
            try TLSContext.server(certificateFile: identity.certificateFile, keyFile: other.keyFile)
        }
        #expect(mismatched.map { "\($0)" } == "\(other.keyFile): key values mismatch")
    }

    @Test func `an encrypted key is an error and no question`() throws {
        let identity = issue("DNS:localhost")
        let path = identity.keyFile + ".encrypted"
        // The armour of an encrypted key; the pass phrase is wanted before the rest is looked at.
        try """
        -----BEGIN EC PRIVATE KEY-----
        Proc-Type: 4,ENCRYPTED
        DEK-Info: AES-128-CBC,000102030405060708090A0B0C0D0E0F

        AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
        -----END EC PRIVATE KEY-----

        """.write(toFile: path, atomically: false, encoding: .utf8)
        #expect(throws: SecureError.unusableFile(path: path, .encryptedKey)) {
            try TLSContext.server(certificateFile: identity.certificateFile, keyFile: path)
        }
    }
}
