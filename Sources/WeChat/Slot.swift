import FoundationEssentials

/// What is known of one credential, and what to do about a wish for it: values and a given clock, nothing that waits.
struct Slot: Sendable {
    private(set) var current: Credential?
    private(set) var setback: Setback?
    // Kept apart: that no other token may be forced now is no reason not to renew this one in time.
    private var denial: Setback?
    private var standing = Standing.good

    /// What speaks against the current value.
    private enum Standing: Equatable {
        case good
        /// It failed, WeChat was asked again, and gave the same one.
        case confirmed(at: Date)
        /// It failed after that, too, for this reason.
        case condemned(UpstreamError)

        var condemnation: UpstreamError? { if case .condemned(let error) = self { error } else { nil } }
    }

    /// The last failure, while it lasts.
    struct Setback: Sendable {
        let error: UpstreamError?
        let streak: Int
        let failedAt: Date
        let retryAt: Date
    }

    /// Why a credential is wanted.
    enum Errand: Sendable {
        /// Any that may be used.
        case use
        /// One that is not due for replacement.
        case renew
        /// One other than this, which failed.
        case replace(Credential, because: UpstreamError?)
        /// One in place of this, which is condemned; or this one, when WeChat insists.
        case supersede(Credential)
        /// One that was asked for since then.
        case recheck(since: Date)

        func accepts(_ credential: Credential, at now: Date) -> Bool {
            guard credential.isUsable(at: now) else { return false }
            switch self {
            case .use: return true
            case .renew: return now < credential.refreshAt
            case .replace(let failed, _), .supersede(let failed):
                // An older one than that, left over in the store, failed long ago.
                return credential.secret != failed.secret && !failed.isNewer(than: credential)
            case .recheck(let since): return credential.obtainedAt >= since
            }
        }
    }

    enum Step: Sendable {
        case serve(Credential)
        case refuse(KeeperError)
        case fetch(Errand, force: Bool)
    }

    /// The value in use, unless WeChat itself has refused it twice. While WeChat cannot be asked it serves to the end.
    func usable(at now: Date) -> Credential? {
        guard let current, standing.condemnation == nil else { return nil }
        return current.isUsable(at: now) || (setback != nil && current.isAlive(at: now)) ? current : nil
    }

    func step(for errand: Errand, at now: Date) -> Step {
        if let usable = usable(at: now) {
            if case .use = errand { return .serve(usable) }
            if errand.accepts(usable, at: now) { return .serve(usable) }
            // WeChat vouched for it a moment ago: this failure is older than that.
            if case .replace = errand, case .confirmed(let at) = standing, now < at + 1 { return .serve(usable) }
        }
        if let refusal = setback?.refusal(at: now) { return .refuse(refusal) }
        // What ended by itself needs no force.
        guard let current, current.isUsable(at: now), standing != .good else { return .fetch(errand, force: false) }
        switch errand {
        case .replace, .supersede:
            if let refusal = denial?.refusal(at: now) { return .refuse(refusal) }
            return .fetch(errand, force: true)
        case .use where standing.condemnation != nil, .renew where standing.condemnation != nil:
            if let refusal = denial?.refusal(at: now) { return .refuse(refusal) }
            return .fetch(.supersede(current), force: true)
        case .use, .renew, .recheck:
            return .fetch(errand, force: false)
        }
    }

    /// Takes over a value that another process, or an earlier life of this one, obtained.
    mutating func adopt(_ credential: Credential) {
        if credential.secret != current?.secret {
            standing = .good
            denial = nil
        }
        current = credential
        setback = nil
    }

    /// Takes over what WeChat just gave.
    mutating func receive(_ credential: Credential, for errand: Errand, at now: Date) {
        adopt(credential)
        switch errand {
        case .replace(let failed, _) where failed.secret == credential.secret && standing == .good,
            // That WeChat refused it was WeChat's own trouble, if it insists on it even so.
            .supersede(let failed) where failed.secret == credential.secret:
            standing = .confirmed(at: now)
        default: break
        }
    }

    mutating func fail(_ fault: Fault, at now: Date, random: Double) -> KeeperError {
        if let wait = fault.deniedFor {
            let error = fault.error ?? standing.condemnation
            denial = Setback(error: error, streak: 1, failedAt: now, retryAt: now + wait)
            return .unavailable(last: error, retryAfter: .seconds(wait))
        }
        let streak = (setback?.streak ?? 0) + 1
        let seconds = fault.retryAfter ?? Backoff.seconds(after: fault.error, streak: streak, random: random)
        setback = Setback(error: fault.error, streak: streak, failedAt: now, retryAt: now + seconds)
        return .unavailable(last: fault.error, retryAfter: .seconds(seconds))
    }

    /// WeChat refused `credential` on the second try of a call.
    mutating func condemn(_ credential: Credential, because error: UpstreamError) {
        if case .confirmed = standing, current?.secret == credential.secret { standing = .condemned(error) }
    }

    /// When there is something to do next without anybody asking.
    func wakesAt(_ now: Date) -> Date {
        if let setback, setback.wait(at: now) != nil { return setback.retryAt }
        if let usable = usable(at: now) { return usable.refreshAt }
        return standing.condemnation == nil ? now : denial?.retryAt ?? now
    }
}

extension Slot.Setback {
    func refusal(at now: Date) -> KeeperError? {
        wait(at: now).map { .unavailable(last: error, retryAfter: .seconds($0)) }
    }

    /// Seconds left, or `nil` when it is over. A clock set back must not make it last longer than any pause does.
    func wait(at now: Date) -> Double? {
        let wait = retryAt.timeIntervalSince(now)
        return wait > 0 && now >= failedAt - 60 ? wait : nil
    }
}

/// Why a flight came back empty.
struct Fault: Error {
    var error: UpstreamError?
    /// Seconds, where something better is known than the usual pause.
    var retryAfter: Double?
    /// Seconds for which no other token may be forced. WeChat was not at fault, and may be asked for all else.
    var deniedFor: Double?
}
