/// What a diagnosis found: the answer of `POST /diagnose/signature`, and what `magpie diagnose` prints. It names
/// accounts and the URLs it was given, never a ticket.
package struct SignatureReport: Codable, Sendable, Equatable {
    package enum Verdict: String, Codable, Sendable {
        /// The signature is right; WeChat must have seen another URL or another domain list.
        case valid
        /// The signature was made from something else, named in `mistakes`.
        case explained
        /// None of the known mistakes gives this signature.
        case unexplained
    }

    package struct Finding: Codable, Sendable, Equatable {
        package let code: String
        package let english: String
        package let chinese: String
    }

    package let verdict: Verdict
    /// The URL to sign: what WeChat verifies, as far as is known.
    package let url: String
    /// The URL that was signed, once that is known and another.
    package let signedURL: String?
    package let mistakes: [Finding]
    /// What to look at when the signature itself explains nothing.
    package let next: [Finding]
}
