package import FoundationEssentials
import Synchronization
import Wire

/// What Magpie counts, in memory, and without a lock but for what is told by account; `GET /metrics` prints it.
///
/// Labels take values from fixed lists (routes, outcomes, the configured accounts), so the size of the answer is fixed,
/// too. Nothing here is about one visitor.
package final class Metrics: Sendable {
    let requests: MetricTable
    let requestDurations: MetricHistogram
    let inFlight = MetricCell()
    let connectionsOpen = MetricTable([Metrics.listeners])
    let connections = MetricTable([Metrics.listeners])
    let connectionFaults = MetricTable([
        Metrics.listeners, MetricLabel("fault", ConnectionFault.allCases.map(\.rawValue)),
    ])
    let upstreamCalls = MetricTable([
        MetricLabel("path", Metrics.upstreamPaths, isOpen: true),
        MetricLabel("outcome", UpstreamOutcome.labels, isOpen: true),
    ])
    let upstreamDurations = MetricHistogram(MetricLabel("path", Metrics.upstreamPaths, isOpen: true))
    let storeFailures = MetricTable([MetricLabel("operation", StoreOperation.allCases.map(\.rawValue))])
    let storeDurations = MetricHistogram(MetricLabel("operation", StoreOperation.allCases.map(\.rawValue)))
    let sessionsClosed = MetricTable([MetricLabel("reason", SessionEnd.allCases.map(\.rawValue))])
    /// Whether `/auth` was answered out of memory, or the store was asked.
    let sessionCacheHits = MetricCell()
    let sessionCacheMisses = MetricCell()
    let tickets = MetricTable([MetricLabel("outcome", TicketOutcome.allCases.map(\.rawValue))])
    let limited = MetricTable([MetricLabel("limit", Limit.allCases.map(\.rawValue))])
    private let byAccount: Mutex<ByAccount>
    let version: String
    let now: @Sendable () -> Date
    let log: EventLog?
    let reloads: Reloads?
    /// How much later than asked for each loop turned to a task.
    let loopLag: MetricHistogram

    /// The families that have a series for each account, which a reload of the configuration may change.
    private struct ByAccount: Sendable {
        var sessionsOpened: MetricTable
        var logins: MetricTable
        var signatures: MetricTable
        var credentialsIssued: MetricTable
        var credentialsExpire: MetricTable
    }

    var sessionsOpened: MetricTable { byAccount.withLock { $0.sessionsOpened } }
    var logins: MetricTable { byAccount.withLock { $0.logins } }
    var signatures: MetricTable { byAccount.withLock { $0.signatures } }
    var credentialsIssued: MetricTable { byAccount.withLock { $0.credentialsIssued } }
    var credentialsExpire: MetricTable { byAccount.withLock { $0.credentialsExpire } }

    private static let listeners = MetricLabel("listener", Listener.allCases.map(\.rawValue))
    private static let methods = MetricLabel(
        "method", RouteMetrics.methods.dropLast().map(\.description), isOpen: true)
    private static let statusClasses = MetricLabel("status", ["1xx", "2xx", "3xx", "4xx", "5xx"])

    /// - Parameters:
    ///   - routes: the patterns of the route table, such as `/redirect/{account}`; all others count as `other`.
    ///   - log: whose lost lines are told.
    ///   - reloads: what is told of reloads; nil where there are none.
    ///   - loops: how many there are to watch.
    package init(
        routes: [String], accounts: [String], version: String = Version.current, log: EventLog? = nil,
        reloads: Reloads? = nil, loops: Int = 0, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        let route = MetricLabel("route", routes, isOpen: true)
        let account = Self.label(accounts)
        let credential = MetricLabel("credential", Credential.allCases.map(\.rawValue))
        requests = MetricTable([route, Self.methods, Self.statusClasses])
        requestDurations = MetricHistogram(route)
        byAccount = Mutex(
            ByAccount(
                sessionsOpened: MetricTable([account]),
                logins: MetricTable([account, MetricLabel("outcome", LoginOutcome.allCases.map(\.rawValue))]),
                signatures: MetricTable([account, MetricLabel("outcome", SignatureOutcome.allCases.map(\.rawValue))]),
                credentialsIssued: MetricTable([account, credential]),
                credentialsExpire: MetricTable([account, credential])))
        self.version = version
        self.log = log
        self.reloads = reloads
        loopLag = MetricHistogram(MetricLabel("loop", (0..<loops).map(\.description)))
        self.now = now
    }

    // A name from a request is counted as `other` until it is known to be an account.
    private static func label(_ accounts: [String]) -> MetricLabel {
        MetricLabel("account", accounts, isOpen: true)
    }

    /// Counts for these accounts from now on; for those that were there before it goes on.
    func cover(accounts: [String]) {
        let account = Self.label(accounts)
        byAccount.withLock { tables in
            tables.sessionsOpened = MetricTable(account, continuing: tables.sessionsOpened)
            tables.logins = MetricTable(account, continuing: tables.logins)
            tables.signatures = MetricTable(account, continuing: tables.signatures)
            tables.credentialsIssued = MetricTable(account, continuing: tables.credentialsIssued)
            tables.credentialsExpire = MetricTable(account, continuing: tables.credentialsExpire)
        }
    }

    /// Whether one more request waits for its answer, or one less. What is answered at once is never seen to wait.
    package func requestWaits(_ begins: Bool) { inFlight.add(begins ? 1 : -1) }

    /// What is counted for a route, or for `other`.
    package func route(_ pattern: String) -> RouteMetrics {
        RouteMetrics(
            answers: RouteMetrics.methods.map { method in
                Self.statusClasses.values.map { requests[pattern, method.description, $0] }
            },
            durations: requestDurations[pattern])
    }

    package func count(_ event: Event) {
        switch event {
        case .login(let account, let outcome):
            byAccount.withLock { $0.logins[account, outcome.rawValue].add(1) }
        case .signature(let account, let outcome):
            byAccount.withLock { $0.signatures[account, outcome.rawValue].add(1) }
        case .sessionOpened(let account): byAccount.withLock { $0.sessionsOpened[account].add(1) }
        case .sessionClosed(let reason): sessionsClosed[reason.rawValue].add(1)
        case .upstream(let path, let outcome): upstreamCalls[path, outcome.label].add(1)
        case .connectionOpened(let listener):
            connections[listener.rawValue].add(1)
            connectionsOpen[listener.rawValue].add(1)
        case .connectionClosed(let listener): connectionsOpen[listener.rawValue].add(-1)
        case .connectionFault(let listener, let fault): connectionFaults[listener.rawValue, fault.rawValue].add(1)
        case .ticket(let outcome): tickets[outcome.rawValue].add(1)
        case .limited(let limit): limited[limit.rawValue].add(1)
        case .storeFailed(let operation): storeFailures[operation.rawValue].add(1)
        }
    }

    package func observe(_ operation: StoreOperation, took: Duration) {
        storeDurations[operation.rawValue].observe(took)
    }

    package func observe(upstream path: String, took: Duration) {
        upstreamDurations[path].observe(took)
    }

    package func observe(loop: Int, lag: Duration) {
        loopLag[loop.description].observe(lag)
    }

    /// A token or ticket came into use; its age and remaining life are worked out whenever they are asked for.
    package func hold(_ credential: Credential, of account: String, issued: Date, expires: Date) {
        credentialsIssued[account, credential.rawValue].set(Int(issued.timeIntervalSince1970))
        credentialsExpire[account, credential.rawValue].set(Int(expires.timeIntervalSince1970))
    }
}
