import FoundationEssentials
import Secure
import Store

// How a flight finds a credential: in the store, from the process that holds the lease, or from WeChat.

extension Keeper {
    /// Who holds a lease must be done before it ends: a call with all its repetitions, and the writing.
    private var leaseDuration: Duration { platform.budget + platform.timeout }

    /// - Returns: The credential, and whether it came from WeChat just now.
    func fetch(
        _ kind: Credential.Kind, _ errand: Slot.Errand, force: Bool
    ) async throws(Fault) -> (Credential, isNew: Bool) {
        if let found = accepted(await readStore(kind), errand) { return (found, false) }
        // Before the lease, so that the ticket's lease need not outlast the wait for a token.
        if kind == .ticket { _ = try await tokenForFlight() }
        var waited = 0.0
        while waited < leaseDuration.inSeconds + 1 {
            switch await takeLease(kind) {
            case .held(let lease):
                let outcome: Result<(Credential, isNew: Bool), Fault>
                do throws(Fault) {
                    outcome = .success(try await fetchAlone(kind, errand, force: force, lease: lease))
                } catch {
                    outcome = .failure(error)
                }
                if let lease {
                    _ = await usingStore { () async throws(StoreError) in try await self.records.release(lease) }
                }
                return try outcome.get()
            case .busy:
                let pause = 0.05 + 0.05 * timing.random()
                do {
                    try await timing.sleep(.seconds(pause))
                } catch {
                    throw Fault(error: nil, retryAfter: 1)
                }
                waited += pause
                if let found = accepted(await readStore(kind), errand) { return (found, false) }
            }
        }
        throw Fault(error: nil, retryAfter: 1)
    }

    private func accepted(_ stored: CredentialRecords.Stored, _ errand: Slot.Errand) -> Credential? {
        stored.credential.flatMap { errand.accepts($0, at: timing.now()) ? $0 : nil }
    }

    private enum Turn {
        /// Ours. Without a lease when the store failed: better two calls than no signature.
        case held(Lease?)
        case busy
    }

    private func takeLease(_ kind: Credential.Kind) async -> Turn {
        let answer = await usingStore { () async throws(StoreError) in
            try await self.records.acquireLease(kind, for: self.leaseDuration)
        }
        switch answer {
        case .none: return .held(nil)
        case .some(.none): return .busy
        case .some(.some(let lease)): return .held(lease)
        }
    }

    /// The part of a flight that only one process runs at a time.
    private func fetchAlone(
        _ kind: Credential.Kind, _ errand: Slot.Errand, force: Bool, lease: Lease?
    ) async throws(Fault) -> (Credential, isNew: Bool) {
        // Whoever held the lease before may have just written it.
        let stored = await readStore(kind)
        if let found = accepted(stored, errand) { return (found, false) }
        let issued =
            switch kind {
            case .token: try await issueToken(errand, force: force)
            case .ticket: try await issueTicket(lease: lease)
            }
        let known = [current(kind), stored.credential].compactMap(\.self)
        let newest = known.max { $1.isNewer(than: $0) }
        let credential = Credential(kind: kind, issued: issued, at: timing.now(), after: newest)
        let isWritten = await usingStore { () async throws(StoreError) in
            try await self.records.write(credential, over: stored)
        }
        if isWritten == false {
            // The lease ran out under us, and its next holder was faster.
            let theirs = await readStore(kind)
            if let found = accepted(theirs, errand) { return (found, false) }
            _ = await usingStore { () async throws(StoreError) in
                try await self.records.write(credential, over: theirs)
            }
        }
        return (credential, true)
    }
}

// MARK: The token

extension Keeper {
    private func issueToken(_ errand: Slot.Errand, force: Bool) async throws(Fault) -> Issued {
        guard case .replace(let failed, let reason) = errand else { return try await askForToken(force: false) }
        if !account.usesStableToken {
            if let wait = await admitReplacement(limit: ForceLedger.dailyLegacyTokens) {
                throw Fault(error: reason, deniedFor: wait)
            }
            return try await askForToken(force: false)
        }
        guard force else { return try await askForToken(force: false) }
        let wait = await admitReplacement(limit: ForceLedger.dailyStableForces)
        guard let wait else { return try await askForToken(force: true) }
        // WeChat may have changed its mind, or somebody else has forced one.
        let issued = try await askForToken(force: false)
        guard failed.secret != Secret(issued.value) else { throw Fault(error: reason, deniedFor: wait) }
        return issued
    }

    private func askForToken(force: Bool) async throws(Fault) -> Issued {
        do throws(UpstreamError) {
            return account.usesStableToken
                ? try await platform.stableToken(force: force) : try await platform.accessToken()
        } catch {
            throw Fault(error: error)
        }
    }

    /// Counts a replacement before it is made: one that crashes half way was made, too.
    ///
    /// - Returns: How many seconds to wait instead; never more than ten minutes, because things may change.
    private func admitReplacement(limit: Int) async -> Double? {
        let now = timing.now()
        var ledger =
            await usingStore { () async throws(StoreError) in try await self.records.readLedger() } ?? ledger()
        let wait = ledger.admit(at: now, limit: limit)
        note(ledger)
        if let wait { return min(wait, 600) }
        let counted = ledger
        _ = await usingStore { () async throws(StoreError) in try await self.records.write(counted, at: now) }
        return nil
    }
}

// MARK: The ticket, and other calls with the token

extension Keeper {
    private func issueTicket(lease: Lease?) async throws(Fault) -> Issued {
        try await withToken { (token) async throws(UpstreamError) in
            try await self.platform.ticket(accessToken: token)
        } beforeRetry: {
            // Replacing the token took its time. If the lease is lost meanwhile, a second process gets the same ticket.
            guard let lease else { return }
            _ = await self.usingStore { () async throws(StoreError) in
                try await self.records.renew(lease, for: self.leaseDuration)
            }
        }
    }

    /// Makes a call with the token. When WeChat refuses the token, it is replaced once and the call repeated once,
    /// whatever then happens: endless repetition has burnt whole daily quotas (weixin-java-tools #128).
    func withToken<Answer>(
        _ call: (AccessToken) async throws(UpstreamError) -> Answer, beforeRetry: () async -> Void = {}
    ) async throws(Fault) -> Answer {
        let token = try await tokenForFlight()
        let refusal: UpstreamError
        do throws(UpstreamError) {
            return try await call(token)
        } catch {
            guard error.reaction == .refreshToken else { throw Fault(error: error) }
            refusal = error
        }
        let other = try await tokenForFlight(.replace(token, because: refusal))
        await beforeRetry()
        do throws(UpstreamError) {
            return try await call(other)
        } catch {
            if error.reaction == .refreshToken { condemn(other) }
            throw Fault(error: error)
        }
    }

    private func tokenForFlight(_ errand: Slot.Errand = .use) async throws(Fault) -> Credential {
        do {
            return try await obtain(.token, errand)
        } catch {
            switch error {
            case .unavailable(let last, let retryAfter):
                throw Fault(error: last, retryAfter: retryAfter.inSeconds)
            case .failed(let error):
                throw Fault(error: error)
            }
        }
    }
}
