import FoundationEssentials
import Reactor
import Secure
import Store
import WeChat
import Wire

/// The way back from WeChat: the state is found and claimed, then the code is exchanged, then a session is opened.
///
/// In this order and never another: whoever exchanges first lets a stranger's state spend codes (oauth2-proxy does).
/// A callback that comes twice, with the same code or with another one, gets the answer of the first.
///
/// Who waits for the exchange holds a `LoginClaim`, and no task. But thousands of callbacks may also wait for the store at a
/// time, or for profiles, and what a function needs is held as long as those wait that it calls. So the steps are functions
/// apart, never inlined, and what they hand each other is one reference.
final class LoginCallback: Sendable {
    private let routes: LoginRoutes
    private let desk: AccountDesk
    private let request: Request

    private typealias Found = LoginRecords.Found

    private typealias Course = LoginCourse
    private typealias Claim = LoginClaim

    /// What a callback says of itself.
    private final class Sign: Sendable {
        let state: String
        let code: String?
        let binding: Binding?

        init(state: String, code: String?, binding: Binding?) {
            self.state = state
            self.code = code
            self.binding = binding
        }
    }

    init(routes: LoginRoutes, desk: AccountDesk, request: Request) {
        self.routes = routes
        self.desk = desk
        self.request = request
    }

    // MARK: - Which state the login is in

    @inline(never)
    func course() async throws -> LoginCourse {
        let sign = try sign()
        if let menu = desk.menus[sign.state] { return try await course(of: menu, sign) }
        guard let found = try await routes.records.find(.init(state: sign.state)) else {
            count(.stateUnknown)
            throw Failure.loginExpired(retry: routes.path(of: desk))
        }
        return try await proceed(found, sign)
    }

    @inline(never)
    private func sign() throws -> Sign {
        let code = try request.query.only("code")
        guard let state = try request.query.only("state") else {
            count(.badRequest)
            throw Failure.missingParameter("state")
        }
        if let code, !(1...512).contains(code.utf8.count) {
            count(.badRequest)
            throw Failure.badParameter("code", rule: "1 to 512 bytes")
        }
        guard desk.menus[state] != nil || LoginState(state) != nil else {
            count(.badRequest)
            throw Failure.badState(retry: routes.path(of: desk))
        }
        return Sign(state: state, code: code, binding: routes.cookies.binding(of: request))
    }

    private func proceed(_ found: Found, _ sign: Sign) async throws -> Course {
        if let course = try await course(of: found, sign, until: .never) { return course }
        return try await wait(for: found, sign)
    }

    @inline(never)
    private func wait(for start: Found, _ sign: Sign) async throws -> Course {
        let deadline = Deadline.after(routes.patience)
        var found = start
        while true {
            try await routes.pause(.milliseconds(50))
            guard let current = try await routes.records.find(found.name) else {
                count(.stateExpired)
                throw Failure.loginExpired(retry: routes.path(of: desk))
            }
            found = current
            if let course = try await course(of: found, sign, until: deadline) { return course }
        }
    }

    /// Nil while another callback has the login.
    @inline(never)
    private func course(of found: Found, _ sign: Sign, until deadline: Deadline) async throws -> Course? {
        let step = try step(found, sign, until: deadline)
        guard case .claims(let code, let binding) = step else { return try await course(of: found, sign, after: step) }
        return try await claim(found, code: code, binding)
    }

    @inline(never)
    private func course(of found: Found, _ sign: Sign, after step: Step) async throws -> Course? {
        switch step {
        case .claims, .waits: nil
        case .startsOver(let reason): .answered(try await restart(of: found, sign.binding, because: reason))
        case .refuses: .answered(try await refuse(found))
        case .repeats(let binding): .answered(try await repeated(found, binding))
        }
    }

    private enum Step {
        case startsOver(Metrics.LoginOutcome)
        case claims(code: String, Binding)
        case waits
        case refuses
        case repeats(Binding)
    }

    @inline(never)
    private func step(_ found: Found, _ sign: Sign, until deadline: Deadline) throws -> Step {
        let login = found.record.login
        guard login.account == desk.name else {
            count(.wrongAccount)
            throw Failure.otherAccount
        }
        // Another browser's login, or ours without its cookie: this browser starts one of its own.
        guard let binding = sign.binding else { return .startsOver(.noCookie) }
        guard binding.digest == login.binding else { return .startsOver(.badBinding) }
        // Bounded, whatever the other callbacks do.
        guard !deadline.hasPassed else { return .startsOver(.stateUsed) }
        switch found.record {
        case .open: return sign.code.map { .claims(code: $0, binding) } ?? .refuses
        case .claimed: return .waits
        case .done: return .repeats(binding)
        case .spent: return .startsOver(.stateUsed)
        }
    }

