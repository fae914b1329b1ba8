import Reactor
import Wire

/// One limit on what an address may ask in a minute: it refuses with 429, counts, and tells the log now and then.
struct RateLimit: Sendable {
    let kind: Metrics.Limit
    let addresses: ClientAddress
    /// Nil when the limit is off.
    let limiter: AddressLimiter?
    let metrics: Metrics
    let log: EventLog
    let now: @Sendable () -> Deadline
    private let brake = LogBrake()

    init(
        _ kind: Metrics.Limit, perMinute: Int, addresses: ClientAddress, metrics: Metrics, log: EventLog,
        now: @escaping @Sendable () -> Deadline
    ) {
        self.kind = kind
        self.addresses = addresses
        limiter = perMinute > 0 ? AddressLimiter(perMinute: perMinute) : nil
        self.metrics = metrics
        self.log = log
        self.now = now
    }

    /// Counts a request, or refuses it. One that is dear to serve may count as several.
    func admit(_ request: Request, as count: Int = 1) throws(Failure) {
        try request.lend { request throws(Failure) in try check(request, charge: count) }
    }

    /// The same for a request that is lent.
    func admit(_ request: borrowing RequestView) throws(Failure) {
        try check(request, charge: 1)
    }

    /// Refuses a request of an address that has used up its limit, and counts nothing: for limits on failures, which are
    /// counted by `admit` when they have happened.
    func check(_ request: Request) throws(Failure) {
        try request.lend { request throws(Failure) in try check(request, charge: 0) }
    }

    private func check(_ request: borrowing RequestView, charge: Int) throws(Failure) {
        guard let limiter, let address = addresses.counted(request) else { return }
        let now = now()
        guard let delay = limiter.delay(for: address, at: now, charge: charge) else { return }
        metrics.count(.limited(kind))
        if let count = brake.release(at: now) {
            // The usual mistake: every visitor behind a proxy that is not trusted has the proxy's address.
            let looksLikeProxy = address == request.peer && request.fields.contains(.xForwardedFor)
            log.warn(
                "rate limited",
                [.kind(kind.rawValue), .peer(address.description), .count(count)]
                    + (looksLikeProxy ? [.reason("it forwards for others: is it missing in trustedProxies?")] : []))
        }
        // Behind one address may be thousands: they are not all told to come back in the same second.
        throw .tooManyRequests(seconds: Int(delay / .seconds(1)) + .random(in: 2...6))
    }
}

/// The limits per client address, of both listeners.
struct RateLimits: Sendable {
    let logins: RateLimit
    let signatures: RateLimit
    /// Of the console's Token, at the public listener. Apart from the next, or strangers could keep the operator out.
    let consoleGuesses: RateLimit
    let adminGuesses: RateLimit
    /// Of the sites' secrets: apart, too, so that no site's mistake stands in the way of the console.
    let siteGuesses: RateLimit

    init(
        _ limits: Configuration.Limits, addresses: ClientAddress, metrics: Metrics, log: EventLog,
        now: @escaping @Sendable () -> Deadline = { .now() }
    ) {
        func limit(_ kind: Metrics.Limit, _ perMinute: Int) -> RateLimit {
            RateLimit(kind, perMinute: perMinute, addresses: addresses, metrics: metrics, log: log, now: now)
        }
        logins = limit(.logins, limits.loginsPerAddress)
        signatures = limit(.signatures, limits.signaturesPerAddress)
        consoleGuesses = limit(.guesses, limits.guessesPerAddress)
        adminGuesses = limit(.guesses, limits.guessesPerAddress)
        siteGuesses = limit(.guesses, limits.guessesPerAddress)
    }
}
