import FoundationEssentials
import Store
import Synchronization
import WeChat

/// Fetches the profile that could not be had at login, when somebody asks for the session.
///
/// A visitor who agreed to show nickname and avatar should not have to agree again because WeChat was slow for once.
final class LateProfiles: Sendable {
    private let sessions: Sessions
    private let log: EventLog
    private let now: @Sendable () -> Date
    /// When each session was last tried, so that a page that polls does not make a call each time.
    private let tried = Mutex<[String: Date]>([:])

    private static let spacing: TimeInterval = 60
    private static let remembered = 10_000

    init(sessions: Sessions, log: EventLog, now: @escaping @Sendable () -> Date) {
        self.sessions = sessions
        self.log = log
        self.now = now
    }

    /// The identity, with its profile if it is there or can be had now.
    func completing(
        _ identity: Identity, of live: Sessions.Live, desk: AccountDesk
    ) async throws(StoreError) -> Identity {
        guard lacks(identity), mayTry(live.id) else { return identity }
        var complete = identity
        do {
            let profile = try await profile(of: &complete.grant, desk)
            complete.profile = profile
            complete.unionID = complete.unionID ?? profile.unionID
        } catch {
            log.warn(
                "profile",
                [.outcome("upstream_failed"), .account(desk.name), .reason(error.description)] + .errcode(of: error))
        }
        // A grant that was refreshed is kept even when the profile failed: the next try needs no second refresh.
        guard complete != identity else { return identity }
        var updated = live.session
        updated.identities[desk.name] = complete
        _ = try await sessions.update(live, to: updated)
        return complete
    }

    /// Whether there should be a profile and there is none.
    func lacks(_ identity: Identity) -> Bool {
        identity.profile == nil && identity.scope.satisfies(.userinfo) && !identity.isSnapshot
    }

    /// Refreshes a grant that is too old, or that WeChat says is, once.
    private func profile(of grant: inout Grant, _ desk: AccountDesk) async throws(OAuthError) -> Profile {
        if grant.isFresh(at: now()) {
            do {
                return try await desk.oauth.profile(grant)
            } catch {
                guard error.reaction == .refreshToken else { throw error }
            }
        }
        grant = try await desk.oauth.refresh(grant)
        return try await desk.oauth.profile(grant)
    }

    private func mayTry(_ id: SessionID) -> Bool {
        let time = now()
        return tried.withLock { tried in
            if let last = tried[id.storeName], time.timeIntervalSince(last) < Self.spacing { return false }
            if tried.count >= Self.remembered {
                tried = tried.filter { time.timeIntervalSince($0.value) < Self.spacing }
                if tried.count >= Self.remembered { return false }
            }
            tried[id.storeName] = time
            return true
        }
    }
}
