internal import COpenSSL

/// One TLS connection without its transport: ciphertext is fed in and taken out by the caller, who owns the socket.
///
/// After every call, and after one that throws too (it may have queued an alert), whatever `takeCiphertext` gives is to
/// be sent. The engine belongs to one task at a time.
@safe package final class TLSEngine {
    private let connection: OpaquePointer
    // Both belong to `connection`.
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer
    private let isClient: Bool
    private var hasFailed = false

    /// `hostName` is a DNS name or a numeric address; the server's certificate must be for exactly that.
    package convenience init(
        client context: TLSContext, hostName: String, resuming session: TLSSession? = nil
    ) throws(SecureError) {
        self.init(context, isClient: true)
        // OpenSSL checks no name at all when given an empty one.
        guard !hostName.isEmpty, !hostName.utf8.contains(0) else { throw .invalidHostName }
        let parameters = unsafe SSL_get0_param(connection)
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, hostName) != 1 {
            unsafe X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            // Server name indication is for names only (RFC 6066 §3).
            guard unsafe X509_VERIFY_PARAM_set1_host(parameters, hostName, 0) == 1,
                unsafe shim_SSL_set_tlsext_host_name(connection, hostName) == 1
            else {
                ERR_clear_error()
                throw .invalidHostName
            }
        }
        ERR_clear_error()
        unsafe SSL_set_connect_state(connection)
        if let session { unsafe SSL_set_session(connection, session.pointer) }
    }

    package convenience init(server context: TLSContext) {
        self.init(context, isClient: false)
        unsafe SSL_set_accept_state(connection)
    }

    private init(_ context: TLSContext, isClient: Bool) {
        guard let connection = unsafe SSL_new(context.pointer), let incoming = unsafe BIO_new(BIO_s_mem()),
            let outgoing = unsafe BIO_new(BIO_s_mem())
        else { preconditionFailure("out of memory") }
        unsafe self.connection = unsafe connection
        unsafe self.incoming = unsafe incoming
        unsafe self.outgoing = unsafe outgoing
        self.isClient = isClient
        // Empty means "not yet", until `feedEnd`.
        unsafe shim_BIO_set_mem_eof_return(incoming, -1)
        unsafe SSL_set_bio(connection, incoming, outgoing)
    }

    deinit {
        // OpenSSL forbids the resumption of a session whose connection was not shut down. That rule of TLS 1.0 was
        // dropped by 1.1 (RFC 4346 §7.2.1); what failed stays forbidden.
        if !hasFailed { unsafe SSL_set_shutdown(connection, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
        unsafe SSL_free(connection)
    }

    // MARK: - Ciphertext

    /// Hands over what the transport read.
    package func feed(_ ciphertext: UnsafeRawBufferPointer) {
        guard unsafe !ciphertext.isEmpty else { return }
        let count = unsafe BIO_write(incoming, ciphertext.baseAddress, Int32(ciphertext.count))
        precondition(Int(count) == ciphertext.count, "a memory BIO takes everything")
    }

    package func feed(_ ciphertext: [UInt8]) {
        unsafe ciphertext.withUnsafeBytes { unsafe feed($0) }
    }

    /// The transport has ended. What was fed before is still read; then `read` says whether TLS had ended as well.
    package func feedEnd() {
        unsafe shim_BIO_set_mem_eof_return(incoming, 0)
    }

    /// What the transport has to send now; empty when there is nothing.
    package func takeCiphertext() -> [UInt8] {
        let count = unsafe BIO_ctrl_pending(outgoing)
        guard count > 0 else { return [] }
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            written = unsafe max(0, Int(BIO_read(outgoing, buffer.baseAddress, Int32(count))))
        }
    }

    // MARK: - Plaintext

    /// Goes on with the handshake; true once it is complete. False: send, receive, feed, and call again.
    package func handshake() throws(SecureError) -> Bool {
        ERR_clear_error()
        let code = unsafe SSL_do_handshake(connection)
        if code == 1 { return true }
        guard try isWaiting(code) else { throw .truncated }
        return false
    }

    /// Bytes read; 0 once the peer has closed in the way TLS prescribes; nil when more ciphertext is needed.
    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(SecureError) -> Int? {
        guard unsafe !buffer.isEmpty else { return nil }
        ERR_clear_error()
        var count = 0
        let code = unsafe SSL_read_ex(connection, buffer.baseAddress, buffer.count, &count)
        if code == 1 { return count }
        return try isWaiting(code) ? nil : 0
    }

    /// Encrypts everything; it never waits, because memory takes all of it.
    package func write(_ plaintext: UnsafeRawBufferPointer) throws(SecureError) {
        guard unsafe !plaintext.isEmpty else { return }
        ERR_clear_error()
        var count = 0
        let code = unsafe SSL_write_ex(connection, plaintext.baseAddress, plaintext.count, &count)
        if code == 1 { return }
        // Writing waits for nothing once the handshake is over: there is no renegotiation.
        guard try isWaiting(code) else { throw .truncated }
        preconditionFailure("plaintext is written after the handshake")
    }

    package func write(_ plaintext: [UInt8]) throws(SecureError) {
        try unsafe plaintext.withUnsafeBufferPointer { bytes throws(SecureError) in
            unsafe try write(UnsafeRawBufferPointer(bytes))
        }
    }

    /// Queues the close_notify that tells the peer that nothing was cut off.
    package func close() {
        guard !hasFailed, unsafe SSL_is_init_finished(connection) == 1 else { return }
        ERR_clear_error()
        unsafe SSL_shutdown(connection)
        ERR_clear_error()
    }

    /// True for "needs more", false for the peer's close_notify; everything else is thrown.
    private func isWaiting(_ code: Int32) throws(SecureError) -> Bool {
        switch unsafe SSL_get_error(connection, code) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return true
        case SSL_ERROR_ZERO_RETURN: return false
        default: break
        }
        hasFailed = true
        let fault = TLSFault.takeFirst()
        // A call after a fatal error leaves the queue empty, and so does an end in the middle of a record.
        if fault == .truncation || fault.rawValue == 0 { throw .truncated }
        let verdict = unsafe SSL_get_verify_result(connection)
        if isClient, verdict != Int(X509_V_OK) { throw .untrusted(CertificateFault(rawValue: verdict)) }
        throw .tls(fault)
    }

    // MARK: - What was agreed

    /// `TLSv1.3`, for logs.
    package var version: String { unsafe String(cString: SSL_get_version(connection)) }

    /// Whether the handshake continued an earlier session.
    package var isResumed: Bool { unsafe SSL_session_reused(connection) == 1 }

    /// What the next connection to the same host may resume. With TLS 1.3 it arrives after the handshake, with or
    /// before the first answer, so ask once an answer was read.
    package var session: TLSSession? {
        guard !hasFailed, let session = unsafe SSL_get1_session(connection) else { return nil }
        guard unsafe SSL_SESSION_is_resumable(session) == 1 else {
            unsafe SSL_SESSION_free(session)
            return nil
        }
        return unsafe TLSSession(adopting: session)
    }
}

/// The secrets of an earlier connection, to spare the next one to the same host a round of the handshake.
@safe package final class TLSSession: Sendable {
    // OpenSSL counts references under a lock, and nothing here changes a session.
    nonisolated(unsafe) let pointer: OpaquePointer

    init(adopting pointer: OpaquePointer) {
        unsafe self.pointer = unsafe pointer
    }

    deinit {
        unsafe SSL_SESSION_free(pointer)
    }
}
