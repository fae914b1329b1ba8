import Foundation
import HTTP
import Reactor
import Secure
import Store
import Synchronization
import WeChat
import Wire

@testable import Gateway

/// The gateway without sockets: every route, a memory store, a fake platform, and a clock that tests move.
final class Bench: Sendable {
    let weChat = FakeWeChat()
    let store: any Store
    let rates: RateLimits
    private let time: Clock
    private let router: Router

    /// What its clock shows at first.
    static let start = Date(timeIntervalSince1970: 1_760_000_000)

    final class Clock: Sendable {
        let seconds = Mutex(Bench.start)
        var now: Date { seconds.withLock { $0 } }
    }

    /// - Parameters:
    ///   - sleepsAtOnce: Whether a pause only moves the clock.
    ///   - fetcher: What carries the calls in the place of `weChat`.
    init(
        store: (any Store)? = nil, limits: Configuration.Limits = .init(), stableToken: Bool = true,
        sites: [Configuration.Site] = [], clock: Clock = Clock(), sleepsAtOnce: Bool = false,
        fetcher: ((Metrics) -> any Fetcher)? = nil
    ) {
        time = clock
        let now: @Sendable () -> Date = { clock.now }
        let store = store ?? MemoryStore(now: now)
        self.store = store
        let lines = LineSink()
        let log = EventLog(level: .debug, format: .json, now: now) { bytes in
            lines.add(bytes)
            return true
        }
        sink = lines
        self.log = log
        let timing = Timing(
            now: now,
            sleep: { (duration) async throws(CancellationError) in
                if sleepsAtOnce { return clock.seconds.withLock { $0 += duration / .seconds(1) } }
                do { try await Task.sleep(for: duration) } catch { throw CancellationError() }
            })
        let metrics = Metrics(routes: ["/redirect"], accounts: ["main", "second"], log: log, now: now)
        self.metrics = metrics
        let journal = UpstreamJournal(metrics: metrics, now: now)
        self.journal = journal
        let publicURL = Origin(isSecure: true, host: "h5.example.com", port: nil)
        let returns = ReturnRules(
            hosts: [.init(name: "h5.example.com"), .init(name: "shop.example.com")], ownScheme: "https",
            ownHost: .init(name: "h5.example.com"))
        let fetcher = fetcher?(metrics) ?? weChat
        let desks = ["main", "second"].map { name in
            let account = Account(
                name: name, appID: name == "main" ? "wx0000000000000001" : "wx0000000000000002",
                appSecret: "APPSECRET_CANARY_\(name)", usesStableToken: stableToken)
            let platform = Platform(account: account, fetcher: fetcher, timing: timing) { operation, error in
                journal.note(operation, of: name, error)
            }
            return AccountDesk(
                account: account,
                keeper: Keeper(platform: platform, store: store) { event in
                    KeeperLog.note(event, account: name, log: log, metrics: metrics)
                },
                oauth: OAuth(platform: platform, openBase: "https://open.example.net"),
                jsDomains: [certain { try Domain(public: "example.com") }], returns: returns,
                menus: name == "main"
                    ? ["orders": .init(target: certain { try returns.target("/orders") }, scope: .base)] : [:],
                verificationToken: Secret("consoletoken"), metrics: metrics)
        }
        accounts = Accounts(desks)
        rates = RateLimits(
            limits, addresses: ClientAddress(trusted: ["127.0.0.1", "10.0.0.0/8"].compactMap { AddressBlock($0) }),
            metrics: metrics, log: log, now: { Deadline(nanoseconds: UInt64(clock.now.timeIntervalSince1970 * 1e9)) })
        let sessions = Sessions(
            store: store, lifetime: 7 * 86_400, idleTimeout: 86_400, now: now,
            cache: SessionCache(bytes: limits.sessionCache), metrics: metrics)
        let cookies = Cookies(
            sessionName: "__Host-magpie_session", bindingName: "__Host-magpie_login", isSecure: true, sameSite: .lax,
            sessionLifetime: 7 * 86_400)
        let profiles = LateProfiles(sessions: sessions, log: log, now: now)
        let hub = LoginHub(
            sites: Sites(sites), tickets: LoginTickets(store: store, now: now), sessions: sessions,
            profiles: profiles, metrics: metrics)
        let login = LoginRoutes(
            accounts: accounts, sessions: sessions, hub: hub, records: LoginRecords(store: store, now: now),
            quota: LoginQuota(most: limits.logins), limit: rates.logins, cookies: cookies,
            publicOrigin: publicURL.description, log: log, metrics: metrics, now: now, patience: .seconds(30),
            pause: timing.sleep)
        routes = Routes.public(
            Door(log: log, metrics: metrics),
            signing: SigningRoutes(accounts: accounts, site: publicURL, limit: rates.signatures, metrics: metrics),
            login: login,
            sessions: SessionRoutes(
                accounts: accounts, sessions: sessions, cookies: cookies,
                profiles: profiles, site: publicURL, metrics: metrics, log: log),
            tickets: TicketRoutes(
                sites: hub.sites, tickets: hub.tickets, sessions: sessions, guesses: rates.siteGuesses,
                metrics: metrics, log: log),
            verification: VerificationRoute(accounts: accounts, guesses: rates.consoleGuesses),
            demo: DemoRoute(account: "main", sandboxSDK: nil))
        router = Router(routes)
    }

    let routes: [Route]

    let accounts: Accounts
    let journal: UpstreamJournal
    let metrics: Metrics
    let log: EventLog
    private let sink: LineSink

    func respond(_ request: Request) async -> Response {
        // As a server asks, but that its task waits for others' work.
        if let response = router.respondAtOnce(to: request) { return response }
        return await router.respond(to: request)
    }

    /// The other listener's routes.
    func admin(token: Secret? = nil, store: (any Store)? = nil, tls: TLSContext? = nil) -> Router {
        Router(adminRoutes(token: token, store: store, tls: tls))
    }

    func adminRoutes(token: Secret? = nil, store: (any Store)? = nil, tls: TLSContext? = nil) -> [Route] {
        let now: @Sendable () -> Date = { [self] in self.now }
        return Routes.admin(
            Door(log: log, metrics: metrics),
            AdminRoutes(
                accounts: accounts, readiness: Readiness(accounts: accounts, store: store ?? self.store, now: now),
                metrics: metrics, reloads: Reloads(loadedAt: self.now), upstream: journal,
                sessions: SessionRegister(store: store ?? self.store, accounts: accounts, metrics: metrics, log: log),
                tls: tls, startedAt: self.now, now: now),
            guardedBy: AdminGuard(token: token, guesses: rates.adminGuesses))
    }

    func pass(seconds: TimeInterval) {
        time.seconds.withLock { $0 += seconds }
    }

    var now: Date { time.now }

    /// Everything that was logged so far.
    var logText: String {
        log.flush()
        return sink.text
    }
}

final class LineSink: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    func add(_ more: [UInt8]) {
        bytes.withLock { $0 += more }
    }

    var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }
}

/// For values that the test wrote itself.
func certain<Value>(_ make: () throws -> Value) -> Value {
    do { return try make() } catch { preconditionFailure("\(error)") }
}
