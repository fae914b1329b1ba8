public import FoundationEssentials
package import Secure

/// What a visitor's login gave: who it is, and tokens to ask for the profile. Nothing to do with the account's own
/// access token.
///
/// It encodes with its tokens, because it must outlive the process: seal what you store.
public struct Grant: Sendable, Equatable {
    /// The visitor's id within this account, 28 characters.
    public let openID: String
    /// The visitor's id within all accounts bound to one Open Platform account; often missing, and it may come later.
    public let unionID: String?
    /// The scope that WeChat granted, which may be less than was asked for.
    public let scope: Scope
    /// The visitor saw the page as a snapshot: openid, unionid and profile are **virtual**, and must never be bound or
    /// merged with a person's ("网页快照页").
    public let isSnapshot: Bool
    package let accessToken: Secret
    package let refreshToken: Secret?
    /// When WeChat handed it out, by our clock.
    public let obtainedAt: Date
    /// When the access token ends, usually two hours after.
    public let expiresAt: Date
    /// When the login itself ends: 30 days after it, whatever is refreshed.
    public let refreshExpiresAt: Date

    /// Whether the access token is good for a call at `date`.
    public func isFresh(at date: Date) -> Bool { date < expiresAt }

    /// Whether a new access token can be had without the visitor.
    public func isRefreshable(at date: Date) -> Bool { refreshToken != nil && date < refreshExpiresAt }

    static let refreshLife = 30 * 86_400.0

    /// As it was stored.
    package init(
        openID: String, unionID: String?, scope: Scope, isSnapshot: Bool, accessToken: Secret, refreshToken: Secret?,
        obtainedAt: Date, expiresAt: Date, refreshExpiresAt: Date
    ) {
        self.openID = openID
        self.unionID = unionID
        self.scope = scope
        self.isSnapshot = isSnapshot
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.obtainedAt = obtainedAt
        self.expiresAt = expiresAt
        self.refreshExpiresAt = refreshExpiresAt
    }

    /// Reads the reply of `/sns/oauth2/access_token` or `/sns/oauth2/refresh_token`; the latter says nothing of
    /// unionid and snapshot, which stay as they were.
    init(_ reply: ReplyBody, at now: Date, after old: Grant? = nil) throws(Unreadable) {
        // WeChat lists several scopes after each other.
        let scopes = (reply.text("scope") ?? "").split { $0 == "," || $0 == " " }
        let isUserinfo = scopes.contains { $0 == Scope.userinfo.rawValue }
        let refresh = reply.text("refresh_token") == nil ? nil : try reply.credential("refresh_token")
        self.init(
            openID: try reply.identifier("openid"),
            unionID: reply.text("unionid") == nil ? old?.unionID : try reply.identifier("unionid"),
            scope: scopes.isEmpty ? old?.scope ?? .base : isUserinfo ? .userinfo : .base,
            isSnapshot: reply.flag("is_snapshotuser") || old?.isSnapshot == true,
            accessToken: Secret(try reply.credential("access_token")),
            refreshToken: refresh.map { Secret($0) } ?? old?.refreshToken, obtainedAt: now,
            expiresAt: now + Double(Credential.usableSeconds(of: Credential.saneSeconds(reply.integer("expires_in")))),
            refreshExpiresAt: old?.refreshExpiresAt ?? now + Self.refreshLife)
    }
}

extension Grant: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "grant of \(scope.name)\(isSnapshot ? " (snapshot)" : "")" }
    public var debugDescription: String { description }
    public var customMirror: Mirror {
        Mirror(self, children: ["scope": scope, "isSnapshot": isSnapshot, "expiresAt": expiresAt])
    }
}

extension Grant: Codable {
    private enum CodingKeys: String, CodingKey {
        case openID = "openid"
        case unionID = "unionid"
        case scope
        case isSnapshot = "snapshot"
        case accessToken
        case refreshToken
        case obtainedAt
        case expiresAt
        case refreshExpiresAt
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            openID: try fields.decode(String.self, forKey: .openID),
            unionID: try fields.decodeIfPresent(String.self, forKey: .unionID),
            scope: try fields.decode(Scope.self, forKey: .scope),
            isSnapshot: try fields.decode(Bool.self, forKey: .isSnapshot),
            accessToken: Secret(try fields.decode(String.self, forKey: .accessToken)),
            refreshToken: try fields.decodeIfPresent(String.self, forKey: .refreshToken).map { Secret($0) },
            obtainedAt: try fields.decode(Date.self, forKey: .obtainedAt),
            expiresAt: try fields.decode(Date.self, forKey: .expiresAt),
            refreshExpiresAt: try fields.decode(Date.self, forKey: .refreshExpiresAt))
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(openID, forKey: .openID)
        try fields.encodeIfPresent(unionID, forKey: .unionID)
        try fields.encode(scope, forKey: .scope)
        try fields.encode(isSnapshot, forKey: .isSnapshot)
        try fields.encode(accessToken.reveal(), forKey: .accessToken)
        try fields.encodeIfPresent(refreshToken?.reveal(), forKey: .refreshToken)
        try fields.encode(obtainedAt, forKey: .obtainedAt)
        try fields.encode(expiresAt, forKey: .expiresAt)
        try fields.encode(refreshExpiresAt, forKey: .refreshExpiresAt)
    }
}
