/// What a login keeps of the site that sent the visitor.
package struct SiteVisit: Sendable, Equatable {
    /// The site's name.
    package var site: String
    /// What the site gave along, to know again which browser began the login.
    package var nonce: String?

    /// The query's parameters, on the way in.
    static let siteParameter = "site"
    static let nonceParameter = "nonce"
    /// Those of the site's page, on the way out.
    static let ticketParameter = "magpie_ticket"
    static let returnedNonceParameter = "magpie_nonce"

    static let nonceRule = "16 to 128 letters, digits, -, ., _ and ~, and only beside site"

    /// Of bytes that need no escape (RFC 3986 §2.3), so that what comes back is what was given, to the byte.
    static func isNonce(_ text: String) -> Bool {
        (16...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
                default: "-._~".utf8.contains(byte)
                }
            }
    }
}
