/// What this room refuses, named so that an operator can act on it; no case ever carries a key, a plaintext or a peer's data.
///
/// Secure wraps OpenSSL 3: digests, keyed hashes, ciphers, randomness, secrets and TLS. HTTP, Store, WeChat, Gateway and
/// Sandbox call it; it calls nothing but OpenSSL.
package enum SecureError: Error, Hashable, Sendable {
    /// The sealed bytes are too short, were changed, or were sealed under another key or other associated data.
    case tampered
    /// A ciphertext, or a plaintext without padding, is not a whole number of cipher blocks.
    case partialBlock
    /// The last block does not end in PKCS #7 padding: another key, or damage.
    case badPadding
    /// A certificate, key or trust file is missing, unreadable, or not what it should be.
    case unusableFile(path: String, TLSFault)
    /// The host is not one that a certificate could be checked against.
    case invalidHostName
    /// The server's certificate was not accepted.
    case untrusted(CertificateFault)
    /// The handshake or a record failed.
    case tls(TLSFault)
    /// The transport ended without TLS saying so: what was read may have been cut by anybody on the way.
    case truncated
}

extension SecureError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tampered: "the sealed bytes are not authentic"
        case .partialBlock: "the length is not a whole number of cipher blocks"
        case .badPadding: "the padding is wrong"
        case .unusableFile(let path, let fault): "\(path): \(fault)"
        case .invalidHostName: "the host name is not valid"
        case .untrusted(let fault): "certificate not accepted: \(fault)"
        case .tls(let fault): "TLS: \(fault)"
        case .truncated: "the connection ended without a TLS close"
        }
    }
}
