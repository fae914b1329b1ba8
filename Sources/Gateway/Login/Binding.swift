import Secure

/// What ties a login to the browser that began it: a random value in a short-lived cookie, one for any number of tabs.
///
/// Without it, an attacker could have a victim finish the attacker's own login (login CSRF; RFC 9700 §2.1).
struct Binding: Sendable {
    private let secret: Secret

    /// How long the cookie lives, in seconds: a login's ten minutes and some for the way.
    static let lifetime = 900

    static func random() -> Binding {
        Binding(secret: Secret(Random.token(bytes: 32)))
    }

    /// Nil unless the cookie has the exact shape of ours.
    init?(_ text: String) {
        guard text.utf8.count == 43, Base64URL.decode(text) != nil else { return nil }
        secret = Secret(text)
    }

    private init(secret: Secret) {
        self.secret = secret
    }

    /// For the cookie alone.
    func reveal() -> String {
        secret.reveal()
    }

    /// What the store keeps.
    var digest: String {
        hex(Digest.sha256(Array(secret.reveal().utf8)))
    }

    /// Seals a session id for this browser and this login, so that the store alone cannot hand it out.
    func seal(_ id: SessionID, login: String) -> [UInt8] {
        AEAD.seal(Array(id.reveal().utf8), key: key(login), context: Array(login.utf8))
    }

    func open(_ sealed: [UInt8], login: String) -> SessionID? {
        guard let plaintext = try? AEAD.open(sealed, key: key(login), context: Array(login.utf8)) else { return nil }
        return SessionID(String(decoding: plaintext, as: UTF8.self))
    }

    private func key(_ login: String) -> [UInt8] {
        KDF.oneStepSHA256(key: secret, info: "magpie login", context: login)
    }
}
