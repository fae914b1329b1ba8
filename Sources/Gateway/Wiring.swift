import FoundationEssentials
import HTTP
import Reactor
import Secure
import Store
import WeChat
import Wire

/// Builds every part from the configuration, top to bottom. No logic: whoever wants to know what depends on what
/// reads it here.
struct Wiring: Sendable {
    let accounts: Accounts
    let readiness: Readiness
    let publicServer: Server
    let adminServer: Server

    init(
        _ configuration: Configuration, store: any Store, log: EventLog, group: LoopGroup, sandboxSDK: String?,
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        let adminPaths = [
            "/health", "/ready", "/metrics", "/status", "/access-token", "/access-token/report", "/diagnose/signature",
        ]
        let publicPaths = [
            "/get-signature", "/redirect", "/redirect/{account}", "/session", "/auth", "/logout", "/api/wechat",
            "/api/wechat/{account}", "/magpie.json",
        ]
        let metrics = Metrics(
            routes: publicPaths + adminPaths + ["files"], accounts: configuration.accounts.map(\.name), log: log,
            now: now)
        let store = MeasuredStore(store: store, metrics: metrics)

        // WeChat
        let timing = Timing(
            now: now, sleep: { (duration) async throws(CancellationError) in try await sleep(for: duration) })
        var clientOptions = ClientOptions()
        clientOptions.timeout = configuration.upstream.timeout
        clientOptions.caFile = configuration.upstream.caFile
        let client = try Client(group: group, options: clientOptions)
        let fetcher = ClientFetcher(
            client: client, api: try WebURL(configuration.upstream.api.description), metrics: metrics)
        accounts = Accounts(
            try configuration.accounts.map { account in
                let platform = Platform(
                    account: Account(
                        name: account.name, appID: account.appID, appSecret: account.appSecret,
                        usesStableToken: account.stableToken),
                    fetcher: fetcher, timeout: configuration.upstream.timeout, timing: timing)
                let keeper = Keeper(platform: platform, store: store, executor: group.next()) { event in
                    KeeperLog.note(event, account: account.name, log: log, metrics: metrics)
                }
                let returns = ReturnRules(domains: account.returnDomains, publicURL: configuration.publicURL)
                return AccountDesk(
                    account: platform.account, keeper: keeper,
                    oauth: OAuth(platform: platform, openBase: configuration.upstream.open.description),
                    jsDomains: account.jsDomains, returns: returns,
                    menus: try account.menus.mapValues { menu in
                        .init(target: try returns.target(menu.to), scope: menu.scope == .base ? .base : .userinfo)
                    },
                    verificationToken: account.token)
            })
        readiness = Readiness(accounts: accounts, store: store, now: now)

        let addresses = ClientAddress(trusted: configuration.trustedProxies)
        let limits = RateLimits(configuration.limits, addresses: addresses, metrics: metrics, log: log)

        // The visitor
        let sessions = Sessions(
            store: store, lifetime: configuration.session.lifetime / .seconds(1),
            idleTimeout: configuration.session.idleTimeout / .seconds(1), now: now)
        let cookies = Cookies(
            sessionName: configuration.cookieName, bindingName: configuration.bindingCookieName,
            isSecure: configuration.isSecure, sameSite: .init(configuration.session.sameSite),
            sessionLifetime: Int(configuration.session.lifetime / .seconds(1)))
        let login = LoginRoutes(
            accounts: accounts, sessions: sessions, records: LoginRecords(store: store, now: now),
            quota: LoginQuota(most: configuration.limits.logins), limit: limits.logins, cookies: cookies,
            publicOrigin: configuration.publicURL.description, log: log, metrics: metrics, now: now,
            patience: configuration.upstream.timeout * 2 + .seconds(1), pause: timing.sleep)
        let sessionRoutes = SessionRoutes(
            accounts: accounts, sessions: sessions, cookies: cookies,
            profiles: LateProfiles(sessions: sessions, log: log, now: now),
            publicOrigin: configuration.publicURL.description, metrics: metrics, log: log)

        // The listeners
        let door = Door(log: log, metrics: metrics)
        let publicRoutes = Routes.public(
            door,
            signing: SigningRoutes(
                accounts: accounts, site: configuration.publicURL, limit: limits.signatures, metrics: metrics),
            login: login, sessions: sessionRoutes,
            verification: VerificationRoute(accounts: accounts, guesses: limits.guesses),
            demo: DemoRoute(account: accounts.all[0].name, sandboxSDK: sandboxSDK))
        let adminRoutes = Routes.admin(
            door,
            AdminRoutes(
                accounts: accounts, readiness: readiness, metrics: metrics,
                diagnosis: SignatureDiagnosis(accounts: accounts), startedAt: now(), now: now),
            guardedBy: AdminGuard(token: configuration.adminToken, guesses: limits.guesses))
        let tls = try configuration.tls.map { try TLSContext.server(certificateFile: $0.certificate, keyFile: $0.key) }
        let files = StaticFiles(directory: configuration.publicDirectory, refusal: door.refusal)
        publicServer = Server(
            name: "public", address: configuration.listen, group: group,
            options: ServerOptions(configuration.limits, proxies: configuration.trustedProxies, tls: tls),
            responder: HostGuard(
                next: Router(publicRoutes, fallback: PublicFiles(files: files), refusal: door.refusal),
                door: door, metrics: metrics, hosts: configuration.hosts,
                admitsLoopback: configuration.publicURL.isLoopback, admitsAddresses: false,
                tellsStrictTransport: tls != nil),
            onEvent: RequestObserver(
                listener: .public, name: "public", log: log, metrics: metrics, addresses: addresses,
                routes: Set(publicPaths)
            ).note)
        adminServer = Server(
            name: "admin", address: configuration.adminListen, group: group,
            options: .admin(configuration.limits, proxies: configuration.trustedProxies),
            responder: HostGuard(
                next: Router(adminRoutes, refusal: door.refusal), door: door, metrics: metrics,
                hosts: Set(configuration.furtherHosts.map(\.name)), admitsLoopback: true, admitsAddresses: true,
                tellsStrictTransport: false),
            onEvent: RequestObserver(
                listener: .admin, name: "admin", log: log, metrics: metrics, addresses: addresses,
                routes: Set(adminPaths)
            ).note)
    }
}

