/// One way in which the way to WeChat, or WeChat's bytes, can be broken.
package struct TransportFault: Sendable {
    package enum Kind: Sendable {
        case door(Door)
        case lie(Lie)
        /// A name that no resolver knows, in place of the platform's address.
        case name(String)
    }

    package enum Fate: Sendable {
        /// Understood, odd as it is.
        case accepted
        /// No answer, or none that can be understood.
        case lost
        /// Said to be "later".
        case busy
    }

    package let name: String
    package let fate: Fate
    package let kind: Kind
    /// Whether only the caller's own time limit ends it.
    package let takesItsTime: Bool

    private init(_ name: String, _ kind: Kind, _ fate: Fate = .lost, takesItsTime: Bool = false) {
        (self.name, self.kind, self.fate, self.takesItsTime) = (name, kind, fate, takesItsTime)
    }

    private init(_ name: String, _ fate: Fate = .lost, _ steps: @escaping @Sendable ([UInt8], [UInt8]) -> [Lie.Step]) {
        self.init(name, .lie(Lie(steps)), fate)
    }

    private init(silent name: String, _ steps: @escaping @Sendable ([UInt8], [UInt8]) -> [Lie.Step]) {
        self.init(name, .lie(Lie(steps)), takesItsTime: true)
    }

    /// An answer that does not depend on the call.
    private init(_ name: String, _ fate: Fate = .lost, says text: String) {
        self.init(name, .lie(Lie(text)), fate)
    }
}

extension TransportFault {
    /// - Parameters:
    ///   - authority: Whom the product trusts.
    ///   - stranger: Whom it does not. Both have to live as long as the faults.
    package static func all(_ authority: CertificateAuthority, _ stranger: CertificateAuthority) -> [TransportFault] {
        doors(authority, stranger) + silences + endings + floods + framings + answers
    }

    private static func doors(_ authority: CertificateAuthority, _ stranger: CertificateAuthority) -> [TransportFault] {
        [
            .init("connection refused", .door(.closed)),
            .init("packets that vanish", .door(.blackHole), takesItsTime: true),
            .init("a name nobody knows", .name("wechat.invalid"), takesItsTime: true),
            .init("a connection that stays silent in the handshake", .door(.silent), takesItsTime: true),
            .init("a connection that is reset", .door(.slammed)), .init("a connection that is closed", .door(.shut)),
            .init("plain HTTP where TLS is due", .door(.greeting("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))),
            .init("an SSH server", .door(.greeting("SSH-2.0-OpenSSH_9.2\r\n"))),
            .init("a TLS alert", .door(.greeting("\u{15}\u{03}\u{03}\u{00}\u{02}\u{02}\u{28}"))),
            .init("an expired certificate", .door(.certificate(authority.issue("IP:127.0.0.1", ends: -60)))),
            .init("a certificate of tomorrow", .door(.certificate(authority.issue("IP:127.0.0.1", begins: 3_000)))),
            .init("another host's certificate", .door(.certificate(authority.issue("DNS:api.weixin.qq.com")))),
            .init("a self-signed certificate", .door(.certificate(authority.selfSigned("IP:127.0.0.1")))),
            .init("a stranger's certificate", .door(.certificate(stranger.issue("IP:127.0.0.1")))),
        ]
    }

    private static let silences: [TransportFault] = [
        .init(silent: "silence before the answer") { _, _ in [.hang] },
        .init(silent: "silence in the status line") { head, _ in [.send(Array(head.prefix(7))), .hang] },
        .init(silent: "silence in the head") { head, _ in [.send(Array(head.prefix(30))), .hang] },
        .init(silent: "silence after the head") { head, _ in [.send(head), .hang] },
        .init(silent: "silence in the body") { head, body in [.send(head + body.dropLast(5)), .hang] },
        .init(silent: "a head that drips") { head, body in [.drip(head, milliseconds: 250), .send(body)] },
        .init(silent: "a body that drips") { head, body in [.send(head), .drip(body, milliseconds: 250)] },
        .init(silent: "interim answers that drip") { _, _ in
            [.drip(Array(String(repeating: "HTTP/1.1 102 X\r\n\r\n", count: 10).utf8), milliseconds: 250)]
        },
    ]

    private static let endings: [TransportFault] = [
        .init("a reset before the answer") { _, _ in [.reset] },
        .init("a reset in the head") { head, _ in [.send(Array(head.prefix(30))), .reset] },
        .init("a reset in the body") { head, body in [.send(head + body.dropLast(5)), .reset] },
        .init("an end before the answer") { _, _ in [] },
        .init("an end in the head") { head, _ in [.send(Array(head.prefix(30)))] },
        .init("an end in the body") { head, body in [.send(head + body.dropLast(5))] },
        .init("an end in a chunk") { _, body in [.send(chunkedHead + chunk(body).dropLast(4))] },
        .init("an end without the last chunk") { _, body in [.send(chunkedHead + chunk(body))] },
        .init("a body until the end, cut without TLS's farewell") { _, body in
            [.send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8) + body), .vanish]
        },
    ]

    private static let most = 1 << 30

    private static let floods: [TransportFault] = [
        .init("a body of 1 GB") { _, _ in
            [
                .send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(most)\r\n\r\n".utf8)),
                .flood(Array(repeating: 0x20, count: 1 << 16), bytes: most),
            ]
        },
        .init("1 GB of chunks") { _, _ in
            [.send(chunkedHead), .flood(chunk(Array(repeating: 0x20, count: 1 << 14)), bytes: most)]
        },
        .init("one chunk of 1 GB") { _, _ in
            [
                .send(chunkedHead + Array("40000000\r\n".utf8)),
                .flood(Array(repeating: 0x20, count: 1 << 16), bytes: most),
            ]
        },
        .init("1 GB until the end") { _, _ in
            [
                .send(Array("HTTP/1.1 200 OK\r\n\r\n".utf8)),
                .flood(Array(repeating: 0x20, count: 1 << 16), bytes: most),
            ]
        },
        .init("a status line that does not end") { _, _ in
            [.send(Array("HTTP/1.1 200 ".utf8)), .flood(Array(repeating: 0x61, count: 4_096), bytes: most)]
        },
        .init("a field that does not end") { _, _ in
            [
                .send(Array("HTTP/1.1 200 OK\r\nX-Field: ".utf8)),
                .flood(Array(repeating: 0x61, count: 4_096), bytes: most),
            ]
        },
        .init("fields without end") { _, _ in
            [.send(Array("HTTP/1.1 200 OK\r\n".utf8)), .flood(Array("X-Field: a\r\n".utf8), bytes: most)]
        },
        .init("interim answers without end") { _, _ in
            [.flood(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), bytes: most)]
        },
        .init("trailers without end") { _, body in
            [
                .send(chunkedHead + chunk(body) + Array("0\r\n".utf8)),
                .flood(Array("X-Trailer: a\r\n".utf8), bytes: most),
            ]
        },
        .init("a chunk's extension without end") { _, _ in
            [.send(chunkedHead + Array("5;a=".utf8)), .flood(Array(repeating: 0x61, count: 4_096), bytes: most)]
        },
    ]

