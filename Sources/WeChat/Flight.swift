import FoundationEssentials
import Secure
import Store

/// One errand for one credential, run once for everybody who waits: into the store, to the process that holds the
/// lease, or to WeChat.
struct Flight: Sendable {
    let keeper: Keeper
    let kind: Credential.Kind
    let errand: Slot.Errand
    /// Whether WeChat is to make another token though its own is still valid.
    let force: Bool

    typealias Catch = (credential: Credential, isNew: Bool)

    /// Whoever holds a lease must be done before it ends: a call with all its repetitions, and the writing.
    private var leaseDuration: Duration { keeper.platform.budget + keeper.platform.timeout }

    /// - Returns: The credential, and whether it came from WeChat just now.
    func run() async throws(Fault) -> Catch {
        if let found = accepted(await keeper.readStore(kind)) { return (found, false) }
        // Before the lease, so that the ticket's lease need not outlast the wait for a token.
        if kind == .ticket { _ = try await keeper.tokenForCall(.use) }
        var waited = 0.0
        var watch = LeaseWatch()
        while waited < leaseDuration.inSeconds + 1 {
            switch await takeLease() {
            case .held(let lease):
                let outcome: Result<Catch, Fault>
                do throws(Fault) {
                    outcome = .success(try await fetch(under: lease))
                } catch {
                    outcome = .failure(error)
                }
                if let lease { await release(lease) }
                return try outcome.get()
            case .busy:
                let pause = 0.05 + 0.05 * keeper.timing.random()
                do {
                    try await keeper.timing.sleep(.seconds(pause))
                } catch {
                    throw Fault(error: nil, retryAfter: 1)
                }
                waited += pause
                if let found = accepted(await keeper.readStore(kind)) { return (found, false) }
                if let stale = watch.saw(await sightLease(), after: pause, longest: leaseDuration.inSeconds) {
                    await end(stale)
                }
            }
        }
        throw Fault(error: nil, retryAfter: 1)
    }

    private func accepted(_ stored: CredentialRecords.Stored) -> Credential? {
        stored.credential.flatMap { errand.accepts($0, at: keeper.timing.now()) ? $0 : nil }
    }

    /// The part that only one process runs at a time.
    private func fetch(under lease: Lease?) async throws(Fault) -> Catch {
        // Whoever held the lease before may have just written it.
        let stored = await keeper.readStore(kind)
        if let found = accepted(stored) { return (found, false) }
        let issued =
            switch kind {
            case .token: try await issueToken()
            case .ticket: try await issueTicket(under: lease)
            }
        let known = [keeper.current(kind), stored.credential].compactMap(\.self)
        let credential = Credential(
            kind: kind, issued: issued, at: keeper.timing.now(), after: known.max { $1.isNewer(than: $0) })
        if await write(credential, over: stored) == false {
            // The lease ran out under us, and its next holder was faster.
            let theirs = await keeper.readStore(kind)
            if let found = accepted(theirs) { return (found, false) }
            _ = await write(credential, over: theirs)
        }
        return (credential, true)
    }

    private func write(_ credential: Credential, over stored: CredentialRecords.Stored) async -> Bool? {
        await keeper.usingStore { () async throws(StoreError) in
            try await keeper.records.write(credential, over: stored)
        }
    }

    // MARK: The lease

    private enum Turn {
        /// Ours. Without a lease when the store failed: better two calls than no signature.
        case held(Lease?)
        case busy
    }

    private func takeLease() async -> Turn {
        let answer = await keeper.usingStore { () async throws(StoreError) in
            try await keeper.records.acquireLease(kind, for: leaseDuration)
        }
        switch answer {
        case .none: return .held(nil)
        case .some(.none): return .busy
        case .some(.some(let lease)): return .held(lease)
        }
    }

    private func sightLease() async -> LeaseSighting? {
        await keeper.usingStore { () async throws(StoreError) in try await keeper.records.sightLease(kind) } ?? nil
    }

