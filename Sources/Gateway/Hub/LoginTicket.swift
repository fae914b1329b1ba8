import Secure

/// What a visitor carries to another site in his URL, once and for a minute: 256 random bits as 43 base64url characters.
///
/// As with a session's id, the store knows its SHA-256 alone, and what it keeps is sealed with a key derived from it.
struct LoginTicket: Sendable {
    private let secret: Secret
    /// The name of its record: its SHA-256.
    let storeName: String

    static func random() -> LoginTicket {
        LoginTicket(secret: Secret(Random.token(bytes: 32)))
    }

    /// Nil unless the text has the exact shape of one of ours.
    init?(_ text: String) {
        guard text.utf8.count == 43, Base64URL.decode(text) != nil else { return nil }
        self.init(secret: Secret(text))
    }

    private init(secret: Secret) {
        self.secret = secret
        storeName = hex(secret.withBytes { Digest.sha256($0) })
    }

    /// For the way to its site alone.
    func reveal() -> String {
        secret.reveal()
    }

    func seal(_ plaintext: [UInt8]) -> [UInt8] {
        AEAD.seal(plaintext, key: key, context: Array(storeName.utf8))
    }

    func open(_ sealed: [UInt8]) -> [UInt8]? {
        try? AEAD.open(sealed, key: key, context: Array(storeName.utf8))
    }

    private var key: [UInt8] {
        KDF.oneStepSHA256(key: secret, info: "magpie login ticket")
    }
}
