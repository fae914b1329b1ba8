import COpenSSL
import Glibc

/// The server's end of a TLS connection on a blocking socket, by OpenSSL alone.
final class TLSSide {
    private let context: OpaquePointer
    private let connection: OpaquePointer

    /// Shakes hands; nil when that fails.
    init?(_ descriptor: Int32, _ identity: CertificateAuthority.Identity) {
        // OpenSSL writes without MSG_NOSIGNAL. The signal comes to the thread that writes, which is this one.
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipe, nil)
        guard let context = SSL_CTX_new(TLS_server_method()) else { preconditionFailure("out of memory") }
        self.context = context
        precondition(
            SSL_CTX_use_certificate_chain_file(context, identity.certificateFile) == 1
                && SSL_CTX_use_PrivateKey_file(context, identity.keyFile, SSL_FILETYPE_PEM) == 1,
            "the test's own certificate")
        guard let connection = SSL_new(context) else { preconditionFailure("out of memory") }
        self.connection = connection
        SSL_set_fd(connection, descriptor)
        guard SSL_accept(connection) == 1 else { return nil }
    }

    deinit {
        SSL_free(connection)
        SSL_CTX_free(context)
        // What went wrong here must not be found by whoever uses this thread next.
        ERR_clear_error()
    }

    /// 0 or less at the end.
    func receive(_ space: inout [UInt8]) -> Int {
        Int(SSL_read(connection, &space, Int32(space.count)))
    }

    /// 0 or less when the client is gone.
    func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        Int(SSL_write(connection, bytes.baseAddress, Int32(min(bytes.count, 1 << 20))))
    }

    /// TLS's own end.
    func sayFarewell() {
        SSL_shutdown(connection)
    }
}
