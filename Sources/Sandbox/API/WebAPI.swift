import Wire

/// Web authorisation's endpoints, `/sns/*`. Their success carries no `errcode`, except that of `/sns/auth`.
extension PlatformAPI {
    @Sendable static func webToken(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply {
        let grant = try state.redeem(
            code: request.parameter("code"), appID: request.parameter("appid"), secret: request.parameter("secret"),
            grantType: request.parameter("grant_type"))
        let reply = reply(grant, of: state)
        let isTold = grant.scope != "snsapi_base"
        let identity = state.user(grant.user).map { Identity(of: $0, in: grant.appID, isSnapshot: grant.isSnapshot) }
        return
            reply
            .adding("is_snapshotuser", grant.isSnapshot ? .number(1) : nil)
            .adding("unionid", isTold ? identity?.unionID.map { .text($0) } : nil)
    }

    @Sendable static func webRefresh(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply {
        let grant = try state.refresh(
            request.parameter("refresh_token"), appID: request.parameter("appid"),
            grantType: request.parameter("grant_type"))
        return reply(grant, of: state)
    }

    private static func reply(_ grant: Grants.Grant, of state: Platform.State) -> Reply {
        .object([
            "access_token": .text(grant.accessToken), "expires_in": .number(grant.accessExpires - state.now),
            "refresh_token": .text(grant.refreshToken), "openid": .text(grant.openID), "scope": .text(grant.scope),
        ])
    }

    @Sendable static func webProfile(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply {
        let (grant, user) = try state.profile(
            request.parameter("access_token"), openID: request.parameter("openid"))
        let identity = Identity(of: user, in: grant.appID, isSnapshot: grant.isSnapshot)
        let picture = "\(request.origin)/mmopen/vi_32/\(grant.openID)/132"
        let hasPicture = user.hasAvatar && !grant.isSnapshot
        // Since October 2021 sex is 0 and the region is empty for everybody.
        return .object([
            "openid": .text(grant.openID), "nickname": grant.isSnapshot ? .text("微信用户") : .text(user.nickname),
            "sex": .number(0), "language": .text(""), "city": .text(""), "province": .text(""), "country": .text(""),
            "headimgurl": .text(hasPicture ? picture : ""), "privilege": .list([]),
        ]).adding("unionid", identity.unionID.map { .text($0) })
    }

    @Sendable static func webCheck(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply {
        _ = try state.grant(request.parameter("access_token"), openID: request.parameter("openid"))
        return .object(["errcode": .number(0), "errmsg": .text("ok")])
    }

    /// `/mmopen/vi_32/{openid}/{size}`: the picture behind `headimgurl`. Size 0 is the whole 640 pixels.
    func avatar(of openID: String, size: String) -> Response {
        guard let size = Int(size), [0, 46, 64, 96, 132].contains(size) else { return Response(.notFound) }
        let user = platform.with { state in
            state.users.first { user in
                state.ledgers.contains {
                    Identity(of: user, in: $0.account.appID, isSnapshot: false).openID == openID
                }
            }
        }
        guard let user, user.hasAvatar else { return Response(.notFound) }
        let picture = Pictures.avatarFile(of: user, size: size == 0 ? 640 : size)
        return answer(
            .ok,
            [
                (.contentType, "image/svg+xml"), (.crossOriginResourcePolicy, "cross-origin"),
                (.contentSecurityPolicy, "default-src 'none'"), (.xContentTypeOptions, "nosniff"),
            ], Array(picture.utf8))
    }
}
