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
struct LoginCallback {
    let routes: LoginRoutes
    let desk: AccountDesk
    let request: Request

    private typealias Found = LoginRecords.Found

    /// Where a callback leads. The exchange is made once the steps before it are done with: thousands of callbacks may
    /// wait for WeChat at a time, and none shall hold more than it needs.
    private enum Course {
        case answered(Response)
        case redeems(PendingLogin, claim: Found, Binding, code: String)
    }

    func answer() async throws -> Response {
        let code = try request.query.only("code")
        guard let state = try request.query.only("state") else {
            count(.badRequest)
            throw Failure.missingParameter("state")
        }
        if let code, !(1...512).contains(code.utf8.count) {
            count(.badRequest)
            throw Failure.badParameter("code", rule: "1 to 512 bytes")
        }
        if let menu = desk.menus[state] {
            return try await fromMenu(menu, named: state, code: code)
        }
        guard let state = LoginState(state) else {
            count(.badRequest)
            throw Failure.badState(retry: routes.path(of: desk))
        }
        guard let found = try await routes.records.find(.init(state: state.text)) else {
            count(.stateUnknown)
            throw Failure.loginExpired(retry: routes.path(of: desk))
        }
        return try await complete(try await proceed(found, code: code, binding: routes.cookies.binding(of: request)))
    }

    private func complete(_ course: Course) async throws -> Response {
        switch course {
        case .answered(let response): return response
        case .redeems(let login, let claim, let binding, let code):
            return try await redeem(code, login, claim, binding)
        }
    }

    // MARK: - Which state the login is in

    private func proceed(_ start: Found, code: String?, binding: Binding?) async throws -> Course {
        var found = start
        let deadline = Deadline.after(routes.patience)
        while true {
            let login = found.record.login
            guard login.account == desk.name else {
                count(.wrongAccount)
                throw Failure.otherAccount
            }
            guard let binding, binding.digest == login.binding else {
                // Another browser's login, or ours without its cookie: this browser starts one of its own.
                let reason: Metrics.LoginOutcome = binding == nil ? .noCookie : .badBinding
                return .answered(try await restart(login, binding: binding, because: reason))
            }
            // Bounded, whatever the other callbacks do.
            guard !deadline.hasPassed else {
                return .answered(try await restart(login, binding: binding, because: .stateUsed))
            }
            switch found.record {
            case .open(let login):
                guard let code else { return .answered(try await refuse(login, found)) }
                if let claim = try await routes.records.claim(login, named: found.name, found: found, code: code) {
                    return .redeems(login, claim: claim, binding, code: code)
                }
                if let earlier = try await routes.records.login(ofCode: code, account: desk.name),
                    earlier.name != found.name
                {
                    return .answered(try await replay(of: earlier, for: login, found, binding))
                }
            case .claimed:
                break
            case .done(let completed):
                return .answered(try await repeated(completed, found.name, binding))
            case .spent(let login):
                return .answered(try await restart(login, binding: binding, because: .stateUsed))
            }
            try await routes.pause(.milliseconds(50))
            guard let current = try await routes.records.find(found.name) else {
                count(.stateExpired)
                throw Failure.loginExpired(retry: routes.path(of: desk))
            }
            found = current
        }
    }

    /// A menu's link carries a fixed state, so this browser is bound only now, and its login told apart by the code.
    private func fromMenu(_ menu: AccountDesk.Menu, named name: String, code: String?) async throws -> Response {
        let binding = routes.cookies.binding(of: request)
        guard let code else {
            count(.denied)
            return try await routes.leave(for: menu.target, nil, desk, with: nil, adding: "access_denied")
        }
        let loginName = LoginRecords.Name(menu: name, account: desk.name, code: code)
        if let found = try await routes.records.find(loginName) {
            return try await complete(try await proceed(found, code: code, binding: binding))
        }
        // A link with a fixed state can be sent to anybody with anybody's code in it: whom it finds signed in, it does not
        // sign in as somebody else.
        if let session = try await routes.satisfying(menu.scope, request, desk) {
            return try await routes.leave(for: menu.target, nil, desk, with: session)
        }
        try routes.admit(request, desk)
        let bound = binding ?? .random()
        let login = PendingLogin(
            account: desk.name, target: menu.target, scope: menu.scope, binding: bound.digest, restarts: 0)
        if let claim = try await routes.records.claim(login, named: loginName, found: nil, code: code) {
            var response = try await redeem(code, login, claim, bound)
            if binding == nil { try routes.cookies.set(bound, on: &response) }
            return response
        }
        // Somebody was quicker with the same link, or this code was another login's.
        if let found = try await routes.records.find(loginName) {
            return try await complete(try await proceed(found, code: code, binding: binding))
        }
        return try await restart(login, binding: binding, because: .stateUsed)
    }

    /// A code that another login used: only the browser of that login gets its answer again.
    private func replay(
        of earlier: Found, for login: PendingLogin, _ found: Found, _ binding: Binding
    ) async throws -> Response {
        if case .done(let completed) = earlier.record, completed.account == desk.name,
            completed.binding == binding.digest
        {
            return try await repeated(completed, earlier.name, binding)
        }
        _ = try await routes.records.settle(found, as: .spent(login))
        return try await restart(login, binding: binding, because: .stateUsed)
    }

