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
        guard identity.profile == nil, identity.scope.satisfies(.userinfo), !identity.isSnapshot, mayTry(live.id) else {
            return identity
        }
        var complete = identity
        do {
            if !complete.grant.isFresh(at: now()) { complete.grant = try await desk.oauth.refresh(complete.grant) }
            let profile = try await desk.oauth.profile(complete.grant)
            complete.profile = profile
            complete.unionID = complete.unionID ?? profile.unionID
        } catch {
            log.warn("profile", [.outcome("upstream_failed"), .account(desk.name), .reason(error.description)])
            return identity
        }
        var updated = live.session
        updated.identities[desk.name] = complete
        _ = try await sessions.update(live, to: updated)
        return complete
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
