package import Wire

/// One customer of the platform: an official account, or a website application of the open platform.
package struct Account: Sendable {
    package enum Kind: String, Sendable {
        case official
        case website
    }

    package var name: String
    package var kind: Kind
    package var appID: String
    package var appSecret: String
    /// For the console's server verification and message push.
    package var token: String
    package var encodingAESKey: String
    package var originalID: String
    /// JS interface safe domains: a domain covers its sub-domains.
    package var jsDomains: [String]
    /// Web authorisation domains: the full host, no sub-domains.
    package var redirectDomains: [String]
    /// The scopes this account may ask for; an unverified one has none (10005).
    package var scopes: [String]
    /// Addresses that may fetch access tokens; `nil` switches the check off.
    package var whitelist: [AddressBlock]?
    package var isSecretFrozen = false
    /// Somebody's own account, not one of the sandbox's samples: nothing shows its AppSecret.
    package var hidesSecret = false

    package static let localDomains = ["127.0.0.1", "localhost", "[::1]"]

    package init(
        name: String, kind: Kind, appID: String, appSecret: String, token: String, encodingAESKey: String,
        originalID: String, domains: [String]
    ) {
        self.name = name
        self.kind = kind
        self.appID = appID
        self.appSecret = appSecret
        self.token = token
        self.encodingAESKey = encodingAESKey
        self.originalID = originalID
        jsDomains = domains
        redirectDomains = domains
        scopes = kind == .official ? ["snsapi_base", "snsapi_userinfo"] : ["snsapi_login"]
    }

    /// The official account every sandbox has unless told otherwise. Its identity never changes and is no secret: a
    /// configuration that names it goes on working when the sandbox is started again.
    package static let sample = Account(
        name: "main", kind: .official, appID: "wx5a9d60c07b3e1f82", appSecret: "3f1c9a7e5b2d48608c4e6a1f0d9b7352",
        token: "sandboxToken", encodingAESKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        originalID: "gh_5a9d60c07b3e", domains: localDomains)

    /// The website application beside it: other openids, the same unionids.
    package static let sampleWebsite = Account(
        name: "website", kind: .website, appID: "wx71e04ac9d25b8f36", appSecret: "b64e0d7c19f8a2355e7d1c0b8a94f623",
        token: "sandboxToken", encodingAESKey: "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
        originalID: "gh_71e04ac9d25b", domains: localDomains)

    /// An official account that no other run has: nothing which a store still remembers of an earlier run can be mistaken
    /// for its tokens and tickets.
    package static func fresh(
        name: String = "main", kind: Kind = .official, domains: [String] = localDomains, entropy: Entropy = .system
    ) -> Account {
        Account(
            name: name, kind: kind, appID: "wx" + entropy.hex(16), appSecret: entropy.hex(32),
            token: entropy.alphanumeric(16), encodingAESKey: entropy.alphanumeric(42) + "A",
            originalID: "gh_" + entropy.hex(12), domains: domains)
    }
}
