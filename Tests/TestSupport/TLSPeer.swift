import COpenSSL
import Glibc

/// A blocking TLS client on OpenSSL itself, for what an honest library never does.
///
/// Unchecked because a test hands it to the one thread that floods, and looks at it again when that has ended.
package final class TLSPeer: @unchecked Sendable {
    package struct Failure: Error {
        package let call: String
    }

    private let context: OpaquePointer
    private let connection: OpaquePointer
    private let descriptor: Int32
    package private(set) var changes = 0
    /// Whether the server has ended the connection.
    package private(set) var wasEnded = false

    /// Connects to a port of 127.0.0.1 and agrees upon TLS with a server whose certificate is for `localhost`.
    package init(port: UInt16, trusting caFile: String, only12: Bool = false) throws {
        // OpenSSL writes to a socket that the server may have closed.
        signal(SIGPIPE, SIG_IGN)
        (context, connection) = try Self.make(caFile)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // TLS 1.2 at most: SSL_set_max_proto_version is a macro.
        if only12 { SSL_ctrl(connection, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil) }
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw Failure(call: "connect") }
        SSL_set_fd(connection, descriptor)
        guard SSL_connect(connection) == 1 else { throw Failure(call: "SSL_connect") }
    }

    deinit {
        SSL_free(connection)
        SSL_CTX_free(context)
        close(descriptor)
    }

    private static func make(_ caFile: String) throws -> (OpaquePointer, OpaquePointer) {
        guard let context = SSL_CTX_new(TLS_client_method()), SSL_CTX_load_verify_file(context, caFile) == 1,
            let connection = SSL_new(context)
        else { throw Failure(call: "SSL_new") }
        // On the connection: it has taken over what the context said when it was made.
        SSL_set_verify(connection, SSL_VERIFY_PEER, nil)
        SSL_set1_host(connection, "localhost")
        return (context, connection)
    }

    /// The bytes with which a client begins.
    package static func hello(trusting caFile: String) throws -> [UInt8] {
        let (context, connection) = try make(caFile)
        defer {
            SSL_free(connection)
            SSL_CTX_free(context)
        }
        let (incoming, outgoing) = (BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()))
        SSL_set_bio(connection, incoming, outgoing)
        SSL_set_connect_state(connection)
        SSL_do_handshake(connection)
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = BIO_read(outgoing, &bytes, Int32(bytes.count))
        return Array(bytes.prefix(Int(max(0, count))))
    }

    package func exchange(_ text: String) throws -> String {
        guard SSL_write(connection, text, Int32(text.utf8.count)) > 0 else { throw Failure(call: "SSL_write") }
        var received: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = SSL_read(connection, &space, Int32(space.count))
            guard count > 0 else { break }
            received += space.prefix(Int(count))
        }
        return String(decoding: received, as: UTF8.self)
    }

    /// Sends nothing but changes of keys, asking for an answer to each, until the server ends it.
    package func changeKeys(seconds: Double) {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            guard SSL_key_update(connection, SSL_KEY_UPDATE_REQUESTED) == 1, SSL_do_handshake(connection) == 1 else {
                wasEnded = true
                return
            }
            changes += 1
        }
    }

    /// Whether a second handshake on the connection succeeds.
    package func renegotiates() -> Bool {
        guard SSL_renegotiate(connection) == 1, SSL_do_handshake(connection) == 1 else { return false }
        // The answer to it comes with what is read next.
        var byte: UInt8 = 0
        SSL_write(connection, "GET /auth HTTP/1.1\r\nHost: localhost\r\n\r\n", 40)
        return SSL_read(connection, &byte, 1) == 1 && SSL_renegotiate_pending(connection) == 0
    }
}