    @inline(never)
    private func claim(_ found: Found, code: String, _ binding: Binding) async throws -> Course? {
        if let claimed = try await routes.records.claim(found, code: code) {
            return redeeming(claimed, code, binding)
        }
        return try await replay(code, for: found, binding)
    }

    /// A code that another login used: only the browser of that login gets its answer again. Nil where none has.
    @inline(never)
    private func replay(_ code: String, for found: Found, _ binding: Binding) async throws -> Course? {
        guard let earlier = try await routes.records.login(ofCode: code, account: desk.name), earlier.name != found.name
        else { return nil }
        if case .done(let completed) = earlier.record, completed.account == desk.name,
            completed.binding == binding.digest
        {
            return .answered(try await repeated(earlier, binding))
        }
        _ = try await routes.records.spend(found)
        return .answered(try await restart(of: found, binding, because: .stateUsed))
    }

    @inline(never)
    private func redeeming(_ claimed: Found, _ code: String, _ binding: Binding, isNew: Bool = false) -> Course {
        .redeems(Claim(claimed, binding, isNew: isNew, exchange: CodeExchange(code, by: desk.oauth)))
    }

    /// A menu's link carries a fixed state, so this browser is bound only now, and its login told apart by the code.
    @inline(never)
    private func course(of menu: AccountDesk.Menu, _ sign: Sign) async throws -> Course {
        guard let code = sign.code else {
            count(.denied)
            return .answered(try await routes.leave(for: menu.target, nil, desk, with: nil, adding: "access_denied"))
        }
        let name = LoginRecords.Name(menu: sign.state, account: desk.name, code: code)
        if let found = try await routes.records.find(name) { return try await proceed(found, sign) }
        // A link with a fixed state can be sent to anybody with anybody's code in it: whom it finds signed in, it does not
        // sign in as somebody else.
        if let session = try await routes.satisfying(menu.scope, request, desk) {
            return .answered(try await routes.leave(for: menu.target, nil, desk, with: session))
        }
        try routes.admit(request, desk)
        let bound = sign.binding ?? .random()
        let login = PendingLogin(
            account: desk.name, target: menu.target, scope: menu.scope, binding: bound.digest, restarts: 0)
        if let claimed = try await routes.records.claim(login, named: name, code: code) {
            return redeeming(claimed, code, bound, isNew: sign.binding == nil)
        }
        // Somebody was quicker with the same link, or this code was another login's.
        if let found = try await routes.records.find(name) { return try await proceed(found, sign) }
        return .answered(try await restart(login, binding: sign.binding, because: .stateUsed))
    }

    // MARK: - The way it ends

    /// What comes of an exchange that has ended.
    @inline(never)
    func redeem(_ claim: LoginClaim) async throws -> Response {
        let grant: Grant
        do throws(OAuthError) {
            grant = try claim.exchange.grant()
        } catch {
            return try await exchangeFailed(error, claim)
        }
        return try await welcome(grant, claim)
    }

    @inline(never)
    private func welcome(_ grant: Grant, _ claim: Claim) async throws -> Response {
        let profile = await profile(grant, for: claim)
        return try await open(identity(from: grant, profile), claim)
    }

    /// Opens the session, and sends the visitor on with it.
    @inline(never)
    private func open(_ identity: Identity, _ claim: Claim) async throws -> Response {
        let id = try await openSession(identity, claim)
        noteSuccess(identity)
        let login = claim.found.record.login
        var response = try await routes.leave(for: login.target, login.visit, desk, with: id)
        try routes.cookies.set(id, on: &response)
        if claim.bindsAnew { try routes.cookies.set(claim.binding, on: &response) }
        return response
    }

    @inline(never)
    private func noteSuccess(_ identity: Identity) {
        routes.metrics.count(.sessionOpened(account: desk.name))
        count(.succeeded)
        routes.log.info(
            "login",
            [
                .outcome("succeeded"), .account(desk.name), .openID(identity.openID), .scope(identity.scope.name),
                .kind(identity.isSnapshot ? "snapshot" : "visitor"),
            ])
    }

    /// Opens the session and completes the login in one commit. Tried again when the browser's old session changed in
    /// between, by a logout or another tab's login.
    @inline(never)
    private func openSession(_ identity: Identity, _ claim: Claim) async throws -> SessionID {
        for _ in 0..<3 {
            let old = try await oldSession()
            let opened = routes.sessions.opening(identity, account: desk.name, replacing: old)
            guard
                try await routes.records.settle(
                    claim.found, as: .done(completed(claim, opened.id)), with: opened.changes, if: opened.conditions)
            else { continue }
            if old != nil { routes.metrics.count(.sessionClosed(.replaced)) }
            return opened.id
        }
        throw Failure.loginExpired(retry: routes.path(of: desk))
    }

