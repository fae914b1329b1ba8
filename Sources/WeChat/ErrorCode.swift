/// WeChat's `errcode`. There are some 1,800; the named ones are those this room's calls meet or must tell apart.
///
/// Source: "全局返回码说明" (Global return codes) and the error table of each call's page.
public struct ErrorCode: RawRepresentable, Hashable, Sendable, Codable {
    public let rawValue: Int

    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    public static let systemBusy = ErrorCode(rawValue: -1)
    public static let ok = ErrorCode(rawValue: 0)
    /// A replaced access token; at `/cgi-bin/token` and `/cgi-bin/stable_token`, a wrong AppSecret.
    public static let invalidCredential = ErrorCode(rawValue: 40001)
    public static let invalidGrantType = ErrorCode(rawValue: 40002)
    public static let invalidOpenID = ErrorCode(rawValue: 40003)
    public static let invalidAppID = ErrorCode(rawValue: 40013)
    public static let invalidAccessToken = ErrorCode(rawValue: 40014)
    public static let invalidCode = ErrorCode(rawValue: 40029)
    public static let invalidRefreshToken = ErrorCode(rawValue: 40030)
    public static let invalidArgumentSize = ErrorCode(rawValue: 40035)
    public static let invalidTemplateID = ErrorCode(rawValue: 40037)
    public static let invalidArguments = ErrorCode(rawValue: 40097)
    public static let invalidAppSecret = ErrorCode(rawValue: 40125)
    public static let codeUsed = ErrorCode(rawValue: 40163)
    public static let addressNotAllowed = ErrorCode(rawValue: 40164)
    public static let codeBlocked = ErrorCode(rawValue: 40226)
    public static let appSecretFrozen = ErrorCode(rawValue: 40243)
    public static let accessTokenMissing = ErrorCode(rawValue: 41001)
    public static let appIDMissing = ErrorCode(rawValue: 41002)
    public static let refreshTokenMissing = ErrorCode(rawValue: 41003)
    public static let appSecretMissing = ErrorCode(rawValue: 41004)
    public static let codeMissing = ErrorCode(rawValue: 41008)
    public static let openIDMissing = ErrorCode(rawValue: 41009)
    public static let accessTokenExpired = ErrorCode(rawValue: 42001)
    public static let refreshTokenExpired = ErrorCode(rawValue: 42002)
    public static let codeExpired = ErrorCode(rawValue: 42003)
    /// The user changed the password.
    public static let tokensRevoked = ErrorCode(rawValue: 42007)
    public static let getRequired = ErrorCode(rawValue: 43001)
    public static let postRequired = ErrorCode(rawValue: 43002)
    public static let httpsRequired = ErrorCode(rawValue: 43003)
    public static let subscriptionRequired = ErrorCode(rawValue: 43004)
    public static let messageRefused = ErrorCode(rawValue: 43101)
    public static let noPermission = ErrorCode(rawValue: 43104)
    public static let emptyBody = ErrorCode(rawValue: 44002)
    public static let dailyQuotaReached = ErrorCode(rawValue: 45009)
    public static let minuteQuotaReached = ErrorCode(rawValue: 45011)
    public static let responseTooLate = ErrorCode(rawValue: 45015)
    public static let addressNotRegistered = ErrorCode(rawValue: 45035)
    public static let tooManyResponses = ErrorCode(rawValue: 45047)
    public static let malformedBody = ErrorCode(rawValue: 47001)
    /// The account lacks the call, or the token is of another kind. No refresh ever helps.
    public static let unauthorized = ErrorCode(rawValue: 48001)
    public static let messagesBlocked = ErrorCode(rawValue: 48002)
    public static let forbidden = ErrorCode(rawValue: 48004)
    public static let userUnauthorized = ErrorCode(rawValue: 50001)
    public static let userLimited = ErrorCode(rawValue: 50002)
    public static let userUnsubscribed = ErrorCode(rawValue: 50005)
    /// What newer pages say where 40164 is seen.
    public static let clientAddressNotRegistered = ErrorCode(rawValue: 61004)
    public static let confirmationPending = ErrorCode(rawValue: 89501)
    public static let confirmationNeeded = ErrorCode(rawValue: 89503)
    public static let refusedForADay = ErrorCode(rawValue: 89506)
    public static let refusedForAnHour = ErrorCode(rawValue: 89507)

    public static func ~= (pattern: ErrorCode, value: ErrorCode) -> Bool { pattern == value }
}

extension ErrorCode: CustomStringConvertible {
    public var description: String { String(rawValue) }
}

extension ErrorCode: ExpressibleByIntegerLiteral {
    public init(integerLiteral value: Int) {
        self.init(rawValue: value)
    }
}
