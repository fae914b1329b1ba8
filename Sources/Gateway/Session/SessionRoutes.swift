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
    private let visitorFields: VisitorFields

    init(
        accounts: Accounts, sessions: Sessions, cookies: Cookies, profiles: LateProfiles, site: Origin,
        metrics: Metrics, log: EventLog
    ) {
        self.accounts = accounts
        self.sessions = sessions
        self.cookies = cookies
        self.profiles = profiles
        self.site = site
        self.metrics = metrics
        self.log = log
        visitorFields = VisitorFields(accounts)
    }

    func session(_ request: Request) async throws -> Response {
        let desk = try accounts.named(request.query.only("account"))
        var visitor = try await visitor(request, desk)
        if let found = visitor {
            visitor?.identity = try await profiles.completing(found.identity, of: found.live, desk: desk)
        }
        guard let visitor else { throw Failure.notSignedIn(login: loginPath(request, desk, .base)) }
        return try answer(visitor, desk)
    }

    /// The same without waiting; nil where it would have to.
    func sessionNow(_ request: borrowing RequestView) throws -> Response? {
        let desk = try accounts.named(request.query.only("account"))
        switch try visitorNow(request, desk) {
        case .later: return nil
        case .found(let visitor):
            if let visitor, profiles.lacks(visitor.identity) { return nil }
            guard let visitor else { throw Failure.notSignedIn(login: loginPath(request.copy(), desk, .base)) }
            return try answer(visitor, desk)
        }
    }

    private func answer(_ visitor: Visitor, _ desk: AccountDesk) throws -> Response {
        var response = Response.json(try SessionReply(visitor.identity, visitor.live.session, desk).json())
        try response.fields.append(.vary, "Cookie")
        return response
    }

    /// nginx's `auth_request` lets 2xx pass and hands 401 and 403 on; anything else becomes a 500 there.
    func auth(_ request: Request) async throws -> Response {
        let wish = try request.query.lend { try self.wish($0) }
        let identity = try await visitor(request, wish.desk)?.identity
        return try answer(identity, wish) ?? refusal(request, wish, to: identity)
    }

    /// The same without waiting; nil where it would have to.
    func authNow(_ request: borrowing RequestView) throws -> Response? {
        let wish = try wish(request.query)
        guard let text = cookies.sessionText(of: request), let digest = SessionDigest(of: text) else {
            return try refusal(request.copy(), wish)
        }
        if let known = sessions.recall(digest, account: wish.account), known.scope.satisfies(wish.scope) {
            return Response(
                .ok,
                fields: try visitorFields.of(
                    openID: known.openID, unionID: known.unionID, scope: known.scope, isSnapshot: known.isSnapshot,
                    account: wish.account))
        }
        guard let id = SessionID(text) else { return try refusal(request.copy(), wish) }
        let stamp = sessions.stamp(id)
        guard case .found(let live) = try sessions.findNow(id) else { return nil }
        let visitor = Visitor(live, wish.desk)
        if let visitor, let stamp {
            sessions.remember(visitor.identity, of: visitor.live, digest, account: wish.account, stamp: stamp)
        }
        return try answer(visitor?.identity, wish) ?? refusal(request.copy(), wish, to: visitor?.identity)
    }

    /// What a proxy wants to know: for which account, with which scope at least, and whether whoever goes to a page is
    /// sent to the login. All of it is read before the visitor is looked for: a mistake in a proxy's configuration is to
    /// show at its first trial, and not only to strangers.
    private struct Wish {
        let desk: AccountDesk
        /// The place of the account in the configuration.
        let account: Int
        let scope: Scope
        let sendsToLogin: Bool
    }

    private func wish(_ query: QueryView) throws -> Wish {
        if query.isEmpty { return Wish(desk: accounts.all[0], account: 0, scope: .base, sendsToLogin: false) }
        let account = try accounts.place(of: query.only("account"))
        var scope = Scope.base
        if let name = try query.only("scope") {
            guard let named = Scope(name: name) else { throw Failure.badParameter("scope", rule: "base or userinfo") }
            scope = named
        }
        let mode = try query.only("login")
        guard mode == nil || mode == "redirect" else {
            throw Failure.badParameter("login", rule: "redirect, or not given")
        }
        return Wish(desk: accounts.all[account], account: account, scope: scope, sendsToLogin: mode != nil)
    }

    /// Nil for a visitor who is not known well enough.
    private func answer(_ identity: Identity?, _ wish: Wish) throws -> Response? {
        guard let identity, identity.scope.satisfies(wish.scope) else { return nil }
        return Response(
            .ok,
            fields: try visitorFields.of(
                openID: identity.openID, unionID: identity.unionID, scope: identity.scope,
                isSnapshot: identity.isSnapshot, account: wish.account))
    }

    /// With `login=redirect`, for proxies that hand any answer on: who goes to a page is sent to the login. A script gets
    /// 401 always, for a redirect would end at WeChat, which it may not read; and it may read the 401 from where it may
    /// ask for signatures: there is nothing of a visitor in it.
    private func refusal(_ request: Request, _ wish: Wish, to identity: Identity? = nil) throws -> Response {
        let login = loginPath(request, wish.desk, wish.scope)
        if wish.sendsToLogin {
            // A form that is sent by POST cannot be sent again after the login.
            let goesToPage = ["GET", "HEAD"].contains(request.fields["X-Forwarded-Method"] ?? "GET")
            if goesToPage, ErrorReply.isNavigation(request) { return .redirect(to: login) }
        }
        let origin = try? request.lend { try CrossOrigin($0, desk: wish.desk, site: site) }
        let failure = Failure.notSignedIn(login: login, lacksConsent: identity != nil && origin?.granted == nil)
        guard let origin else { throw failure }
        throw CrossOriginError(cause: failure, origin: origin, takesCredentials: true)
    }

    /// POST only, and not from other sites' pages: logging somebody out is an attack, too.
    func logout(_ request: Request) async throws -> Response {
        if let origin = request.fields[.origin], origin != site.description {
            throw Failure.foreignOrigin(admitted: .ofSite)
        }
        if let site = request.fields[.secFetchSite], !["same-origin", "none"].contains(site) {
            throw Failure.foreignOrigin(admitted: .ofSite)
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

    /// A visitor of an account, and the session that says so.
    private struct Visitor {
        let live: Sessions.Live
        var identity: Identity

        init?(_ live: Sessions.Live?, _ desk: AccountDesk) {
            guard let live, let identity = live.session.identity(for: desk.name) else { return nil }
            self.live = live
            self.identity = identity
        }
    }

    private enum Sighting {
        case found(Visitor?)
        case later
    }

    private func visitor(_ request: Request, _ desk: AccountDesk) async throws -> Visitor? {
        guard let id = cookies.session(of: request) else { return nil }
        return Visitor(try await sessions.find(id), desk)
    }

    private func visitorNow(_ request: borrowing RequestView, _ desk: AccountDesk) throws -> Sighting {
        guard let id = cookies.session(of: request) else { return .found(nil) }
        switch try sessions.findNow(id) {
        case .later: return .later
        case .found(let live): return .found(Visitor(live, desk))
        }
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
