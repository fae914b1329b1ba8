import FoundationEssentials
import HTTP
import Reactor
import Store
import WeChat
import Wire

/// `GET /redirect`: sends visitors to WeChat, and takes them back.
///
/// This file begins logins; `LoginCallback` ends them. A class, so that a login in flight holds it with one reference.
final class LoginRoutes: Sendable {
    let accounts: Accounts
    let sessions: Sessions
    let hub: LoginHub
    let records: LoginRecords
    let quota: LoginQuota
    let limit: RateLimit
    let cookies: Cookies
    /// `scheme://host[:port]` of the site, for the address WeChat sends visitors back to.
    let publicOrigin: String
    let log: EventLog
    let metrics: Metrics
    let now: @Sendable () -> Date
    /// How long a second callback waits for the first one's outcome.
    let patience: Duration
    let pause: @Sendable (Duration) async throws(CancellationError) -> Void
    let brake = LogBrake()

    /// What a login counts as when more than half of all are taken. A few addresses, each within its limit, could otherwise
    /// take them all and keep everybody else out.
    private static let chargeInCrowd = 20
    /// A login may be started over this often before the visitor is told.
    static let mostRestarts = 2

    init(
        accounts: Accounts, sessions: Sessions, hub: LoginHub, records: LoginRecords, quota: LoginQuota,
        limit: RateLimit, cookies: Cookies, publicOrigin: String, log: EventLog, metrics: Metrics,
        now: @escaping @Sendable () -> Date, patience: Duration,
        pause: @escaping @Sendable (Duration) async throws(CancellationError) -> Void
    ) {
        self.accounts = accounts
        self.sessions = sessions
        self.hub = hub
        self.records = records
        self.quota = quota
        self.limit = limit
        self.cookies = cookies
        self.publicOrigin = publicOrigin
        self.log = log
        self.metrics = metrics
        self.now = now
        self.patience = patience
        self.pause = pause
    }

    /// One path serves both ways, as WeChat's console and wechat-jssdk have it.
    func redirect(_ request: Request, account: String?) async throws -> ThrowingAnswer {
        let (desk, callback) = try callback(request, account)
        do {
            guard let callback else { return .response(try await start(request, desk)) }
            return try await answer(callback, desk)
        } catch {
            note(error, desk)
            throw error
        }
    }

    /// No callback for a login that begins. Never inlined: what it needs would be held as long as the login takes.
    @inline(never)
    private func callback(_ request: Request, _ account: String?) throws -> (AccountDesk, LoginCallback?) {
        let desk = try accounts.named(account)
        try limit.admit(request)
        let query = request.query
        if try query.only("code") == nil, try query.only("state") == nil { return (desk, nil) }
        return (desk, LoginCallback(routes: self, desk: desk, request: request))
    }

    @inline(never)
    private func answer(_ callback: LoginCallback, _ desk: AccountDesk) async throws -> ThrowingAnswer {
        switch try await callback.course() {
        case .answered(let response): return .response(response)
        case .redeems(let claim):
            if let answer = answer(after: claim, desk) { return answer }
            await claim.exchange.end()
            return .response(try await callback.redeem(claim))
        }
    }

    /// Has the exchange waited for without a task; nil for a fetcher that is an embedder's own.
    @inline(never)
    private func answer(after claim: LoginClaim, _ desk: AccountDesk) -> ThrowingAnswer? {
        guard let fetcher = claim.exchange.fetcher as? ClientFetcher, let call = claim.exchange.call else { return nil }
        let (path, start, fetch) = (call.path, Deadline.now(), fetcher.begin(call))
        return .after(fetch) { [self] request in
            claim.exchange.note(
                Result { () throws(FetchError) in try fetcher.reply(of: fetch, to: path, since: start) })
            return try await redeem(claim, request, desk)
        }
    }

    private func redeem(_ claim: LoginClaim, _ request: Request, _ desk: AccountDesk) async throws -> Response {
        do {
            return try await LoginCallback(routes: self, desk: desk, request: request).redeem(claim)
        } catch {
            note(error, desk)
            throw error
        }
    }

    @inline(never)
    private func note(_ error: any Error, _ desk: AccountDesk) {
        if error is StoreError { metrics.count(.login(account: desk.name, .storeFailed)) }
    }