    private func end(_ stale: LeaseSighting) async {
        _ = await keeper.usingStore { () async throws(StoreError) in
            try await keeper.records.endLease(kind, seenAs: stale)
        }
    }

    private func release(_ lease: Lease) async {
        _ = await keeper.usingStore { () async throws(StoreError) in try await keeper.records.release(lease) }
    }

    // MARK: The token

    private func issueToken() async throws(Fault) -> Issued {
        let usesStableToken = keeper.account.usesStableToken
        let failed: (token: Credential, reason: UpstreamError?)
        switch errand {
        case .replace(let token, let reason): failed = (token, reason)
        case .supersede(let token): failed = (token, nil)
        case .use, .renew, .recheck: return try await askForToken(force: false)
        }
        // Asking for the older kind of token always makes another one, and so is always counted.
        guard force || !usesStableToken else { return try await askForToken(force: false) }
        let limit = usesStableToken ? ForceLedger.dailyStableForces : ForceLedger.dailyLegacyTokens
        guard let wait = await admitReplacement(limit: limit) else { return try await askForToken(force: true) }
        guard usesStableToken else { throw Fault(error: failed.reason, deniedFor: wait) }
        // WeChat may have changed its mind, or somebody else has forced one.
        let issued = try await askForToken(force: false)
        if failed.token.secret != Secret(issued.value) { return issued }
        // With the day's forces used up, a condemned one is tried again: else WeChat's bad day would last until it expires.
        if case .supersede = errand, wait > ForceLedger.spacing { return issued }
        throw Fault(error: failed.reason, deniedFor: wait)
    }

    private func askForToken(force: Bool) async throws(Fault) -> Issued {
        let platform = keeper.platform
        do throws(UpstreamError) {
            return keeper.account.usesStableToken
                ? try await platform.stableToken(force: force) : try await platform.accessToken()
        } catch {
            throw Fault(error: error)
        }
    }

    /// Counts a replacement before it is made: one that crashes half way was made, too.
    ///
    /// - Returns: How many seconds to wait instead; never more than ten minutes, because things may change.
    private func admitReplacement(limit: Int) async -> Double? {
        let (keeper, now) = (keeper, keeper.timing.now())
        let stored = await keeper.usingStore { () async throws(StoreError) in try await keeper.records.readLedger() }
        var ledger = stored ?? keeper.ledger()
        let wait = ledger.admit(at: now, limit: limit)
        keeper.note(ledger)
        if let wait { return min(wait, 600) }
        let counted = ledger
        _ = await keeper.usingStore { () async throws(StoreError) in
            try await keeper.records.write(counted, at: now)
        }
        return nil
    }

    // MARK: The ticket

    private func issueTicket(under lease: Lease?) async throws(Fault) -> Issued {
        try await keeper.withToken { (token) async throws(UpstreamError) in
            try await keeper.platform.ticket(accessToken: token)
        } beforeRetry: {
            // Replacing the token took its time. If the lease is lost meanwhile, a second process gets the same ticket.
            guard let lease else { return }
            _ = await keeper.usingStore { () async throws(StoreError) in
                try await keeper.records.renew(lease, for: leaseDuration)
            }
        }
    }
}

/// Tells a lease that lasts from one whose end was written by a wrong clock: a holder who was killed, and a clock set back
/// by a day, would otherwise keep everybody from WeChat for that day.
private struct LeaseWatch {
    private var sighting: LeaseSighting?
    private var unchanged = 0.0

    /// Takes note of the lease as it is now, so many seconds after the last look.
    ///
    /// - Returns: The lease, when it has stood unchanged for longer than any is given for.
    mutating func saw(_ now: LeaseSighting?, after pause: Double, longest: Double) -> LeaseSighting? {
        guard let now, now == sighting else {
            (sighting, unchanged) = (now, 0)
            return nil
        }
        unchanged += pause
        return unchanged > longest ? now : nil
    }
}
