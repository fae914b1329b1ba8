import FoundationEssentials
import WeChat

/// The answer of `/session`. The tokens of the grant stay inside.
struct SessionReply: Encodable {
    let openid: String
    let unionid: String?
    let account: String
    let scope: String
    let snapshot: Bool
    let profile: Profile?
    let createdAt: Date
    let expiresAt: Date

    init(_ identity: Identity, _ session: Session, _ desk: AccountDesk) {
        openid = identity.openID
        unionid = identity.unionID
        account = desk.name
        scope = identity.scope.name
        snapshot = identity.isSnapshot
        profile = identity.profile
        createdAt = session.createdAt
        expiresAt = session.expiresAt
    }

    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}
