import FoundationEssentials
import Wire

/// `POST /tickets/redeem`: the backend of a site trades a visitor's ticket for who he is.
struct TicketRoutes: Sendable {
    let sites: Sites
    let tickets: LoginTickets
    let sessions: Sessions
    /// On wrong secrets. Not on wrong tickets: those a site's visitors make up, and its backend would be refused.
    let guesses: RateLimit
    let metrics: Metrics
    let log: EventLog

    func redeem(_ request: Request) async throws -> Response {
        // The secret is for backends. A browser that sends it has it from a page.
        if request.fields.contains(.origin) {
            metrics.count(.ticket(.foreignOrigin))
            throw Failure.foreignOrigin(admitted: .ofNobody)
        }
        let site = try site(of: request)
        let order: Order
        do {
            order = try Order(request)
        } catch {
            metrics.count(.ticket(.badRequest))
            throw error
        }
        guard let ticket = LoginTicket(order.ticket) else { throw refusal(.unknown, site) }
        switch try await tickets.redeem(ticket, by: site, nonce: order.nonce) {
        case .unknown: throw refusal(.unknown, site)
        case .otherSite: throw refusal(.otherSite, site)
        case .otherNonce: throw refusal(.otherNonce, site)
        case .redeemed(let content):
            guard try await sessions.lives(named: content.sessionName) else { throw refusal(.sessionEnded, site) }
            note(.redeemed, site)
            return .json(content.identity)
        }
    }

    private func site(of request: Request) throws(Failure) -> Configuration.Site {
        try guesses.check(request)
        guard let authorization = Authorization(request), authorization.scheme == "basic",
            let credentials = BasicCredentials(authorization.value), let site = sites.bearing(credentials)
        else {
            try guesses.admit(request)
            metrics.count(.ticket(.unauthorized))
            throw .unauthorizedSite
        }
        return site
    }

    private func refusal(_ outcome: Metrics.TicketOutcome, _ site: Configuration.Site) -> Failure {
        note(outcome, site)
        return outcome == .otherNonce ? .nonceMismatch : .badTicket
    }

    private func note(_ outcome: Metrics.TicketOutcome, _ site: Configuration.Site) {
        metrics.count(.ticket(outcome))
        log.info("ticket", [.outcome(outcome.rawValue), .site(site.name)])
    }
}

/// What a backend sends: a form or JSON.
private struct Order: Decodable {
    let ticket: String
    /// What the site finds with the browser, if it gave a nonce along.
    let nonce: String?

    init(_ request: Request) throws {
        guard request.mediaType == "application/x-www-form-urlencoded" else {
            guard request.mediaType == "application/json" else { throw Failure.unsupportedMediaType(orForm: true) }
            self = try request.json()
            return
        }
        let form = parseForm(request.body)
        guard let ticket = try form.only("ticket") else { throw Failure.missingParameter("ticket") }
        self.ticket = ticket
        nonce = try form.only("nonce")
    }
}
