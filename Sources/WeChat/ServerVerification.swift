import Secure

/// The console's proof that a URL answers for the account: it sends `signature`, `timestamp`, `nonce` and `echostr`,
/// and expects the `echostr` back, as text/plain and without a line break.
///
/// Source: "接入概述": the signature is the hexadecimal SHA-1 of token, timestamp and nonce, sorted and joined.
public enum ServerVerification {
    /// Whether WeChat, or somebody else who knows `token`, signed. In constant time.
    ///
    /// - Parameter token: The console's Token of this URL, 3 to 32 letters and digits; not an access token. With an
    ///   empty one nothing is ever genuine.
    public static func verify(token: String, timestamp: String, nonce: String, signature: String) -> Bool {
        guard !token.isEmpty else { return false }
        let joined = [token, timestamp, nonce].map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        let expected = hex(Digest.sha1(Array(joined.joined())))
        return constantTimeEquals(Array(expected.utf8), Array(signature.utf8))
    }

    /// What to answer: `echostr` when the signature is genuine, `nil` (403) otherwise.
    public static func echo(
        _ echostr: String, token: String, timestamp: String, nonce: String, signature: String
    ) -> String? {
        verify(token: token, timestamp: timestamp, nonce: nonce, signature: signature) ? echostr : nil
    }
}
