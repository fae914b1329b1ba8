import Store
import Wire

/// Sends visitors who have logged in on to the site that sent them, each with a ticket for its backend.
///
/// WeChat lets an account have one callback domain; with this, it serves any number of sites. `LoginRoutes` calls it at
/// both ends of a login, `TicketRoutes` is where the backends come.
struct LoginHub: Sendable {
    let sites: Sites
    let tickets: LoginTickets
    let sessions: Sessions
    let profiles: LateProfiles
    let metrics: Metrics

    /// What a request to log in says of a site; nil for one of our own.
    func visit(_ query: Query) throws -> SiteVisit? {
        let site = try query.only(SiteVisit.siteParameter)
        let nonce = try query.only(SiteVisit.nonceParameter)
        if let nonce, site == nil || !SiteVisit.isNonce(nonce) {
            throw Failure.badParameter(SiteVisit.nonceParameter, rule: SiteVisit.nonceRule)
        }
        return try site.map { SiteVisit(site: try sites.named($0).name, nonce: nonce) }
    }

    /// What the backend is told of the visitor. Nil when he is not signed in any more.
    ///
    /// - Parameter completes: whether a profile that is missing is asked for first, as `/session` does.
    func ticket(
        for visit: SiteVisit, _ id: SessionID, _ desk: AccountDesk, completes: Bool
    ) async throws -> LoginTicket? {
        let site = try sites.named(visit.site)
        guard let live = try await sessions.find(id), var identity = live.session.identity(for: desk.name) else {
            return nil
        }
        if completes { identity = try await profiles.completing(identity, of: live, desk: desk) }
        let ticket = try await tickets.issue(
            .init(
                site: site.name, origin: site.origin.description, nonce: visit.nonce, sessionName: id.storeName,
                identity: try SessionReply(identity, live.session, desk).json()))
        metrics.count(.ticket(.issued))
        return ticket
    }
}
