import FoundationEssentials
import Secure
import Store
import WeChat
import Wire

/// What the admin listener serves: health and figures for the operator, the token centre for his other programs.
struct AdminRoutes: Sendable {
    let accounts: Accounts
    let readiness: Readiness
    let metrics: Metrics
    let reloads: Reloads
    let upstream: UpstreamJournal
    let sessions: SessionRegister
    /// Of our own listener, when it ends TLS.
    let tls: TLSContext?
    let startedAt: Date
    let now: @Sendable () -> Date

    func health(_ request: Request) -> Response {
        .json(Array(#"{"status":"ok"}"#.utf8))
    }

    func ready(_ request: Request) async throws -> Response {
        let report = await readiness.report()
        return .json(try Self.encode(report), status: report.ready ? .ok : .unavailable)
    }

    func exposition(_ request: Request) -> Response {
        Response(
            .ok, [(.contentType, Metrics.contentType)],
            body: .bytes(metrics.exposition(accounts.all.map { ($0.name, $0.keeper.status().isReady) }, tls: tls)))
    }

    /// A page for a person, JSON for a program.
    func status(_ request: Request) async throws -> Response {
        let report = await report()
        guard ErrorReply.isNavigation(request) else { return .json(try Self.encode(report)) }
        return StatusPage(report, PageLanguage(request), now: now()).response
    }

    // MARK: - Sessions

    func listSessions(_ request: Request) async throws -> Response {
        let query = request.query
        var limit = 100
        if let text = try query.only("limit") {
            guard let number = Int(text), (1...1_000).contains(number) else {
                throw Failure.badParameter("limit", rule: "a number from 1 to 1000")
            }
            limit = number
        }
        return .json(
            try Self.encode(
                try await sessions.page(
                    openID: query.only("openid"), account: query.only("account"), after: query.only("after"),
                    limit: limit)))
    }

    private struct Revocation: Decodable {
        let account: String?
        let openid: String
    }

    func revokeSessions(_ request: Request) async throws -> Response {
        let order = try request.json(as: Revocation.self)
        let count = try await sessions.revoke(openID: order.openid, account: order.account)
        return .json(try Self.encode(["revoked": count]))
    }

    // MARK: - The token centre

    func accessToken(_ request: Request) async throws -> Response {
        let desk = try accounts.named(request.query.only("account"))
        return try reply(try await desk.keeper.token(), desk)
    }

    private struct TokenReport: Decodable {
        let account: String?
        let token: String
    }

    /// A program had a token refused. It gets the one that is valid now, and only a token that is still the current one
    /// is replaced, so that any number of reports of one failure cost one call.
    func reportToken(_ request: Request) async throws -> Response {
        let report = try request.json(as: TokenReport.self)
        let desk = try accounts.named(report.account)
        return try reply(try await desk.keeper.report(failedToken: report.token), desk)
    }

    /// WeChat's own names, so that a program can take it for WeChat's answer.
    private struct TokenReply: Encodable {
        let account: String
        let accessToken: String
        let expiresIn: Int

        private enum CodingKeys: String, CodingKey {
            case account
            case accessToken = "access_token"
            case expiresIn = "expires_in"
        }
    }

    private func reply(_ token: AccessToken, _ desk: AccountDesk) throws -> Response {
        let left = Int(token.expiresAt.timeIntervalSince(now()))
        return .json(
            try Self.encode(
                TokenReply(account: desk.name, accessToken: token.reveal(), expiresIn: max(0, left))))
    }

    // MARK: - Diagnosis

    func diagnose(_ request: Request) async throws -> Response {
        let evidence = try request.json(as: SignatureEvidence.self)
        guard evidence.isReasonable else { throw Failure.badParameter("url", rule: "longer than 4096 bytes") }
        return .json(try Self.encode(await SignatureDiagnosis(accounts, now: now()).examine(evidence)))
    }

    // MARK: - JSON

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}
