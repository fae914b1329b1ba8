import FoundationEssentials
import HTTP
import Reactor
import Secure
import Store
import Synchronization
import WeChat
import Wire

/// What outlives every reload of the configuration.
struct Fixtures: Sendable {
    let store: any Store
    let metrics: Metrics
    let log: EventLog
    let group: LoopGroup
    let reloads: Reloads
    let upstream: UpstreamJournal
    /// Where the demo page loads its JS-SDK from, when that is a sandbox's.
    let sandboxSDK: String?
    let startedAt: Date
    let now: @Sendable () -> Date
}

/// Builds every part from the configuration, top to bottom. No logic: whoever wants to know what depends on what
/// reads it here.
///
/// A reload builds another one, which takes over from the former what has not changed: keepers with their tokens, the
/// connections to WeChat, the files in memory. Requests under way finish with the one they began with.
final class Wiring: Sendable {
    let configuration: Configuration
    let client: MadeOfFiles<Configuration.Upstream, Client>
    let tls: MadeOfFiles<Configuration.TLS, TLSContext>?
    private let files: StaticFiles
    private let limits: RateLimits
    private let quota: LoginQuota
    let sessionCache: SessionCache?
    let accounts: Accounts
    let readiness: Readiness
    let publicSide: Side
    let adminSide: Side

    /// What a listener serves with.
    struct Side: Sendable {
        let options: ServerOptions
        let answering: Answering

        init(options: ServerOptions, responder: any Responder, observer: RequestObserver) {
            self.options = options
            answering = Answering(responder, observer: observer)
        }
    }

    init(_ configuration: Configuration, _ fixtures: Fixtures, former: Wiring? = nil) throws {
        let (store, metrics, log) = (fixtures.store, fixtures.metrics, fixtures.log)
        let (group, now) = (fixtures.group, fixtures.now)
        self.configuration = configuration

        // WeChat
        let timing = Timing(
            now: now, sleep: { (duration) async throws(CancellationError) in try await sleep(for: duration) })
        let client = try MadeOfFiles(
            configuration.upstream, files: [configuration.upstream.caFile].compactMap(\.self), unlike: former?.client
        ) {
            var options = ClientOptions()
            options.timeout = configuration.upstream.timeout
            options.caFile = configuration.upstream.caFile
            return try Client(group: group, options: options)
        }
        self.client = client
        let fetcher = ClientFetcher(
            client: client.product, api: try WebURL(configuration.upstream.api.description), metrics: metrics)
        let keepers = client.product === former?.client.product ? former?.accounts.all.map(\.keeper) : nil
        accounts = Accounts(
            try configuration.accounts.map { account in
                let platform = Platform(
                    account: Account(
                        name: account.name, appID: account.appID, appSecret: account.appSecret,
                        usesStableToken: account.stableToken),
                    fetcher: fetcher, timeout: configuration.upstream.timeout, timing: timing
                ) { operation, error in
                    fixtures.upstream.note(operation, of: account.name, error)
                }
                let keeper =
                    keepers?.first { $0.account == platform.account }
                    ?? Keeper(platform: platform, store: store, executor: group.next()) { event in
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
                    verificationToken: account.token, metrics: metrics)
            })
        readiness = Readiness(accounts: accounts, store: store, now: now)

        let addresses = ClientAddress(trusted: configuration.trustedProxies)
        // What an address owes is forgotten only when the rules themselves change.
        let isLimitedAlike =
            former.map {
                $0.configuration.limits.perVisitor == configuration.limits.perVisitor
                    && $0.configuration.trustedProxies == configuration.trustedProxies
            } ?? false
        limits =
            (isLimitedAlike ? former?.limits : nil)
            ?? RateLimits(configuration.limits, addresses: addresses, metrics: metrics, log: log)
        quota = (isLimitedAlike ? former?.quota : nil) ?? LoginQuota(most: configuration.limits.logins)

        // The visitor
        let isRememberedAlike =
            former.map {
                $0.configuration.limits.sessionCache == configuration.limits.sessionCache
                    && $0.configuration.session == configuration.session
                    && $0.configuration.accountNames == configuration.accountNames
            } ?? false
        sessionCache = isRememberedAlike ? former?.sessionCache : SessionCache(bytes: configuration.limits.sessionCache)
        let sessions = Sessions(
            store: store, lifetime: configuration.session.lifetime / .seconds(1),
            idleTimeout: configuration.session.idleTimeout / .seconds(1), now: now, cache: sessionCache,
            metrics: metrics)
        let cookies = Cookies(
            sessionName: configuration.cookieName, bindingName: configuration.bindingCookieName,
            isSecure: configuration.isSecure, sameSite: .init(configuration.session.sameSite),
            sessionLifetime: Int(configuration.session.lifetime / .seconds(1)))
        let profiles = LateProfiles(sessions: sessions, log: log, now: now)
        let hub = LoginHub(
            sites: Sites(configuration.sites), tickets: LoginTickets(store: store, now: now), sessions: sessions,
            profiles: profiles, metrics: metrics)
        let login = LoginRoutes(
            accounts: accounts, sessions: sessions, hub: hub, records: LoginRecords(store: store, now: now),
            quota: quota, limit: limits.logins, cookies: cookies, publicOrigin: configuration.publicURL.description,
            log: log, metrics: metrics, now: now, patience: configuration.upstream.timeout * 2 + .seconds(1),
            pause: timing.sleep)
        let sessionRoutes = SessionRoutes(
            accounts: accounts, sessions: sessions, cookies: cookies,
            profiles: profiles,
            site: configuration.publicURL, metrics: metrics, log: log)

        // The listeners
        tls = try configuration.tls.map { settings in
            try MadeOfFiles(settings, files: [settings.certificate, settings.key], unlike: former?.tls) {
                try TLSContext.server(certificateFile: settings.certificate, keyFile: settings.key)
            }
        }
        let door = Door(log: log, metrics: metrics)
        let publicRoutes = Routes.public(
            door,
            signing: SigningRoutes(
                accounts: accounts, site: configuration.publicURL, limit: limits.signatures, metrics: metrics),
            login: login, sessions: sessionRoutes,
            tickets: TicketRoutes(
                sites: hub.sites, tickets: hub.tickets, sessions: sessions, guesses: limits.siteGuesses,
                metrics: metrics, log: log),
            verification: VerificationRoute(accounts: accounts, guesses: limits.consoleGuesses),
            demo: DemoRoute(account: accounts.all[0].name, sandboxSDK: fixtures.sandboxSDK))
        let adminRoutes = Routes.admin(
            door,
            AdminRoutes(
                accounts: accounts, readiness: readiness, metrics: metrics, reloads: fixtures.reloads,
                upstream: fixtures.upstream,
                sessions: SessionRegister(store: store, accounts: accounts, metrics: metrics, log: log),
                tls: tls?.product, startedAt: fixtures.startedAt, now: now),
            guardedBy: AdminGuard(token: configuration.adminToken, guesses: limits.adminGuesses))
        files =
            if let former, former.configuration.publicDirectory == configuration.publicDirectory { former.files } else {
                StaticFiles(
                    directory: configuration.publicDirectory, further: FileProtection.fields, refusal: door.refusal)
            }
        publicSide = Side(
            options: ServerOptions(
                configuration.limits, proxies: configuration.trustedProxies, tls: tls?.product),
            responder: HostGuard(
                next: Router(publicRoutes, fallback: files, refusal: door.refusal),
                door: door, metrics: metrics, hosts: configuration.hosts,
                admitsLoopback: configuration.publicURL.isLoopback, admitsAddresses: false,
                tellsStrictTransport: tls != nil),
            observer: RequestObserver(
                listener: .public, log: log, metrics: metrics, addresses: addresses, paths: Routes.publicPaths))
        adminSide = Side(
            options: .admin(configuration.limits, proxies: configuration.trustedProxies),
            responder: HostGuard(
                next: Router(adminRoutes, refusal: door.refusal), door: door, metrics: metrics,
                hosts: Set(configuration.furtherHosts.map(\.name)), admitsLoopback: true, admitsAddresses: true,
                tellsStrictTransport: false),
            observer: RequestObserver(
                listener: .admin, log: log, metrics: metrics, addresses: addresses, paths: Routes.adminPaths))
    }

