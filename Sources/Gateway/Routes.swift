import HTTP
import Wire

/// The map of the program: every address Magpie serves, and who answers. `Door` stands around each handler.
enum Routes {
    /// The patterns below, for metrics.
    static let publicPaths = [
        "/get-signature", "/redirect", "/redirect/{account}", "/session", "/auth", "/logout", "/api/wechat",
        "/api/wechat/{account}", "/magpie.json", "/tickets/redeem",
    ]
    static let adminPaths = [
        "/health", "/ready", "/metrics", "/status", "/sessions", "/sessions/revoke", "/access-token",
        "/access-token/report", "/diagnose/signature",
    ]

    static func `public`(
        _ door: Door, signing: SigningRoutes, login: LoginRoutes, sessions: SessionRoutes,
        tickets: TicketRoutes, verification: VerificationRoute, demo: DemoRoute
    ) -> [Route] {
        [
            door.route(
                .get, "/get-signature", immediate: { try signing.signNow($0, into: &$1) },
                { request, _ in try await signing.sign(request) }),
            door.route(.options, "/get-signature") { request, _ in try await signing.preflight(request) },
            door.login("/redirect") { request, _ in
                try await login.redirect(request, account: nil)
            },
            door.login("/redirect/{account}") { request, captures in
                try await login.redirect(request, account: captures["account"])
            },
            door.route(
                .get, "/session", immediate: Door.putting { try sessions.sessionNow($0) },
                { request, _ in try await sessions.session(request) }),
            door.route(
                .get, "/auth", immediate: Door.putting { try sessions.authNow($0) },
                { request, _ in try await sessions.auth(request) }),
            door.route(.post, "/logout") { request, _ in try await sessions.logout(request) },
            door.route(.post, "/tickets/redeem") { request, _ in try await tickets.redeem(request) },
            door.route(.get, "/api/wechat") { request, _ in try verification.verify(request, account: nil) },
            door.route(.get, "/api/wechat/{account}") { request, captures in
                try verification.verify(request, account: captures["account"])
            },
            door.route(.get, "/magpie.json") { request, _ in demo.facts(request) },
        ]
    }

    static func admin(_ door: Door, _ admin: AdminRoutes, guardedBy guardian: AdminGuard) -> [Route] {
        func route(
            _ method: Method, _ path: String, _ handler: @escaping @Sendable (Request) async throws -> Response
        ) -> Route {
            door.route(method, path) { request, _ in
                try guardian.check(request)
                return try await handler(request)
            }
        }
        return [
            route(.get, "/health") { admin.health($0) },
            route(.get, "/ready") { try await admin.ready($0) },
            route(.get, "/metrics") { admin.exposition($0) },
            route(.get, "/status") { try await admin.status($0) },
            route(.get, "/sessions") { try await admin.listSessions($0) },
            route(.post, "/sessions/revoke") { try await admin.revokeSessions($0) },
            route(.get, "/access-token") { try await admin.accessToken($0) },
            route(.post, "/access-token/report") { try await admin.reportToken($0) },
            route(.post, "/diagnose/signature") { try await admin.diagnose($0) },
        ]
    }
}

extension Door {
    fileprivate func route(
        _ method: Method, _ path: String, takesHead: Bool = true,
        immediate: (@Sendable (borrowing RequestView, inout AnswerSink) throws -> Bool)? = nil,
        _ handler: @escaping @Sendable (Request, Captures) async throws -> Response
    ) -> Route {
        var immediateHandler: Route.ImmediateHandler?
        if let immediate {
            immediateHandler = { request, sink in
                answeringNow(request, into: &sink) { sink in try immediate(request, &sink) }
            }
        }
        return Route(method, path, takesHead: takesHead, immediate: immediateHandler) { request, captures in
            await answering(request) { try await handler(request, captures) }
        }
    }

    /// An immediate handler out of one that returns its response, and nil where it would have to wait.
    fileprivate static func putting(
        _ handler: @escaping @Sendable (borrowing RequestView) throws -> Response?
    ) -> @Sendable (borrowing RequestView, inout AnswerSink) throws -> Bool {
        { request, sink in
            guard var response = try handler(request) else { return false }
            protect(&response)
            sink.put(response)
            return true
        }
    }

    /// Many wait there at a time. A link checker's HEAD must begin no login and spend no code.
    fileprivate func login(
        _ path: String, _ handler: @escaping @Sendable (Request, Captures) async throws -> ThrowingAnswer
    ) -> Route {
        Route(
            .get, path, takesHead: false,
            answering: { request, captures in await answer(request) { try await handler(request, captures) } })
    }
}
