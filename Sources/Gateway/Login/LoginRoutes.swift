import FoundationEssentials
import Reactor
import Store
import WeChat
import Wire

/// `GET /redirect`: sends visitors to WeChat, and takes them back.
///
/// This file begins logins; `LoginCallback` ends them.
struct LoginRoutes: Sendable {
    let accounts: Accounts
    let sessions: Sessions
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

    /// One path serves both ways, as WeChat's console and wechat-jssdk have it.
    func redirect(_ request: Request, account: String?) async throws -> Response {
        let desk = try accounts.named(account)
        do {
            return try await answer(request, desk)
        } catch let error as StoreError {
            metrics.count(.login(account: desk.name, .storeFailed))
            throw error
        }
    }

    private func answer(_ request: Request, _ desk: AccountDesk) async throws -> Response {
        try limit.admit(request)
        let query = request.query
        if try query.only("code") == nil, try query.only("state") == nil {
            return try await start(request, desk)
        }
        return try await LoginCallback(routes: self, desk: desk, request: request).answer()
    }

    private func start(_ request: Request, _ desk: AccountDesk) async throws -> Response {
        let target: ReturnTarget
        do {
            target = try desk.returns.target(try request.query.only("to") ?? "/")
        } catch let refusal as TargetRefusal {
            metrics.count(.login(account: desk.name, .badTarget))
            throw Failure.targetRefused(rule: refusal.rule)
        }
        var scope = Scope.base
        if let name = try request.query.only("scope") {
            guard let named = Scope(name: name) else {
                metrics.count(.login(account: desk.name, .badRequest))
                throw Failure.badParameter("scope", rule: "base or userinfo")
            }
            scope = named
        }
        if try await isSatisfied(scope, request, desk) { return .redirect(to: target.location) }
        let login = PendingLogin(account: desk.name, target: target, scope: scope, binding: nil, restarts: 0)
        let response = try await send(login, request, desk, binding: cookies.binding(of: request))
        metrics.count(.login(account: desk.name, .started))
        return response
    }

    /// Whether the visitor's session gives already what a login would.
    func isSatisfied(_ scope: Scope, _ request: Request, _ desk: AccountDesk) async throws(StoreError) -> Bool {
        guard let id = cookies.session(of: request), let live = try await sessions.find(id),
            let identity = live.session.identity(for: desk.name), identity.scope.satisfies(scope)
        else { return false }
        metrics.count(.login(account: desk.name, .satisfied))
        return true
    }

    /// Sends the visitor to WeChat, with a state of his own and the browser bound to it.
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
    func startPath(_ desk: AccountDesk, _ target: ReturnTarget, _ scope: Scope) -> String {
        "\(path(of: desk))?scope=\(scope.name)&to=\(PercentCoding.encodeComponent(target.location))"
    }

    func path(of desk: AccountDesk) -> String {
        accounts.loginPath(of: desk)
    }
}
