import FoundationEssentials
import WeChat
import Wire

/// Who the visitor is: `/session` for pages and backends, `/auth` for a proxy's sub-request, `/logout`.
struct SessionRoutes: Sendable {
    let accounts: Accounts
    let sessions: Sessions
    let cookies: Cookies
    let profiles: LateProfiles
    /// The site's own origin, whose pages may end a session.
    let site: Origin
    let metrics: Metrics
    let log: EventLog

    func session(_ request: Request) async throws -> Response {
        let desk = try accounts.named(request.query.only("account"))
        guard let (live, identity) = try await visitor(request, desk) else {
            throw Failure.notSignedIn(login: loginPath(request, desk, .base))
        }
        let complete = try await profiles.completing(identity, of: live, desk: desk)
        var response = Response.json(try SessionReply(complete, live.session, desk).json())
        try response.fields.append(.vary, "Cookie")
        return response
    }

    /// nginx's `auth_request` lets 2xx pass and hands 401 and 403 on; anything else becomes a 500 there.
    func auth(_ request: Request) async throws -> Response {
        let desk = try accounts.named(request.query.only("account"))
        var wanted = Scope.base
        if let name = try request.query.only("scope") {
            guard let scope = Scope(name: name) else { throw Failure.badParameter("scope", rule: "base or userinfo") }
            wanted = scope
        }
        guard let (_, identity) = try await visitor(request, desk), identity.scope.satisfies(wanted) else {
            return try refusal(request, desk, login: loginPath(request, desk, wanted))
        }
        var response = Response(.ok)
        try response.fields.append(Visitor.openID, identity.openID)
        try response.fields.append(Visitor.user, identity.openID)
        if let unionID = identity.unionID { try response.fields.append(Visitor.unionID, unionID) }
        try response.fields.append(Visitor.account, desk.name)
        try response.fields.append(Visitor.scope, identity.scope.name)
        try response.fields.append(Visitor.snapshot, identity.isSnapshot ? "1" : "0")
        try response.fields.append(.vary, "Cookie")
        return response
    }

    /// With `login=redirect`, for proxies that hand any answer on: who goes to a page is sent to the login. A script gets
    /// 401 always, for a redirect would end at WeChat, which it may not read; and it may read the 401 from where it may
    /// ask for signatures: there is nothing of a visitor in it.
    private func refusal(_ request: Request, _ desk: AccountDesk, login: String) throws -> Response {
        if let mode = try request.query.only("login") {
            guard mode == "redirect" else { throw Failure.badParameter("login", rule: "redirect, or not given") }
            // A form that is sent by POST cannot be sent again after the login.
            let goesToPage = ["GET", "HEAD"].contains(request.fields["X-Forwarded-Method"] ?? "GET")
            if goesToPage, ErrorReply.isNavigation(request) { return .redirect(to: login) }
        }
        let failure = Failure.notSignedIn(login: login)
        guard let origin = try? CrossOrigin(request, desk: desk, site: site) else { throw failure }
        throw CrossOriginError(cause: failure, origin: origin, takesCredentials: true)
    }

    /// POST only, and not from other sites' pages: logging somebody out is an attack, too.
    func logout(_ request: Request) async throws -> Response {
        if let origin = request.fields[.origin], origin != site.description { throw Failure.foreignOrigin }
        if let site = request.fields[.secFetchSite], !["same-origin", "none"].contains(site) {
            throw Failure.foreignOrigin
        }
        if let id = cookies.session(of: request) {
            try await sessions.end(id)
            metrics.count(.sessionClosed(.logout))
            log.info("logout", [.session(id)])
        }
        var response = Response(.noContent)
        try cookies.clearSession(on: &response)
        return response
    }

    private func visitor(
        _ request: Request, _ desk: AccountDesk
    ) async throws -> (live: Sessions.Live, identity: Identity)? {
        guard let id = cookies.session(of: request), let live = try await sessions.find(id),
            let identity = live.session.identity(for: desk.name)
        else { return nil }
        return (live, identity)
    }

    /// Where to send the visitor, and back to the page that a proxy asked about: Traefik and Caddy name it in
    /// `X-Forwarded-Uri`, nginx configurations in `X-Original-URI`. Whoever forges it gets only what `to` allows.
    private func loginPath(_ request: Request, _ desk: AccountDesk, _ scope: Scope) -> String {
        let path = "\(accounts.loginPath(of: desk))?scope=\(scope.name)"
        guard let page = request.fields["X-Forwarded-Uri"] ?? request.fields["X-Original-URI"],
            let target = try? desk.returns.target(page)
        else { return path }
        return "\(path)&to=\(PercentCoding.encodeComponent(target.location))"
    }
}

/// The fields in which `/auth` tells who the visitor is: made once, since a name is checked when it is made.
private enum Visitor {
    static let openID: FieldName = "X-WeChat-OpenID"
    /// oauth2-proxy's name for it, which many a proxy's configuration reads already.
    static let user: FieldName = "X-Auth-Request-User"
    static let unionID: FieldName = "X-WeChat-UnionID"
    static let account: FieldName = "X-WeChat-Account"
    static let scope: FieldName = "X-WeChat-Scope"
    static let snapshot: FieldName = "X-WeChat-Snapshot"
}

/// The answer of `/session`. The tokens of the grant stay inside.
private struct SessionReply: Encodable {
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