    @inline(never)
    private func completed(_ claim: Claim, _ id: SessionID) -> CompletedLogin {
        let login = claim.found.record.login
        return CompletedLogin(
            account: desk.name, target: login.target, scope: login.scope, binding: claim.binding.digest,
            restarts: login.restarts, visit: login.visit,
            sealedSession: Data(claim.binding.seal(id, login: claim.found.name.text)))
    }

    @inline(never)
    private func profile(_ grant: Grant, for claim: Claim) async -> Profile? {
        guard claim.found.record.login.scope == .userinfo, grant.scope.satisfies(.userinfo) else { return nil }
        do {
            // Once: the visitor waits for it, and so does a second callback, whose patience is two exchanges.
            return try await desk.oauth.profile(grant, repeats: false)
        } catch {
            // The code is spent and the visitor known: he is logged in, and the profile is fetched later.
            logFailure(error, step: "profile")
            return nil
        }
    }

    @inline(never)
    private func identity(from grant: Grant, _ profile: Profile?) -> Identity {
        Identity(
            openID: grant.openID, unionID: grant.unionID ?? profile?.unionID, scope: grant.scope,
            isSnapshot: grant.isSnapshot, profile: profile, grant: grant, signedInAt: routes.now())
    }

    @inline(never)
    private func exchangeFailed(_ error: OAuthError, _ claim: Claim) async throws -> Response {
        _ = try await routes.records.spend(claim.found)
        logFailure(error, step: "exchange")
        guard error.reaction == .restartLogin else { throw failure(error.reaction, claim) }
        return try await restart(claim.found.record.login, binding: claim.binding, because: .restarted)
    }

    @inline(never)
    private func failure(_ reaction: Reaction, _ claim: Claim) -> Failure {
        let retry = routes.startPath(desk, claim.found.record.login)
        switch reaction {
        case .stop, .callerBug, .refreshToken, .outcome, .restartLogin:
            count(.upstreamRefused)
            return .loginFailed(retry: retry)
        case .backOff:
            count(.upstreamFailed)
            return .loginUnavailable(retry: retry, seconds: 5)
        }
    }

    /// The visitor said no: he goes where he came from, and the page there learns it.
    @inline(never)
    private func refuse(_ found: Found) async throws -> Response {
        _ = try await routes.records.spend(found)
        let login = found.record.login
        count(.denied)
        routes.log.info("login", [.outcome("access_denied"), .account(desk.name), .scope(login.scope.name)])
        return try await routes.leave(
            for: login.target, login.visit, desk, with: nil, adding: "access_denied")
    }

    @inline(never)
    private func repeated(_ found: Found, _ binding: Binding) async throws -> Response {
        guard case .done(let completed) = found.record else {
            preconditionFailure("who repeats a login has seen it done")
        }
        count(.repeated)
        // A session that was ended since stays ended.
        var session = binding.open(Array(completed.sealedSession), login: found.name.text)
        if let id = session, try await routes.sessions.find(id) == nil { session = nil }
        if completed.visit != nil { try routes.admit(request, desk) }
        var response = try await routes.leave(for: completed.target, completed.visit, desk, with: session)
        if let session { try routes.cookies.set(session, on: &response) }
        return response
    }

    @inline(never)
    private func restart(
        of found: Found, _ binding: Binding?, because outcome: Metrics.LoginOutcome
    ) async throws -> Response {
        try await restart(found.record.login, binding: binding, because: outcome)
    }

    @inline(never)
    private func restart(
        _ login: PendingLogin, binding: Binding?, because outcome: Metrics.LoginOutcome
    ) async throws -> Response {
        count(outcome)
        routes.log.info(
            "login", [.outcome(outcome.rawValue), .account(desk.name), .attempt(login.restarts + 1)])
        guard login.restarts < LoginRoutes.mostRestarts else {
            count(.looping)
            throw Failure.loginLoop(retry: routes.startPath(desk, login))
        }
        var again = login
        again.restarts += 1
        return try await routes.send(again, request, desk, binding: binding)
    }

    private func oldSession() async throws(StoreError) -> Sessions.Live? {
        guard let id = routes.cookies.session(of: request) else { return nil }
        return try await routes.sessions.find(id)
    }

    private func count(_ outcome: Metrics.LoginOutcome) {
        routes.metrics.count(.login(account: desk.name, outcome))
    }

    private func logFailure(_ error: OAuthError, step: StaticString) {
        routes.log.warn(
            "login",
            [.outcome("upstream_failed"), .kind("\(step)"), .account(desk.name), .reason(error.description)]
                + .errcode(of: error))
    }
}
