extension Metrics {
    /// Something that is counted once each time it happens.
    package enum Event: Sendable {
        case login(account: String, LoginOutcome)
        case signature(account: String, SignatureOutcome)
        case sessionOpened(account: String)
        case sessionClosed(SessionEnd)
        case upstream(path: String, UpstreamOutcome)
        case connectionOpened(Listener)
        case connectionClosed(Listener)
        case connectionFault(Listener, ConnectionFault)
        case storeFailed(StoreOperation)
        case limited(Limit)
        case ticket(TicketOutcome)
    }

    /// What one client address may only ask so often in a minute.
    package enum Limit: String, CaseIterable, Sendable {
        case logins
        case signatures
        case guesses
    }

    package enum Listener: String, CaseIterable, Sendable {
        case `public`
        case admin
        case sandbox
    }

    /// How a step of a login ended (ASVS 16.3.1: start, success, and failure with its reason).
    package enum LoginOutcome: String, CaseIterable, Sendable {
        case started
        case succeeded
        /// The visitor's session satisfied the request already.
        case satisfied
        /// Reload, back button or WeChat's double callback: the same answer again.
        case repeated
        case denied = "access_denied"
        case badRequest = "bad_request"
        case badTarget = "bad_target"
        case noCookie = "no_cookie"
        case badBinding = "bad_binding"
        case stateUnknown = "unknown"
        case stateExpired = "expired"
        case stateUsed = "used"
        case wrongAccount = "wrong_account"
        /// WeChat refused the code (40029, 40163, 42003) and the login began anew.
        case restarted
        /// It began anew too often.
        case looping = "loop"
        /// More were begun than are remembered at a time.
        case crowded
        case upstreamRefused = "upstream_errcode"
        case upstreamFailed = "upstream_failed"
        case storeFailed = "store_failed"
    }

    package enum SignatureOutcome: String, CaseIterable, Sendable {
        case signed
        case badURL = "bad_url"
        case foreignDomain = "foreign_domain"
        case foreignOrigin = "foreign_origin"
        case unknownAccount = "unknown_account"
        case noTicket = "no_ticket"
    }

    /// What became of a visitor's ticket for another site.
    package enum TicketOutcome: String, CaseIterable, Sendable {
        case issued
        case redeemed
        /// Never given out, expired, or redeemed before.
        case unknown
        case otherSite = "other_site"
        case otherNonce = "other_nonce"
        case sessionEnded = "session_ended"
        /// Of the request to redeem it: the site's name or secret, the body, or that it comes from a page.
        case unauthorized
        case badRequest = "bad_request"
        case foreignOrigin = "foreign_origin"
    }

    package enum SessionEnd: String, CaseIterable, Sendable {
        case logout
        /// A new login took its place.
        case replaced
        /// The operator ended it.
        case revoked
    }

    package enum UpstreamOutcome: Sendable {
        case ok
        case errcode(Int)
        case timedOut
        case unreachable
        case tls
        /// An answer that is no HTTP, or no JSON of the expected shape.
        case garbage
        /// A status other than 200.
        case status

        var label: String {
            switch self {
            case .ok: "ok"
            case .errcode(let code): String(code)
            case .timedOut: "timeout"
            case .unreachable: "unreachable"
            case .tls: "tls"
            case .garbage: "garbage"
            case .status: "status"
            }
        }

        /// The codes worth telling apart: those to which Magpie reacts and those an operator can act on.
        static let labels =
            ["ok", "timeout", "unreachable", "tls", "garbage", "status"]
            + [
                -1, 40_001, 40_002, 40_003, 40_013, 40_014, 40_029, 40_030, 40_125, 40_163, 40_164, 40_226, 40_243,
                41_001, 41_002, 41_003, 41_004, 41_008, 42_001, 42_002, 42_003, 42_007, 43_002, 45_009, 45_011,
                45_035, 48_001, 48_004, 50_001, 50_002, 61_004, 89_501, 89_503, 89_506, 89_507,
            ].map(String.init)
    }

    package enum ConnectionFault: String, CaseIterable, Sendable {
        case malformed
        case tooLarge = "too_large"
        case requestTimeout = "request_timeout"
        case writeTimeout = "write_timeout"
        case overLimit = "over_limit"
        case tls
        case broken
    }

    package enum StoreOperation: String, CaseIterable, Sendable {
        case read
        case commit
        case scan
        case sweep
        case lease
    }

    package enum Credential: String, CaseIterable, Sendable {
        case token
        case ticket
    }

    /// The platform's paths Magpie calls; others are counted together.
    static let upstreamPaths = [
        "/cgi-bin/token", "/cgi-bin/stable_token", "/cgi-bin/ticket/getticket", "/sns/oauth2/access_token",
        "/sns/oauth2/refresh_token", "/sns/userinfo", "/sns/auth", "/cgi-bin/user/info",
    ]
}