extension Configuration {
    /// Beside the session's, with the same prefix.
    var bindingCookieName: String {
        isSecure ? CookieName.hostPrefix + "magpie_login" : "magpie_login"
    }
}

extension SetCookie.SameSite {
    init(_ policy: Configuration.SameSitePolicy) {
        switch policy {
        case .lax: self = .lax
        case .strict: self = .strict
        case .none: self = .none
        }
    }
}

extension ServerOptions {
    init(_ limits: Configuration.Limits, proxies: [AddressBlock], tls: TLSContext?) {
        self.init()
        self.limits.requestLine = limits.requestLine
        self.limits.headerBytes = limits.headerBytes
        self.limits.headerFields = limits.headerFields
        self.limits.bodyBytes = limits.bodyBytes
        connections = limits.connections
        connectionsPerAddress = limits.connectionsPerAddress
        exemptAddresses = proxies
        headerTimeout = limits.headerTimeout
        bodyTimeout = limits.bodyTimeout
        idleTimeout = limits.idleTimeout
        writeTimeout = limits.writeTimeout
        self.tls = tls
        refusal = { status in ErrorReply.refusal(status) }
    }

    /// A handful of programs ask there, which must not take the descriptors of visitors.
    static func admin(_ limits: Configuration.Limits, proxies: [AddressBlock]) -> ServerOptions {
        var options = ServerOptions(limits, proxies: proxies, tls: nil)
        options.connections = min(256, limits.connections / 8 + 16)
        return options
    }
}
