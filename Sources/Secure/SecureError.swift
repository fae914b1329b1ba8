/// What this room refuses, named so that an operator can act on it; no case ever carries a key, a plaintext or a peer's data.
///
/// Secure wraps OpenSSL 3: digests, keyed hashes, ciphers, randomness, secrets and TLS. HTTP, Store, WeChat, Gateway and
/// Sandbox call it; it calls nothing but OpenSSL.
package enum SecureError: Error, Equatable, Sendable {
    /// The sealed bytes are too short, were changed, or were sealed under another key or other associated data.
    case tampered
    /// A ciphertext, or a plaintext without padding, is not a whole number of cipher blocks.
    case partialBlock
    /// The last block does not end in PKCS #7 padding: another key, or damage.
    case badPadding
}
