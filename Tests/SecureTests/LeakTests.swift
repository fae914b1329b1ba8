import Foundation
import Secure
import TestSupport
import Testing

@Suite struct LeakTests {
    // In a process of its own, where nobody else's memory moves. A context that is not freed costs 200 bytes at least,
    // a connection 20 KiB: forgotten once per round, it shows by a wide margin.
    @Test func `rounds of everything leave no more memory in use`() async {
        await #expect(processExitsWith: .success) {
            let authority = CertificateAuthority()
            let identity = authority.issue("DNS:localhost")
            // Twenty milliseconds and 2 MiB each, for the roots of the system: few will do.
            for _ in 0..<5 { _ = try TLSContext.client(caFile: authority.certificateFile) }
            let trusting = try TLSContext.client(caFile: authority.certificateFile)
            for _ in 0..<20 { try everything(trusting, identity) }
            let before = try residentBytes()
            for _ in 0..<5 { _ = try TLSContext.client(caFile: authority.certificateFile) }
            for _ in 0..<200 { try everything(trusting, identity) }
            let growth = try residentBytes() - before
            #expect(growth < 3 << 19, "the rounds took \(growth) bytes")
        }
    }
}

/// Handshakes that succeed, resume, fail and stop half-way, and fifty of each operation without a connection.
private func everything(_ trusting: TLSContext, _ identity: CertificateAuthority.Identity) throws {
    let serving = try TLSContext.server(certificateFile: identity.certificateFile, keyFile: identity.keyFile)
    var session: TLSSession?
    for host in ["localhost", "localhost", "other.test"] {
        let client = try TLSEngine(client: trusting, hostName: host, resuming: session)
        let server = TLSEngine(server: serving)
        session = (try? shakeHands(client, server)) == nil ? nil : client.session
    }
    _ = try TLSEngine(client: trusting, hostName: "localhost").handshake()
    _ = try? TLSContext.server(certificateFile: identity.keyFile, keyFile: identity.keyFile)
    let (key, iv) = (Random.bytes(32), Random.bytes(16))
    for _ in 0..<50 {
        _ = Digest.sha256(key)
        _ = MAC.hmacSHA256(key: key, message: iv)
        _ = KDF.hkdfSHA256(key: key, info: iv, length: 32)
        _ = try AEAD.open(AEAD.seal(iv, key: key), key: key)
        _ = try? AEAD.open(Random.bytes(40), key: key)
        _ = try CBC.decrypt(CBC.encrypt(iv, key: key, iv: iv), key: key, iv: iv)
        _ = Secret(bytes: key).revealBytes()
    }
}

private func shakeHands(_ client: TLSEngine, _ server: TLSEngine) throws {
    var isDone = false
    while !isDone {
        _ = try client.handshake()
        server.feed(client.takeCiphertext())
        isDone = try server.handshake()
        client.feed(server.takeCiphertext())
    }
    try server.write([1, 2, 3])
    client.feed(server.takeCiphertext())
    var buffer = [UInt8](repeating: 0, count: 16)
    _ = try buffer.withUnsafeMutableBytes { try client.read(into: $0) }
}

/// The second number of /proc/self/statm, which counts pages of 4 KiB.
private func residentBytes() throws -> Int {
    let text = try String(contentsOfFile: "/proc/self/statm", encoding: .ascii)
    let pages = try #require(text.split(separator: " ").dropFirst().first.flatMap { Int($0) })
    return pages * 4_096
}
