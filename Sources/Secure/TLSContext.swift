internal import COpenSSL

/// What all connections of one kind share: whom a client trusts, or what a server shows; made once, used by any thread.
///
/// TLS 1.2 is the least. Compression (CRIME) and renegotiation are off, and HTTP/1.1 is the one protocol spoken.
@safe package final class TLSContext: Sendable {
    // Configured in the two functions below, before anybody else has it; an SSL_CTX may then be shared by threads.
    nonisolated(unsafe) let pointer: OpaquePointer

    /// For calls to others: their certificate must lead to a root the system trusts, or to one in `caFile`, a PEM file
    /// that an operator adds for a proxy, a test or the sandbox.
    package static func client(caFile: String? = nil) throws(SecureError) -> TLSContext {
        let context = unsafe TLSContext(TLS_client_method())
        let pointer = unsafe context.pointer
        unsafe SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        // A system without a store trusts nobody then, which each connection will say.
        unsafe SSL_CTX_set_default_verify_paths(pointer)
        ERR_clear_error()
        if let caFile {
            try unsafe context.use(caFile) { unsafe SSL_CTX_load_verify_file($0, $1) }
        }
        let protocols: [UInt8] = [8] + Array("http/1.1".utf8)
        // This one function of OpenSSL's returns 0 for success.
        precondition(
            unsafe SSL_CTX_set_alpn_protos(pointer, protocols, UInt32(protocols.count)) == 0, "out of memory")
        // Sessions are kept by whoever calls a host (`TLSEngine.session`), not by OpenSSL, which does not know the host.
        unsafe shim_SSL_CTX_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        return context
    }

    /// For our own listeners: a PEM file with the certificate and then its chain, and one with the unencrypted key.
    package static func server(certificateFile: String, keyFile: String) throws(SecureError) -> TLSContext {
        let context = unsafe TLSContext(TLS_server_method())
        let pointer = unsafe context.pointer
        // OpenSSL would ask a terminal for the pass phrase of an encrypted key and hang a service.
        unsafe SSL_CTX_set_default_passwd_cb(pointer) { _, _, _, _ in -1 }
        try unsafe context.use(certificateFile) { unsafe SSL_CTX_use_certificate_chain_file($0, $1) }
        try unsafe context.use(keyFile) { unsafe SSL_CTX_use_PrivateKey_file($0, $1, SSL_FILETYPE_PEM) }
        try unsafe context.use(keyFile) { context, _ in unsafe SSL_CTX_check_private_key(context) }
        // For TLS 1.2, forward secrecy and authenticated encryption only; TLS 1.3 has nothing else.
        precondition(
            unsafe SSL_CTX_set_cipher_list(pointer, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1, "OpenSSL knows these names")
        unsafe SSL_CTX_set_options(pointer, shim_SSL_OP_CIPHER_SERVER_PREFERENCE)
        unsafe SSL_CTX_set_alpn_select_cb(pointer, shim_select_http11, nil)
        // Resumption by tickets, which cost the server no memory, sealed under keys that OpenSSL makes per context.
        unsafe shim_SSL_CTX_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL))
        return context
    }

    /// Of a server: how long what it shows is still valid, in seconds, negative when that is over; nil when nobody can say.
    package var certificateSecondsLeft: Int? {
        guard let certificate = unsafe SSL_CTX_get0_certificate(pointer),
            let end = unsafe X509_get0_notAfter(certificate)
        else { return nil }
        var (days, seconds) = (Int32(0), Int32(0))
        guard unsafe ASN1_TIME_diff(&days, &seconds, nil, end) == 1 else { return nil }
        return Int(days) * 86_400 + Int(seconds)
    }

    /// Of a server: whether what it shows is for this host, as browsers look at it (RFC 9525).
    package func certificateCovers(_ host: String) -> Bool {
        guard let certificate = unsafe SSL_CTX_get0_certificate(pointer) else { return false }
        return unsafe X509_check_host(certificate, host, host.utf8.count, 0, nil) == 1
            || X509_check_ip_asc(certificate, host, 0) == 1
    }

    private init(_ method: OpaquePointer?) {
        guard let pointer = unsafe SSL_CTX_new(method) else { preconditionFailure("out of memory") }
        unsafe self.pointer = unsafe pointer
        precondition(
            unsafe shim_SSL_CTX_set_min_proto_version(pointer, TLS1_2_VERSION) == 1, "OpenSSL 3 speaks TLS 1.2")
        unsafe SSL_CTX_set_options(pointer, shim_SSL_OP_NO_COMPRESSION | shim_SSL_OP_NO_RENEGOTIATION)
        // An idle connection gives back its 32 KiB of buffers; a write may be repeated from another address.
        unsafe shim_SSL_CTX_set_mode(pointer, Int(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
    }

    private func use(
        _ path: String, _ load: (OpaquePointer, UnsafePointer<CChar>) -> Int32
    ) throws(SecureError) {
        ERR_clear_error()
        let isLoaded = unsafe path.withCString { path in unsafe load(pointer, path) == 1 }
        guard isLoaded else { throw .unusableFile(path: path, .takeFirst()) }
    }
}
