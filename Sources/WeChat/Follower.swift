public import FoundationEssentials
import Secure

/// What `/cgi-bin/user/info` tells of a user ("获取用户基本信息"). Nickname and avatar are not in it since 2021-12-27.
public struct Follower: Sendable, Equatable {
    public let openID: String
    /// Only when the account is bound to an Open Platform account.
    public let unionID: String?
    /// Everything below is empty for users who do not follow.
    public let isFollowing: Bool
    public let followedAt: Date?
    /// How the user came to follow, such as `ADD_SCENE_QR_CODE`.
    public let scene: String?
    /// The operator's note on the user.
    public let remark: String?
}

extension Platform {
    /// GET `/cgi-bin/user/info`.
    func follower(openID: String, accessToken: Credential) async throws(UpstreamError) -> Follower {
        let query = [
            (name: "access_token", value: accessToken.secret.reveal()), (name: "openid", value: openID),
            (name: "lang", value: "zh_CN"),
        ]
        let reply = try await call(.follower, query: query, wanted: "openid")
        // Nobody is told about anybody else, whatever mixed up the replies.
        guard reply.text("openid") == openID else { throw .unreadable(.invalid(field: "openid")) }
        return Follower(
            openID: openID, unionID: PlainText.clean(reply.text("unionid")), isFollowing: reply.flag("subscribe"),
            followedAt: reply.integer("subscribe_time").map { Date(timeIntervalSince1970: Double($0)) },
            scene: PlainText.clean(reply.text("subscribe_scene")), remark: PlainText.clean(reply.text("remark")))
    }
}
