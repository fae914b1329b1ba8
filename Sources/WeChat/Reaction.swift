/// What to do about an `errcode`.
public enum Reaction: String, Sendable, Codable {
    /// The token this call used is no longer good: get another one once, and repeat the call once. For a call on a
    /// visitor's grant that is `OAuth.refresh`.
    case refreshToken
    /// WeChat is busy: ask again after a pause that grows.
    case backOff
    /// Only the visitor can mend it: send the browser through the login again, and count how often.
    case restartLogin
    /// Only the operator can mend it, in WeChat's console. Asking again burns quota; look now and then.
    case stop
    /// The call was wrong, and will be wrong again.
    case callerBug
    /// An answer about the visitor, not a failure.
    case outcome
}

/// One row of the table: what a code means for us, and what the operator can do.
struct Guidance: Sendable {
    let reaction: Reaction
    let hint: Hint
    /// The least pause before the same question is asked again, in seconds.
    var pause: Double = 0
}

/// What to do, for the person who runs the server, in the two languages of its users.
public struct Hint: Hashable, Sendable, Codable {
    public let english: String
    public let chinese: String

    /// A sentence in each language, for people.
    public init(english: String, chinese: String) {
        self.english = english
        self.chinese = chinese
    }
}

extension Reaction {
    /// The reaction to `code` when `operation` answered it.
    public static func to(_ code: ErrorCode, from operation: Operation) -> Reaction {
        Guidance.for(code, from: operation).reaction
    }
}

extension Guidance {
    static func `for`(_ code: ErrorCode, from operation: Operation) -> Guidance {
        special(code, operation) ?? table[code] ?? unknown(operation)
    }

    /// Codes that mean something else for some calls.
    private static func special(_ code: ErrorCode, _ operation: Operation) -> Guidance? {
        switch (code, operation) {
        case (.invalidCredential, .token), (.invalidCredential, .stableToken), (.invalidCredential, .exchange):
            table[.invalidAppSecret]
        case (.codeMissing, .exchange):
            // Somebody opened the callback's address by hand.
            table[.invalidCode]
        case (.unauthorized, .profile):
            Guidance(
                reaction: .callerBug,
                hint: Hint(
                    english: "Profiles need the scope userinfo (snsapi_userinfo); this grant was given for base.",
                    chinese: "获取用户资料需要 snsapi_userinfo 授权，当前授权为 snsapi_base。"))
        case (.invalidOpenID, .follower):
            Guidance(
                reaction: .outcome,
                hint: Hint(
                    english: "This openid belongs to another account.", chinese: "该 openid 不属于本公众号。"))
        case (.userUnauthorized, _) where operation.usesGrant:
            Guidance(
                reaction: .restartLogin,
                hint: Hint(
                    english: "The visitor withdrew the authorisation; log in again.", chinese: "用户已取消授权，请重新登录。"))
        default: nil
        }
    }

    /// Some 1,700 codes are in no table of these calls. One of the account's own is not retried in a hurry.
    private static func unknown(_ operation: Operation) -> Guidance {
        Guidance(
            reaction: operation.usesGrant ? .outcome : .stop,
            hint: Hint(
                english: "Look the code up in WeChat's list of global return codes.", chinese: "请在微信“全局返回码说明”中查询该错误码。"))
    }
}