    // MARK: - The way it ends

    private func redeem(
        _ code: String, _ login: PendingLogin, _ claim: Found, _ binding: Binding
    ) async throws -> Response {
        let grant: Grant
        do {
            grant = try await desk.oauth.exchange(code: code)
        } catch {
            _ = try await routes.records.settle(claim, as: .spent(login))
            return try await exchangeFailed(error, login, binding)
        }
        let identity = await identity(from: grant, for: login)
        let id = try await openSession(identity, login, claim, binding)
        routes.metrics.count(.sessionOpened(account: desk.name))
        count(.succeeded)
        routes.log.info(
            "login",
            [
                .outcome("succeeded"), .account(desk.name), .openID(grant.openID), .scope(identity.scope.name),
                .kind(identity.isSnapshot ? "snapshot" : "visitor"),
            ])
        var response = try await routes.leave(for: login.target, login.visit, desk, with: id)
        try routes.cookies.set(id, on: &response)
        return response
    }

    /// Opens the session and completes the login in one commit. Tried again when the browser's old session changed in
    /// between, by a logout or another tab's login.
    @inline(never)
    private func openSession(
        _ identity: Identity, _ login: PendingLogin, _ claim: Found, _ binding: Binding
    ) async throws -> SessionID {
        for _ in 0..<3 {
            let old = try await oldSession()
            let opened = routes.sessions.opening(identity, account: desk.name, replacing: old)
            let completed = CompletedLogin(
                account: desk.name, target: login.target, scope: login.scope, binding: binding.digest,
                restarts: login.restarts, visit: login.visit,
                sealedSession: Data(binding.seal(opened.id, login: claim.name.text)))
            guard
                try await routes.records.settle(
                    claim, as: .done(completed), with: opened.changes, if: opened.conditions)
            else { continue }
            if old != nil { routes.metrics.count(.sessionClosed(.replaced)) }
            return opened.id
        }
        throw Failure.loginExpired(retry: routes.path(of: desk))
    }

    @inline(never)
    private func identity(from grant: Grant, for login: PendingLogin) async -> Identity {
        var profile: Profile?
        if login.scope == .userinfo, grant.scope.satisfies(.userinfo) {
            do {
                // Once: the visitor waits for it, and so does a second callback, whose patience is two exchanges.
                profile = try await desk.oauth.profile(grant, repeats: false)
            } catch {
                // The code is spent and the visitor known: he is logged in, and the profile is fetched later.
                logFailure(error, step: "profile")
            }
        }
        return Identity(
            openID: grant.openID, unionID: grant.unionID ?? profile?.unionID, scope: grant.scope,
            isSnapshot: grant.isSnapshot, profile: profile, grant: grant, signedInAt: routes.now())
    }

    /// Never inlined: its room would be held during every exchange. So with `openSession`.
    @inline(never)
    private func exchangeFailed(
        _ error: OAuthError, _ login: PendingLogin, _ binding: Binding
    ) async throws -> Response {
        logFailure(error, step: "exchange")
        let retry = routes.startPath(desk, login)
        switch error.reaction {
        case .restartLogin:
            return try await restart(login, binding: binding, because: .restarted)
        case .stop, .callerBug, .refreshToken, .outcome:
            count(.upstreamRefused)
            throw Failure.loginFailed(retry: retry)
        case .backOff:
            count(.upstreamFailed)
            throw Failure.loginUnavailable(retry: retry, seconds: 5)
        }
    }

    /// The visitor said no: he goes where he came from, and the page there learns it.
    private func refuse(_ login: PendingLogin, _ found: Found) async throws -> Response {
        _ = try await routes.records.settle(found, as: .spent(login))
        count(.denied)
        routes.log.info("login", [.outcome("access_denied"), .account(desk.name), .scope(login.scope.name)])
        return try await routes.leave(
            for: login.target, login.visit, desk, with: nil, adding: "access_denied")
    }

    private func repeated(
        _ completed: CompletedLogin, _ name: LoginRecords.Name, _ binding: Binding
    ) async throws -> Response {
        count(.repeated)
        // A session that was ended since stays ended.
        var session = binding.open(Array(completed.sealedSession), login: name.text)
        if let id = session, try await routes.sessions.find(id) == nil { session = nil }
        if completed.visit != nil { try routes.admit(request, desk) }
        var response = try await routes.leave(for: completed.target, completed.visit, desk, with: session)
        if let session { try routes.cookies.set(session, on: &response) }
        return response
    }

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

extension LoginRecord {
    /// What every stage keeps of the login.
    var login: PendingLogin {
        switch self {
        case .open(let login), .claimed(let login), .spent(let login): login
        case .done(let done):
            PendingLogin(
                account: done.account, target: done.target, scope: done.scope, binding: done.binding,
                restarts: done.restarts, visit: done.visit)
        }
    }
}
