import WeChat
import Wire

/// `GET /get-signature`: what a page needs for `wx.config`, fresh for each request, for pages of the account's hosts.
struct SigningRoutes: Sendable {
    let accounts: Accounts
    let site: Origin
    let limit: RateLimit
    let metrics: Metrics

    func sign(_ request: Request) async throws -> Response {
        let name = try request.query.only("account")
        let desk: AccountDesk
        do {
            desk = try accounts.named(name)
        } catch {
            metrics.count(.signature(account: "", .unknownAccount))
            throw error
        }
        let origin = try counting(desk, .foreignOrigin) { () throws(Failure) in
            try CrossOrigin(request, desk: desk, site: site)
        }
        do {
            var response = try await signed(request, desk)
            try origin.grant(on: &response)
            metrics.count(.signature(account: desk.name, .signed))
            return response
        } catch {
            // A page of a granted origin may read the reason, too.
            throw CrossOriginError(cause: error, origin: origin)
        }
    }

    /// The browser's question before a request that is not simple.
    func preflight(_ request: Request) async throws -> Response {
        let desk = try accounts.named(request.query.only("account"))
        let origin = try CrossOrigin(request, desk: desk, site: site)
        var response = Response(.noContent)
        try origin.grant(on: &response)
        try response.fields.append(.accessControlAllowMethods, "GET")
        try response.fields.append(.accessControlMaxAge, "600")
        return response
    }

    private func signed(_ request: Request, _ desk: AccountDesk) async throws -> Response {
        try limit.admit(request)
        guard let url = try request.query.only("url") else { throw Failure.missingParameter("url") }
        let page = try self.page(url, "url", desk)
        let entry = try request.query.only("entry").map { try self.page($0, "entry", desk) }
        var body: [UInt8] = []
        if try request.query.only("force") == "1" {
            let ticket = try await ticket(desk) { () async throws(KeeperError) in
                try await desk.keeper.revalidateTicket()
            }
            desk.jssdk.append(url: page.text, entry: entry?.text, ticket: ticket, to: &body)
        } else if !desk.jssdk.append(url: page.text, entry: entry?.text, to: &body) {
            let ticket = try await ticket(desk) { () async throws(KeeperError) in try await desk.keeper.ticket() }
            desk.jssdk.append(url: page.text, entry: entry?.text, ticket: ticket, to: &body)
        }
        return .json(body)
    }

    private func page(_ text: String, _ parameter: String, _ desk: AccountDesk) throws(Failure) -> PageURL {
        let page = try counting(desk, .badURL) { () throws(Failure) in try PageURL(text, parameter: parameter) }
        guard desk.covers(host: page.host) else {
            metrics.count(.signature(account: desk.name, .foreignDomain))
            throw .urlNotAllowed
        }
        return page
    }

    private func ticket(
        _ desk: AccountDesk, _ obtain: () async throws(KeeperError) -> Ticket
    ) async throws(Failure) -> Ticket {
        do {
            return try await obtain()
        } catch {
            metrics.count(.signature(account: desk.name, .noTicket))
            throw .ticketUnavailable(seconds: error.retryAfterSeconds)
        }
    }

    private func counting<Value>(
        _ desk: AccountDesk, _ outcome: Metrics.SignatureOutcome, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        do {
            return try body()
        } catch {
            metrics.count(.signature(account: desk.name, outcome))
            throw error
        }
    }
}

extension KeeperError {
    /// For `Retry-After`: whole seconds, at least one.
    var retryAfterSeconds: Int {
        guard case .unavailable(_, let retryAfter) = self else { return 1 }
        return max(1, Int(retryAfter / .seconds(1)))
    }
}