    private static let framings: [TransportFault] = [
        .init("two lengths") { _, body in
            [
                .send(
                    Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\nContent-Length: 5\r\n\r\n".utf8) + body)
            ]
        },
        .init("a length and chunks") { _, body in
            [
                .send(
                    Array("HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
                        + chunk(body) + lastChunk)
            ]
        },
        .init("a length that is too short") { _, body in
            [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count - 3)\r\n\r\n".utf8) + body)]
        },
        .init("a length that is too long") { _, body in
            [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.count + 3)\r\n\r\n".utf8) + body)]
        },
        .init("a negative length") { _, body in
            [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n".utf8) + body)]
        },
        .init("a length of twenty digits") { _, body in
            [.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n".utf8) + body)]
        },
        .init("gzip where none was asked for") { _, body in
            [
                .send(
                    Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".utf8) + chunk(body) + lastChunk)
            ]
        },
        .init("a chunk without a size") { _, body in
            [.send(chunkedHead + Array("zz\r\n".utf8) + body + Array("\r\n".utf8) + lastChunk)]
        },
        .init("a chunk of 2^64 bytes") { _, body in
            [.send(chunkedHead + Array("10000000000000000\r\n".utf8) + body + Array("\r\n".utf8) + lastChunk)]
        },
        .init("a body without a head") { _, body in [.send(body)] },
        .init("line ends without CR") { head, body in [.send(head.filter { $0 != 13 } + body)] },
        .init("a field without a colon", says: "HTTP/1.1 200 OK\r\nnothing\r\nContent-Length: 2\r\n\r\n{}"),
        .init("a zero byte in a field", says: "HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 2\r\n\r\n{}"),
        .init("HTTP/2", says: "HTTP/2 200\r\ncontent-length: 2\r\n\r\n{}"),
        .init("frames of HTTP/2", says: "\0\0\u{12}\u{04}\0\0\0\0\0"),
        .init("status 999", says: "HTTP/1.1 999 X\r\n\r\n"),
        .init("switching protocols", says: "HTTP/1.1 101 X\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n"),
        .init("a second answer behind the first", .accepted) { head, body in [.send(head + body + head + body)] },
    ]

    private static let answers: [TransportFault] = [
        .init("500 without a body", .busy, says: "HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"),
        .init("502 with a page", .busy, says: "HTTP/1.1 502 X\r\nContent-Length: 25\r\n\r\n<html>Bad Gateway!</html>"),
        .init("503 with a good body", .busy) { _, body in
            [.send(Array("HTTP/1.1 503 X\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body)]
        },
        .init("a page with 200", .busy, says: "HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n<html>Login</html>"),
        .init("204", says: "HTTP/1.1 204 X\r\n\r\n"),
        .init("a redirect to another host") { _, body in
            [
                .send(
                    Array(
                        "HTTP/1.1 302 X\r\nLocation: /elsewhere\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
                        + body)
            ]
        },
        .init("a redirect that keeps the method") { _, body in
            [
                .send(
                    Array("HTTP/1.1 307 X\r\nLocation: /elsewhere\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
                        + body)
            ]
        },
        .init("an empty body", says: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        .init("JSON that says text/html", .accepted) { _, body in
            [
                .send(
                    Array("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: \(body.count)\r\n\r\n".utf8)
                        + body)
            ]
        },
        .init("JSON without a type, in chunks of one byte", .accepted) { _, body in
            [.send(chunkedHead + body.flatMap { chunk([$0]) } + lastChunk)]
        },
        .init("JSON until the end", .accepted) { _, body in [.send(Array("HTTP/1.0 200 OK\r\n\r\n".utf8) + body)] },
        .init("JSON after an interim answer", .accepted) { head, body in
            [.send(Array("HTTP/1.1 103 X\r\nLink: <x>\r\n\r\n".utf8) + head + body)]
        },
        .init("JSON that comes byte by byte, in time", .accepted) { head, body in
            [.drip(head + body, milliseconds: 0)]
        },
        .init("JSON on a connection cut without TLS's farewell", .accepted) { head, body in
            [.send(head + body), .vanish]
        },
    ]

    private static let chunkedHead = Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    private static let lastChunk = Array("0\r\n\r\n".utf8)

    private static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
    }
}
