import FoundationEssentials
import HTTP
import WeChat
import Wire

/// `GET /get-signature`: what a page needs for `wx.config`, fresh for each request, for pages of the account's hosts.
struct SigningRoutes: Sendable {
    let accounts: Accounts
    let site: Origin
    let limit: RateLimit
    let metrics: Metrics

    func sign(_ request: Request) async throws -> Response {
        let desk = try desk(request.query.only("account"))
        let origin = try request.lend { try crossOrigin($0, desk) }
        do {
            // Refused is what cannot be signed, before anybody waits for a ticket.
            try limit.admit(request)
            try request.query.lend { try withPages($0, desk) { _, _ in } }
            let ticket = try await ticket(desk, isForced: request.query.only("force") == "1")
            return try request.lend { request in
                var body: [UInt8] = []
                try withPages(request.query, desk) { page, entry in
                    desk.jssdk.append(url: page, entry: entry, ticket: ticket, at: desk.keeper.now, to: &body)
                }
                var response = Response(.ok, fields: Self.fields, body: .bytes(body))
                try origin.grant(on: &response, to: request.fields)
                desk.signed.add(1)
                return response
            }
        } catch {
            // A page of a granted origin may read the reason, too.
            throw CrossOriginError(cause: error, origin: origin)
        }
    }

    /// The same with the ticket in memory, straight to where the answer leaves; false, and nothing counted, where there is
    /// none or a new one is asked for.
    func signNow(_ request: borrowing RequestView, into sink: inout AnswerSink) throws -> Bool {
        // As most ask: for a page of the first account, and nothing else.
        let isURLAlone = request.query.isOnly("url")
        let desk = isURLAlone ? accounts.all[0] : try desk(request.query.only("account"))
        let now = desk.keeper.now
        guard let ticket = desk.keeper.currentTicket(at: now),
            isURLAlone || (try? request.query.contains("force")) == false
        else { return false }
        let origin = try crossOrigin(request, desk)
        do {
            try limit.admit(request)
            let fields = request.fields
            try withPages(request.query, isURLAlone: isURLAlone, desk) { page, entry in
                try desk.jssdk.withReply(url: page, entry: entry, ticket: ticket, at: now) { body in
                    try sink.put(
                        .ok, Self.fields, .accessControlAllowOrigin, copying: origin.granted, of: fields, body: body)
                }
            }
            desk.signed.add(1)
            return true
        } catch {
            throw CrossOriginError(cause: error, origin: origin)
        }
    }

    /// The browser's question before a request that is not simple.
    func preflight(_ request: Request) async throws -> Response {
        let desk = try accounts.named(request.query.only("account"))
        var response = Response(.noContent)
        try request.lend { request in
            try CrossOrigin(request, desk: desk, site: site).grant(on: &response, to: request.fields)
        }
        try response.fields.append(.accessControlAllowMethods, "GET")
        try response.fields.append(.accessControlMaxAge, "600")
        return response
    }

    private func desk(_ name: String?) throws(Failure) -> AccountDesk {
        do {
            return try accounts.named(name)
        } catch {
            metrics.count(.signature(account: "", .unknownAccount))
            throw error
        }
    }

    private func crossOrigin(_ request: borrowing RequestView, _ desk: AccountDesk) throws(Failure) -> CrossOrigin {
        do {
            return try CrossOrigin(request, desk: desk, site: site)
        } catch {
            metrics.count(.signature(account: desk.name, .foreignOrigin))
            throw error
        }
    }

    /// What every signature goes out with, put together once.
    private static let fields = {
        var response = Response.json([])
        CrossOrigin.vary(&response)
        Door.protect(&response)
        return response.fields
    }()

    /// Lends what is to be signed: the page's URL, and the landing page's where one is given.
    private func withPages(
        _ query: QueryView, isURLAlone: Bool = false, _ desk: AccountDesk,
        _ body: (_ page: Span<UInt8>, _ entry: Span<UInt8>?) throws -> Void
    ) throws {
        try query.withOnly("url") { url in
            guard let url else { throw Failure.missingParameter("url") }
            try check(url, "url", desk)
            if isURLAlone { return try body(url, nil) }
            try query.withOnly("entry") { entry in
                if let entry { try check(entry, "entry", desk) }
                try body(url, entry)
            }
        }
    }

    private func check(_ url: Span<UInt8>, _ parameter: String, _ desk: AccountDesk) throws(Failure) {
        let isCovered: Bool
        do {
            isCovered = try PageURL.check(url, parameter: parameter) { desk.covers(host: $0) }
        } catch {
            metrics.count(.signature(account: desk.name, .badURL))
            throw error
        }
        guard isCovered else {
            metrics.count(.signature(account: desk.name, .foreignDomain))
            throw .urlNotAllowed(parameter: parameter)
        }
    }

    private func ticket(_ desk: AccountDesk, isForced: Bool) async throws(Failure) -> Ticket {
        do {
            return isForced ? try await desk.keeper.revalidateTicket() : try await desk.keeper.ticket()
        } catch {
            metrics.count(.signature(account: desk.name, .noTicket))
            throw .ticketUnavailable(seconds: error.retryAfterSeconds)
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
