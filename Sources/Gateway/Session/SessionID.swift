import Secure
import Wire

/// The bearer value of a session cookie: 32 random bytes as 43 base64url characters.
///
/// The store never sees it. It keeps the record under its SHA-256, sealed with a key derived from it, so that a stolen
/// database neither names nor opens a session. Looking up by digest also leaves nothing to a timing comparison.
package struct SessionID: Sendable {
    private let secret: Secret
    /// The name of its record: its SHA-256.
    package let storeName: String
    fileprivate static let length = 43

    package static func random() -> SessionID {
        SessionID(secret: Secret(Random.token(bytes: 32)))
    }

    /// Nil unless the text has the exact shape of an id of ours.
    package init?(_ text: String) {
        guard text.utf8.count == Self.length, text.utf8Span.span.allSatisfy(Self.isBase64URL) else { return nil }
        self.init(secret: Secret(text))
    }

    private init(secret: Secret) {
        self.secret = secret
        storeName = hex(secret.withBytes { Digest.sha256($0) })
    }

    /// For the cookie alone.
    package func reveal() -> String {
        secret.reveal()
    }

    /// Tells sessions apart in logs and gives nothing away.
    package var logReference: String {
        String(storeName.prefix(8))
    }

    func seal(_ plaintext: [UInt8]) -> [UInt8] {
        AEAD.seal(plaintext, key: key, context: Array(storeName.utf8))
    }

    func open(_ sealed: [UInt8]) throws(SecureError) -> [UInt8] {
        try AEAD.open(sealed, key: key, context: Array(storeName.utf8))
    }

    /// One SHA-256 over the secret and the use (NIST SP 800-56C §4.1, one step), since the secret is 256 random bits
    /// already. HKDF's four and its context would be the dearest part of finding a session.
    private var key: [UInt8] {
        KDF.oneStepSHA256(key: secret, info: "magpie session")
    }

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}

/// The SHA-256 of a session's id, without the id: what is known of a session is found by it in memory.
struct SessionDigest: Equatable, Sendable {
    let first: UInt64
    let second: UInt64
    let third: UInt64
    let fourth: UInt64

    /// Nil for a text that is too long or too short for an id. One of other characters has a digest that no session has.
    init?(of text: String) {
        guard text.utf8.count == SessionID.length else { return nil }
        let words = Digest.sha256Words(of: text.utf8Span.span)
        (first, second, third, fourth) = (words[0], words[1], words[2], words[3])
    }
}