    @inline(never)
    private func start(_ request: Request, _ desk: AccountDesk) async throws -> Response {
        let visit: SiteVisit?
        let target: ReturnTarget
        do {
            visit = try hub.visit(request.query)
            target = try self.target(try request.query.only("to") ?? "/", visit, desk)
        } catch let failure as Failure {
            metrics.count(.login(account: desk.name, .badTarget))
            throw failure
        }
        var scope = Scope.base
        if let name = try request.query.only("scope") {
            guard let named = Scope(name: name) else {
                metrics.count(.login(account: desk.name, .badRequest))
                throw Failure.badParameter("scope", rule: "base or userinfo")
            }
            scope = named
        }
        if let session = try await satisfying(scope, request, desk) {
            // Each ticket is a record in the store, which bounds them as it bounds logins.
            if visit != nil { try admit(request, desk) }
            return try await leave(for: target, visit, desk, with: session, completesProfile: true)
        }
        let login = PendingLogin(
            account: desk.name, target: target, scope: scope, binding: nil, restarts: 0, visit: visit)
        let response = try await send(login, request, desk, binding: cookies.binding(of: request))
        metrics.count(.login(account: desk.name, .started))
        return response
    }

    /// A path or URL of the site of the visit, or of our own.
    private func target(_ text: String, _ visit: SiteVisit?, _ desk: AccountDesk) throws(Failure) -> ReturnTarget {
        let site = try visit.map { visit throws(Failure) in try hub.sites.named(visit.site) }
        do throws(TargetRefusal) {
            guard let site else { return try desk.returns.target(text) }
            return try site.target(text)
        } catch {
            throw .targetRefused(rule: error.rule)
        }
    }

    /// The end of a login: to where the visitor wanted to go, and to another site with a ticket for his session.
    ///
    /// - Parameters:
    ///   - session: nil for one who has none.
    ///   - error: what the page there is told.
    @inline(never)
    func leave(
        for target: ReturnTarget, _ visit: SiteVisit?, _ desk: AccountDesk, with session: SessionID?,
        adding error: String? = nil, completesProfile: Bool = false
    ) async throws -> Response {
        // Checked when it was stored, and again now: the allow-list may have changed, or the store been written to.
        var checked = try self.target(target.location, visit, desk)
        if let error { checked = checked.adding(parameter: "wechat_error", value: error) }
        guard let visit else { return .redirect(to: checked.location) }
        if let session,
            let ticket = try await hub.ticket(for: visit, session, desk, completes: completesProfile)
        {
            checked = checked.adding(parameter: SiteVisit.ticketParameter, value: ticket.reveal())
        }
        if let nonce = visit.nonce {
            checked = checked.adding(parameter: SiteVisit.returnedNonceParameter, value: nonce)
        }
        return .redirect(to: checked.location)
    }

    /// The visitor's session, if it gives already what a login would.
    @inline(never)
    func satisfying(
        _ scope: Scope, _ request: Request, _ desk: AccountDesk
    ) async throws(StoreError) -> SessionID? {
        guard let id = cookies.session(of: request), let live = try await sessions.find(id),
            let identity = live.session.identity(for: desk.name), identity.scope.satisfies(scope)
        else { return nil }
        metrics.count(.login(account: desk.name, .satisfied))
        return id
    }

    /// Sends the visitor to WeChat, with a state of his own and the browser bound to it.
    @inline(never)
    func send(
        _ login: PendingLogin, _ request: Request, _ desk: AccountDesk, binding: Binding?
    ) async throws -> Response {
        try admit(request, desk)
        let isFirst = binding == nil
        let binding = binding ?? .random()
        var login = login
        login.binding = binding.digest
        let state = LoginState.random()
        try await records.begin(login, state: state.text, isFirst: isFirst)
        let url = try desk.oauth.authorizeURL(
            redirectURI: publicOrigin + path(of: desk), scope: login.scope, state: state.text)
        var response = Response.redirect(to: url)
        try cookies.set(binding, on: &response)
        return response
    }

    /// Throws where no more logins may be begun at the moment, by anybody or by this address.
    func admit(_ request: Request, _ desk: AccountDesk) throws(Failure) {
        if quota.isCrowded(at: now()) { try limit.admit(request, as: Self.chargeInCrowd) }
        guard quota.admit(at: now()) else {
            metrics.count(.login(account: desk.name, .crowded))
            if let count = brake.release(at: .now()) { log.warn("too many logins", [.count(count)]) }
            throw .tooManyLogins
        }
    }

    /// The same login from its beginning, for "try again".
    func startPath(_ desk: AccountDesk, _ login: PendingLogin) -> String {
        // Neither the name nor the nonce of a visit needs an escape.
        let visit = login.visit.map { visit in
            "&site=\(visit.site)" + (visit.nonce.map { "&nonce=\($0)" } ?? "")
        }
        let target = PercentCoding.encodeComponent(login.target.location)
        return "\(path(of: desk))?scope=\(login.scope.name)\(visit ?? "")&to=\(target)"
    }

    func path(of desk: AccountDesk) -> String {
        accounts.loginPath(of: desk)
    }
}
