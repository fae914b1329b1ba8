import Wire

/// The endpoints of `api.weixin.qq.com`: status 200 whatever happens, and the truth in the body.
///
/// Each one is a rule: it reads a request, changes the platform, and returns a reply or throws a refusal.
struct PlatformAPI: Sendable {
    typealias Rule = @Sendable (inout Platform.State, Request) throws(Refusal) -> Reply

    let platform: Platform

    struct Endpoint: Sendable {
        let path: String
        let dress: Dress
        /// The one method the platform accepts: 43001 or 43002 for the other.
        let method: Method
        let rule: Rule
    }

    static let endpoints: [Endpoint] = [
        Endpoint(path: "/cgi-bin/token", dress: .api, method: .get, rule: token),
        Endpoint(path: "/cgi-bin/stable_token", dress: .api, method: .post, rule: stableToken),
        Endpoint(path: "/cgi-bin/ticket/getticket", dress: .api, method: .get, rule: ticket),
        Endpoint(path: "/cgi-bin/user/info", dress: .api, method: .get, rule: userInfo),
        Endpoint(path: "/cgi-bin/user/get", dress: .api, method: .get, rule: followers),
        Endpoint(path: "/cgi-bin/get_api_domain_ip", dress: .api, method: .get, rule: addresses),
        Endpoint(path: "/cgi-bin/getcallbackip", dress: .api, method: .get, rule: addresses),
        Endpoint(path: "/cgi-bin/clear_quota", dress: .api, method: .post, rule: clearQuota),
        Endpoint(path: "/cgi-bin/openapi/quota/get", dress: .api, method: .post, rule: quota),
        Endpoint(path: "/cgi-bin/openapi/rid/get", dress: .api, method: .post, rule: explainedRequest),
        Endpoint(path: "/sns/oauth2/access_token", dress: .web, method: .get, rule: webToken),
        Endpoint(path: "/sns/oauth2/refresh_token", dress: .web, method: .get, rule: webRefresh),
        Endpoint(path: "/sns/userinfo", dress: .web, method: .get, rule: webProfile),
        Endpoint(path: "/sns/auth", dress: .web, method: .get, rule: webCheck),
    ]

    func respond(to request: Request, at endpoint: Endpoint) -> Response {
        platform.with { state in
            let reply: Reply
            do throws(Refusal) {
                guard request.method == endpoint.method else {
                    throw endpoint.method == .get ? .requiresGet : .requiresPost
                }
                reply = try endpoint.rule(&state, request)
                state.record("call", endpoint.path, "ok")
            } catch {
                reply = state.reply(to: error)
                state.record("call", endpoint.path, "errcode \(error.code)")
            }
            return Self.dressed(reply, endpoint.dress)
        }
    }

    /// A path the platform does not know is one more reply of status 200.
    func respondToUnknown(_ request: Request) -> Response {
        let dress: Dress = request.path.hasPrefix("/sns/") ? .web : .api
        return Self.dressed(platform.with { $0.reply(to: .unknownPath) }, dress)
    }

    static func dressed(_ reply: Reply, _ dress: Dress) -> Response {
        answer(.ok, [(.contentType, dress.rawValue)], reply.bytes)
    }
}

extension Platform.State {
    func reply(to refusal: Refusal) -> Reply {
        .object([
            "errcode": .number(refusal.code),
            "errmsg": .text("\(refusal.text) rid: \(entropy.requestID(at: now))"),
        ])
    }
}

extension PlatformAPI {
    @Sendable private static func token(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply {
        let issue = try state.issueToken(
            to: .init(
                grantType: request.parameter("grant_type"), appID: request.parameter("appid"),
                secret: request.parameter("secret"), caller: request.peer))
        return reply(issue)
    }

    @Sendable private static func stableToken(
        _ state: inout Platform.State, _ request: Request
    ) throws(Refusal) -> Reply {
        let body = try body(of: request)
        let issue = try state.issueStableToken(
            to: .init(
                grantType: body["grant_type"]?.string, appID: body["appid"]?.string, secret: body["secret"]?.string,
                caller: request.peer),
            force: body["force_refresh"] == .flag(true))
        return reply(issue)
    }

    private static func reply(_ issue: TokenFamily.Issue) -> Reply {
        .object(["access_token": .text(issue.token), "expires_in": .number(issue.expiresIn)])
    }

    @Sendable private static func ticket(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply {
        let issue = try state.issueTicket(
            to: request.parameter("access_token"), type: request.parameter("type"))
        return .object([
            "errcode": .number(0), "errmsg": .text("ok"), "ticket": .text(issue.ticket),
            "expires_in": .number(issue.expiresIn),
        ])
    }

    @Sendable private static func userInfo(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply {
        let (user, identity) = try state.acquaintance(
            openID: request.parameter("openid"), accessToken: request.parameter("access_token"))
        let unionID = identity.unionID.map { Reply.text($0) }
        guard user.follows else {
            return .object(["subscribe": .number(0), "openid": .text(identity.openID)]).adding("unionid", unionID)
        }
        // Since the end of 2021 neither name nor picture is told here.
        return .object([
            "subscribe": .number(1), "openid": .text(identity.openID), "nickname": .text(""), "sex": .number(0),
            "language": .text(request.parameter("lang") ?? "zh_CN"), "city": .text(""), "province": .text(""),
            "country": .text(""), "headimgurl": .text(""), "subscribe_time": .number(1_618_441_997),
            "remark": .text(""), "groupid": .number(0), "tagid_list": .list([]),
            "subscribe_scene": .text("ADD_SCENE_QR_CODE"), "qr_scene": .number(0), "qr_scene_str": .text(""),
        ]).adding("unionid", unionID)
    }

    @Sendable private static func followers(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply
    {
        let index = try state.ledger(holding: request.parameter("access_token"))
        let appID = state.ledgers[index].account.appID
        let openIDs = state.users.filter(\.follows).map { Identity(of: $0, in: appID, isSnapshot: false).openID }
        return .object([
            "total": .number(openIDs.count), "count": .number(openIDs.count),
            "data": .object(["openid": .list(openIDs.map { .text($0) })]),
            "next_openid": .text(openIDs.last ?? ""),
        ])
    }

    @Sendable private static func addresses(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply
    {
        _ = try state.ledger(holding: request.parameter("access_token"))
        return .object(["ip_list": .list([.text("127.0.0.1")])])
    }

    @Sendable private static func clearQuota(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply
    {
        let appID = try body(of: request)["appid"]?.string
        try state.clearQuota(of: appID, accessToken: request.parameter("access_token"))
        return .object(["errcode": .number(0), "errmsg": .text("ok")])
    }

    static func body(of request: Request) throws(Refusal) -> [String: JSONValue] {
        guard !request.body.isEmpty else { throw .emptyBody }
        guard case .object(let members) = JSONValue(parsing: request.body) else { throw .badJSON }
        return members
    }
}
