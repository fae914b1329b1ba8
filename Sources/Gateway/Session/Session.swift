package import FoundationEssentials
package import WeChat

/// Who a visitor is for one account, as WeChat said at login.
package struct Identity: Sendable, Equatable {
    package var openID: String
    /// Only with scope userinfo, and only when the account is bound to an open-platform account.
    package var unionID: String?
    package var scope: Scope
    /// A visitor of WeChat's read-only snapshot page: every id is virtual and must not be merged with a real one.
    package var isSnapshot: Bool
    package var profile: Profile?
    /// The web-authorisation tokens; they never leave the store.
    package var grant: Grant
    package var signedInAt: Date

    package init(
        openID: String, unionID: String?, scope: Scope, isSnapshot: Bool, profile: Profile?, grant: Grant,
        signedInAt: Date
    ) {
        self.openID = openID
        self.unionID = unionID
        self.scope = scope
        self.isSnapshot = isSnapshot
        self.profile = profile
        self.grant = grant
        self.signedInAt = signedInAt
    }
}

/// What the server knows of one browser: an identity per account, and how long that holds.
package struct Session: Sendable, Equatable {
    /// By account name. One account's identity is never shown to another.
    package var identities: [String: Identity]
    package var createdAt: Date
    /// The absolute end; using the session never moves it.
    package var expiresAt: Date
    /// When the idle timer was last set back.
    package var touchedAt: Date

    package func identity(for account: String) -> Identity? {
        identities[account]
    }
}
