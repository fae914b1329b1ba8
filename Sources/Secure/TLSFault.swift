internal import COpenSSL

/// Why OpenSSL did not accept a peer's certificate: one of its `X509_V_ERR_…` codes (man 3 X509_STORE_CTX_get_error).
package struct CertificateFault: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) {
        self.rawValue = rawValue
    }

    package static let expired = CertificateFault(rawValue: Int(X509_V_ERR_CERT_HAS_EXPIRED))
    package static let notYetValid = CertificateFault(rawValue: Int(X509_V_ERR_CERT_NOT_YET_VALID))
    package static let wrongHost = CertificateFault(rawValue: Int(X509_V_ERR_HOSTNAME_MISMATCH))
    package static let wrongAddress = CertificateFault(rawValue: Int(X509_V_ERR_IP_ADDRESS_MISMATCH))
    package static let selfSigned = CertificateFault(rawValue: Int(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT))
    /// The chain ends in a root that is not among the trusted ones.
    package static let untrustedRoot = CertificateFault(rawValue: Int(X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN))
    /// The chain lacks its issuer, here and in what the server sent.
    package static let unknownIssuer = CertificateFault(rawValue: Int(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY))
}

extension CertificateFault: CustomStringConvertible {
    package var description: String {
        // A constant text, for unknown codes as well.
        unsafe String(cString: X509_verify_cert_error_string(rawValue))
    }
}

/// What OpenSSL put on its error queue: library and reason in one number, as `openssl errstr` reads it.
package struct TLSFault: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt

    package init(rawValue: UInt) {
        self.rawValue = rawValue
    }

    private init(_ reason: Int32) {
        rawValue = UInt(ERR_LIB_SSL) << 23 | UInt(reason)
    }

    /// The peer speaks no version that is still safe.
    package static let unsupportedVersion = TLSFault(SSL_R_UNSUPPORTED_PROTOCOL)
    /// The peer said that our versions are too new for it, or too old.
    package static let versionRefusedByPeer = TLSFault(SSL_R_TLSV1_ALERT_PROTOCOL_VERSION)
    /// What arrived is no TLS record: most often a server without TLS on that port.
    package static let notTLS = TLSFault(SSL_R_WRONG_VERSION_NUMBER)
    /// A client speaks plain HTTP to a TLS port.
    package static let plainHTTP = TLSFault(SSL_R_HTTP_REQUEST)
    package static let noSharedCipher = TLSFault(SSL_R_NO_SHARED_CIPHER)
    /// The client offers application protocols, and HTTP/1.1 is not among them.
    package static let noHTTP11 = TLSFault(SSL_R_NO_APPLICATION_PROTOCOL)

    /// The key file is encrypted, and nobody is there to be asked for the pass phrase: what the callback's refusal becomes.
    package static let encryptedKey = TLSFault(
        rawValue: UInt(ERR_LIB_CRYPTO) << 23 | 2 << 18 | interruptedOrCancelled)

    static let truncation = TLSFault(SSL_R_UNEXPECTED_EOF_WHILE_READING)

    /// Takes the first entry of this thread's queue, the cause of those behind it, and empties the queue: an entry
    /// left there would be taken for the next connection's.
    static func takeFirst() -> TLSFault {
        defer { ERR_clear_error() }
        return TLSFault(rawValue: UInt(ERR_peek_error()))
    }
}

extension TLSFault: CustomStringConvertible {
    package var description: String {
        // An errno travels with this bit set and has no text in OpenSSL's tables.
        if self == .encryptedKey { return "the key is encrypted" }
        let code = Int32(truncatingIfNeeded: rawValue & 0x7FFF_FFFF)
        if rawValue & systemErrorFlag != 0, let text = unsafe strerror(code) { return unsafe String(cString: text) }
        guard let text = unsafe ERR_reason_error_string(rawValue) else { return "error \(String(rawValue, radix: 16))" }
        return unsafe String(cString: text)
    }
}

/// ERR_SYSTEM_FLAG, `(unsigned int)INT_MAX + 1`, a macro that Swift does not read.
private let systemErrorFlag: UInt = 0x8000_0000

/// The number in ERR_R_INTERRUPTED_OR_CANCELLED, a macro that Swift does not read.
private let interruptedOrCancelled: UInt = 265
