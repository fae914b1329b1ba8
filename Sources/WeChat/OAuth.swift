import Secure
import Wire

/// Logs visitors in through WeChat's web authorisation ("网页授权"): the address to send the browser to, and what to do
/// with the code it comes back with.
///
/// `state` belongs to whoever opened the login: checked and used up **before** `exchange` is called.
public struct OAuth: Sendable {
    public let platform: Platform
    /// Where the authorisation page lives.
    public let openBase: String

    /// - Parameter openBase: `https://open.weixin.qq.com`, or what stands in for it; without a slash at the end.
    public init(platform: Platform, openBase: String = "https://open.weixin.qq.com") {
        self.platform = platform
        self.openBase = openBase
    }

    /// The address of WeChat's authorisation page.
    ///
    /// WeChat matches the address with a strict pattern: the order of the parameters and the fragment are part of it.
    /// `connect_redirect=1` is undocumented and keeps Android from calling back twice (chanxuehong/wechat #226).
    ///
    /// - Parameters:
    ///   - redirectURI: Where WeChat sends the browser back to. Its host must be the account's page authorisation
    ///     domain; a port in it is refused with 10003, and its fragment gets lost.
    ///   - state: Comes back unchanged; 1 to 128 letters and digits.
    ///   - forcesPopup: Asks for consent even where WeChat would grant in silence.
    ///   - forcesSnapshot: Shows the page as a snapshot, to test that.
    /// - Throws: `OAuthError.unusableState`.
    public func authorizeURL(
        redirectURI: String, scope: Scope, state: String, forcesPopup: Bool = false, forcesSnapshot: Bool = false
    ) throws(OAuthError) -> String {
        guard Self.isState(state) else { throw .unusableState }
        let appID = PercentCoding.encodeComponent(platform.account.appID)
        let redirectURI = PercentCoding.encodeComponent(redirectURI)
        var url = ""
        // 192 is more than the texts below and the scope have.
        url.reserveCapacity(openBase.utf8.count + appID.utf8.count + redirectURI.utf8.count + state.utf8.count + 192)
        for part in [
            openBase, "/connect/oauth2/authorize?appid=", appID, "&redirect_uri=", redirectURI,
            "&response_type=code&scope=", scope.rawValue, "&state=", state,
        ] { url += part }
        if forcesPopup { url += "&forcePopup=true" }
        if forcesSnapshot { url += "&forceSnapShot=true" }
        url += "&connect_redirect=1#wechat_redirect"
        return url
    }

    /// Whether WeChat would carry `text` as a state: 1 to 128 of `a-z`, `A-Z`, `0-9`.
    public static func isState(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count) && text.utf8Span.span.allSatisfy(isAlphanumeric)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// Exchanges a code for a grant ("通过 code 换取网页授权 access_token").
    ///
    /// Made exactly once: WeChat takes a code once, and an exchange without an answer may have spent it.
    ///
    /// - Parameter code: What the callback brought; a stranger may have typed it.
    /// - Throws: `.unusableCode` for what cannot be a code, without a call. `.upstream` otherwise; its `reaction` is
    ///   `.restartLogin` for a code that is spent, expired or another account's (40029, 40163, 42003).
    public func exchange(code: String) async throws(OAuthError) -> Grant {
        let exchange = CodeExchange(code, by: self)
        await exchange.end()
        return try exchange.grant()
    }

    /// A grant with a new access token, or a prolonged one ("刷新 access_token").
    ///
    /// - Throws: `.notRefreshable` when the visitor must log in again, without a call; `.upstream`, whose `reaction` is
    ///   `.restartLogin` when WeChat says so (40030, 42002, 42007).
    public func refresh(_ grant: Grant) async throws(OAuthError) -> Grant {
        let now = platform.timing.now()
        guard let token = grant.refreshToken, grant.isRefreshable(at: now) else { throw .notRefreshable }
        let reply = try await call(
            .refreshGrant,
            [
                (name: "appid", value: platform.account.appID), (name: "grant_type", value: "refresh_token"),
                (name: "refresh_token", value: token.reveal()),
            ], wanted: "access_token")
        return try checked(grant) { () throws(Unreadable) in
            let fresh = try Grant(reply, at: platform.timing.now(), after: grant)
            return (fresh, fresh.openID)
        }
    }

    /// Nickname, avatar and so on ("拉取用户信息").
    ///
    /// - Parameter repeats: Whether a busy WeChat is asked again within the call, which takes twice the time limit.
    /// - Throws: `.scopeTooSmall` for a grant of `base`, without a call: WeChat would say 48001. `.upstream`, whose
    ///   `reaction` is `.refreshToken` when `refresh` may help.
    public func profile(_ grant: Grant, repeats: Bool = true) async throws(OAuthError) -> Profile {
        guard grant.scope.satisfies(.userinfo) else { throw .scopeTooSmall }
        let reply = try await call(
            .profile,
            [
                (name: "access_token", value: grant.accessToken.reveal()), (name: "openid", value: grant.openID),
                (name: "lang", value: "zh_CN"),
            ], wanted: "openid", repeats: repeats)
        return try checked(grant) { () throws(Unreadable) in
            let profile = try Profile(reply)
            return (profile, profile.openID)
        }
    }

