import FoundationEssentials
import WeChat
import Wire

/// `GET /get-signature`: what a page needs for `wx.config`, fresh for each request, for pages of the account's hosts.
struct SigningRoutes: Sendable {
    let accounts: Accounts
    let site: Origin
    let limit: RateLimit
    let metrics: Metrics

    func sign(_ request: Request) async throws -> Response {
        let desk = try desk(request)
        let origin = try crossOrigin(request, desk)
        do {
            let pages = try pages(request, desk)
            let ticket = try await ticket(desk, isForced: request.query.only("force") == "1")
            return try answer(pages, origin, desk, ticket, at: desk.keeper.now)
        } catch {
            // A page of a granted origin may read the reason, too.
            throw CrossOriginError(cause: error, origin: origin)
        }
    }

    /// The same with the ticket in memory; nil, and nothing counted, where there is none or a new one is asked for.
    func signNow(_ request: Request) throws -> Response? {
        // As most ask: for a page of the first account, and nothing else.
        let isURLAlone = request.query.isOnly("url")
        let desk = isURLAlone ? accounts.all[0] : try desk(request)
        let now = desk.keeper.now
        guard let ticket = desk.keeper.currentTicket(at: now),
            isURLAlone || (try? request.query.all("force"))?.isEmpty == true
        else { return nil }
        let origin = try crossOrigin(request, desk)
        do {
            let pages = try pages(request, desk, mayHaveEntry: !isURLAlone)
            return try answer(pages, origin, desk, ticket, at: now)
        } catch {
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

    private func desk(_ request: Request) throws -> AccountDesk {
        let name = try request.query.only("account")
        do {
            return try accounts.named(name)
        } catch {
            metrics.count(.signature(account: "", .unknownAccount))
            throw error
        }
    }

    private func crossOrigin(_ request: Request, _ desk: AccountDesk) throws(Failure) -> CrossOrigin {
        try counting(desk, .foreignOrigin) { () throws(Failure) in
            try CrossOrigin(request, desk: desk, site: site)
        }
    }

    /// What is to be signed, once the visitor's address may ask.
    private func pages(
        _ request: Request, _ desk: AccountDesk, mayHaveEntry: Bool = true
    ) throws -> (page: PageURL, entry: PageURL?) {
        try limit.admit(request)
        guard let url = try request.query.only("url") else { throw Failure.missingParameter("url") }
        let page = try page(url, "url", desk)
        let entry = mayHaveEntry ? try request.query.only("entry") : nil
        return (page, try entry.map { try self.page($0, "entry", desk) })
    }

    private func answer(
        _ pages: (page: PageURL, entry: PageURL?), _ origin: CrossOrigin, _ desk: AccountDesk, _ ticket: Ticket,
        at now: Date
    ) throws -> Response {
        var body: [UInt8] = []
        desk.jssdk.append(url: pages.page.text, entry: pages.entry?.text, ticket: ticket, at: now, to: &body)
        var response = Response(.ok, fields: Self.fields, body: .bytes(body))
        try origin.grant(on: &response)
        desk.signed.add(1)
        return response
    }

    /// What every signature goes out with, put together once.
    private static let fields = {
        var response = Response.json([])
        CrossOrigin.vary(&response)
        Door.protect(&response)
        return response.fields
    }()

    private func page(_ text: String, _ parameter: String, _ desk: AccountDesk) throws(Failure) -> PageURL {
        let page = try counting(desk, .badURL) { () throws(Failure) in try PageURL(text, parameter: parameter) }
        guard desk.covers(host: page.host) else {
            metrics.count(.signature(account: desk.name, .foreignDomain))
            throw .urlNotAllowed
        }
        return page
    }

    private func ticket(_ desk: AccountDesk, isForced: Bool) async throws(Failure) -> Ticket {
        do {
            return isForced ? try await desk.keeper.revalidateTicket() : try await desk.keeper.ticket()
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