    /// Whether nothing a request could notice differs.
    func isSame(as other: Wiring) -> Bool {
        configuration == other.configuration && client.product === other.client.product
            && tls?.product === other.tls?.product
    }
}

/// The wiring in force, and what the two listeners serve with.
final class CurrentWiring: Sendable {
    private let wiring: Mutex<Wiring>
    private let publicAnswering: Answering.Current
    private let adminAnswering: Answering.Current

    init(_ first: Wiring) {
        wiring = Mutex(first)
        publicAnswering = Answering.Current(first.publicSide.answering)
        adminAnswering = Answering.Current(first.adminSide.answering)
    }

    var value: Wiring { wiring.withLock { $0 } }

    func change(to next: Wiring) {
        wiring.withLock { wiring in
            wiring = next
            publicAnswering.change(to: next.publicSide.answering)
            adminAnswering.change(to: next.adminSide.answering)
        }
    }

    func publicServer(at address: SocketAddress, on group: LoopGroup) -> Server {
        Server(
            name: "public", address: address, group: group, options: value.publicSide.options,
            answering: publicAnswering)
    }

    func adminServer(at address: SocketAddress, on group: LoopGroup) -> Server {
        Server(
            name: "admin", address: address, group: group, options: value.adminSide.options,
            answering: adminAnswering)
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
        refusal = ErrorReply.refusal
    }

    /// A handful of programs ask there, which must not take the descriptors of visitors.
    static func admin(_ limits: Configuration.Limits, proxies: [AddressBlock]) -> ServerOptions {
        var options = ServerOptions(limits, proxies: proxies, tls: nil)
        options.connections = min(256, limits.connections / 8 + 16)
        return options
    }
}
