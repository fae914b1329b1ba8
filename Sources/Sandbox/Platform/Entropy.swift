import Secure

/// The one source of randomness, given by whoever builds the sandbox, so that a test can own it; and the shapes in which
/// the platform spells what it draws.
package struct Entropy: Sendable {
    private let draw: @Sendable (Int) -> [UInt8]

    package init(_ draw: @escaping @Sendable (Int) -> [UInt8]) {
        self.draw = draw
    }

    package static let system = Entropy { Random.bytes($0) }

    func hex(_ digits: Int) -> String {
        String(Secure.hex(draw((digits + 1) / 2)).prefix(digits))
    }

    /// Letters, digits, `-` and `_`: tokens and tickets.
    func base64url(_ length: Int) -> String {
        String(Base64URL.encode(draw(length * 3 / 4 + 1)).prefix(length))
    }

    /// Letters and digits: OAuth codes. The slight bias of the remainder matters to nobody who guesses in a sandbox.
    func alphanumeric(_ length: Int) -> String {
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        return String(decoding: draw(length).map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
    }

    /// Access and refresh tokens: a small number, `_`, then base64url up to `length` characters (110 for web
    /// authorisation and 157 for the account's own have been seen).
    func token(_ length: Int) -> String {
        "73_" + base64url(length - 3)
    }

    /// The id in an error text, whose first group is the time in hexadecimal.
    func requestID(at now: Int) -> String {
        "\(String(now, radix: 16).leftPadded(to: 8))-\(hex(8))-\(hex(8))"
    }
}

/// Identifiers that stay the same for one account and one person however often the sandbox is started.
enum Identifier {
    static func openID(of user: String, in appID: String) -> String { derived("openid|\(appID)|\(user)") }
    static func unionID(of user: String) -> String { derived("unionid|\(user)") }
    static func virtualOpenID(of user: String, in appID: String) -> String { derived("snapshot|\(appID)|\(user)") }
    /// One for everybody: the same virtual unionid has been reported for several openids, which is why nobody may bind an
    /// account to it.
    static let virtualUnionID = derived("snapshot-unionid")
    /// The beginning which all tickets of one account share.
    static func ticketPrefix(of appID: String) -> String { String(derived("ticket|\(appID)").dropFirst().prefix(22)) }

    /// 28 characters, `o` first: openids and unionids cannot be told apart by their shape.
    private static func derived(_ seed: String) -> String {
        "o" + Base64URL.encode(Digest.sha256(Array(seed.utf8))).prefix(27)
    }
}

extension String {
    func leftPadded(to width: Int) -> String {
        String(repeating: "0", count: max(0, width - count)) + self
    }
}