    /// Whether WeChat still honours the grant's access token ("检验授权凭证").
    public func check(_ grant: Grant) async throws(OAuthError) -> Bool {
        do {
            _ = try await call(
                .checkGrant,
                [
                    (name: "access_token", value: grant.accessToken.reveal()), (name: "openid", value: grant.openID),
                ], wanted: nil)
            return true
        } catch {
            if case .upstream(.refused(let refusal)) = error,
                refusal.code == .invalidOpenID || [.refreshToken, .restartLogin].contains(refusal.reaction)
            {
                return false
            }
            throw error
        }
    }

    private func call(
        _ operation: Operation, _ query: [(name: String, value: String)], wanted field: String?, repeats: Bool = true
    ) async throws(OAuthError) -> ReplyBody {
        do {
            return try await platform.call(operation, query: query, wanted: field, repeats: repeats)
        } catch {
            throw .upstream(error)
        }
    }

    fileprivate func read<Value>(_ body: () throws(Unreadable) -> Value) throws(OAuthError) -> Value {
        do {
            return try body()
        } catch {
            throw .upstream(.unreadable(error))
        }
    }

    /// What is told of one visitor must be told of this one: wechat-jssdk put one's token under another's name.
    private func checked<Value>(
        _ grant: Grant, _ body: () throws(Unreadable) -> (Value, openID: String)
    ) throws(OAuthError) -> Value {
        let (value, openID) = try read(body)
        guard openID == grant.openID else { throw .upstream(.unreadable(.invalid(field: "openid"))) }
        return value
    }
}

/// The exchange of one code, in steps: of those who wait for one, each holds this object and next to nothing else.
///
/// Unchecked: whoever made it uses it, and then whoever goes on once it has ended; never two at a time.
package final class CodeExchange: @unchecked Sendable {
    private let oauth: OAuth
    /// Nil for what cannot be a code.
    private let inquiry: Inquiry?

    package init(_ code: String, by oauth: OAuth) {
        self.oauth = oauth
        guard (1...512).contains(code.utf8.count), code.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            inquiry = nil
            return
        }
        let account = oauth.platform.account
        inquiry = Inquiry(
            .exchange,
            [
                (name: "appid", value: account.appID), (name: "secret", value: account.appSecret.reveal()),
                (name: "code", value: code), (name: "grant_type", value: "authorization_code"),
            ], wanted: "access_token", repeats: false, at: oauth.platform)
    }

    /// What sends it.
    package var fetcher: any Fetcher { oauth.platform.fetcher }

    /// For one who has the fetcher send it, once, and then tells `note` of the reply; nil where there is nothing to send.
    package var call: Call? { inquiry?.call }

    package func note(_ reply: Result<Reply, FetchError>) {
        inquiry?.note(reply)
    }

    /// Sends it, and returns when WeChat has answered, or will not.
    package func end() async {
        await inquiry?.end()
    }

    /// What came of it, once it has ended; throws as `OAuth.exchange`.
    package func grant() throws(OAuthError) -> Grant {
        guard let inquiry else { throw .unusableCode }
        let reply: ReplyBody
        do throws(UpstreamError) {
            reply = try inquiry.outcome.get()
        } catch {
            throw .upstream(error)
        }
        return try oauth.read { () throws(Unreadable) in try Grant(reply, at: oauth.platform.timing.now()) }
    }
}

/// Why a login, or a question about a visitor, failed.
public enum OAuthError: Error, Hashable, Sendable {
    /// Not 1 to 128 letters and digits.
    case unusableState
    /// Empty, too long, or with characters that no code has.
    case unusableCode
    /// The grant has no refresh token, or its 30 days are over.
    case notRefreshable
    /// The grant is of scope `base`.
    case scopeTooSmall
    case upstream(UpstreamError)

    /// What to do about it: begin the login over, wait, refresh, or have the operator look into WeChat's console.
    public var reaction: Reaction {
        switch self {
        case .unusableState, .scopeTooSmall: .callerBug
        case .unusableCode, .notRefreshable: .restartLogin
        case .upstream(let error): error.reaction
        }
    }
}

extension OAuthError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unusableState: "the state is not 1 to 128 letters and digits"
        case .unusableCode: "this cannot be a code of WeChat's"
        case .notRefreshable: "the grant cannot be refreshed"
        case .scopeTooSmall: "a profile needs a grant of userinfo"
        case .upstream(let error): error.description
        }
    }
}
