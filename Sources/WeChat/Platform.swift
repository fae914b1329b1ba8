import FoundationEssentials
import Secure

/// WeChat's HTTP API for one account: what a call looks like, how long it may take, when it is made again, and what its
/// reply means.
///
/// Only one thing is repeated here: a call that WeChat, or something on the way, answered with "busy", after 1, 2 and 4
/// seconds, as WeChat's page on `-1` asks. A call without an answer is not: WeChat may have acted on it, and WxJava
/// #2098 tells of messages sent twice. Whoever can afford to ask again (the keeper) has a pause of its own for that.
///
/// A class, so that each of thousands of logins that wait holds it with one reference.
public final class Platform: Sendable {
    public let account: Account
    /// For one exchange. A call with all its repetitions ends within twice that.
    public let timeout: Duration
    let fetcher: any Fetcher
    let timing: Timing
    let onAnswer: @Sendable (Operation, UpstreamError?) -> Void

    /// - Parameters:
    ///   - fetcher: What carries the calls.
    ///   - timeout: For one exchange; WeChat answers within some 100 ms.
    ///   - onAnswer: Told of every exchange how it ended, `nil` for well, repetitions of a call included. Called at once,
    ///     from any task; it should only note it down.
    public init(
        account: Account, fetcher: any Fetcher, timeout: Duration = .seconds(5), timing: Timing = .system,
        onAnswer: @escaping @Sendable (Operation, UpstreamError?) -> Void = { _, _ in }
    ) {
        self.onAnswer = onAnswer
        self.account = account
        self.fetcher = fetcher
        self.timeout = timeout
        self.timing = timing
    }

    /// The longest a call can take, its repetitions included.
    var budget: Duration { timeout * 2 }
}

/// A credential as WeChat hands it out. The value is never empty.
struct Issued: Sendable {
    let value: String
    /// Seconds, as WeChat said, which may be anything.
    let expiresIn: Int?
}

extension Platform {
    /// GET `/cgi-bin/token`: a new token, which ends the one before within five minutes ("获取接口调用凭据").
    func accessToken() async throws(UpstreamError) -> Issued {
        let query = [
            (name: "grant_type", value: "client_credential"), (name: "appid", value: account.appID),
            (name: "secret", value: account.appSecret.reveal()),
        ]
        return try await issued("access_token", by: .token, query: query)
    }

    /// POST `/cgi-bin/stable_token`: the token that is valid now; with `force` a new one ("获取稳定版接口调用凭据").
    ///
    /// WeChat takes 20 forces a day, 30 seconds apart; the keeper counts them.
    func stableToken(force: Bool) async throws(UpstreamError) -> Issued {
        let order = StableTokenOrder(appID: account.appID, secret: account.appSecret.reveal(), isForced: force)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(order) else {
            preconditionFailure("three strings and a flag always encode")
        }
        return try await issued("access_token", by: .stableToken, body: [UInt8](body), repeats: !force)
    }

    /// GET `/cgi-bin/ticket/getticket?type=jsapi`: the JS-SDK's ticket ("获取 jsapi_ticket").
    func ticket(accessToken: Credential) async throws(UpstreamError) -> Issued {
        let query = [
            (name: "access_token", value: accessToken.secret.reveal()), (name: "type", value: "jsapi"),
        ]
        return try await issued("ticket", by: .ticket, query: query)
    }

    private func issued(
        _ field: String, by operation: Operation, query: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        repeats: Bool = true
    ) async throws(UpstreamError) -> Issued {
        let reply = try await call(operation, query: query, body: body, wanted: field, repeats: repeats)
        do {
            return Issued(value: try reply.credential(field), expiresIn: reply.integer("expires_in"))
        } catch {
            throw .unreadable(error)
        }
    }
}

private struct StableTokenOrder: Encodable {
    let appID: String
    let secret: String
    let isForced: Bool
    var grantType = "client_credential"

    private enum CodingKeys: String, CodingKey {
        case appID = "appid"
        case secret
        case isForced = "force_refresh"
        case grantType = "grant_type"
    }
}

extension Platform {
    /// Makes a call until it has an answer other than "busy", at most four times.
    ///
    /// - Parameters:
    ///   - field: What a success has. `nil` for calls that say `"errcode":0`.
    func call(
        _ operation: Operation, query: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        wanted field: String?, repeats: Bool = true
    ) async throws(UpstreamError) -> ReplyBody {
        let inquiry = Inquiry(operation, query, body: body, wanted: field, repeats: repeats, at: self)
        await inquiry.end()
        return try inquiry.outcome.get()
    }
}
