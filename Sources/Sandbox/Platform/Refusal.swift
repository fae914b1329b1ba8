/// A "no" of the platform: the `errcode` and English text that it puts into a reply of status 200.
///
/// Texts are those of the official tables; the platform's own ` rid: …` is appended when the reply is written.
struct Refusal: Error, Hashable, Sendable {
    let code: Int
    let text: String

    init(_ code: Int, _ text: String) {
        self.code = code
        self.text = text
    }
}

extension Refusal {
    static let systemBusy = Refusal(-1, "system error")
    static let replacedToken = Refusal(
        40001,
        "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, "
            + "more details at https://mmbizurl.cn/s/JtxxFh33r")
    static let badGrantType = Refusal(40002, "invalid grant_type")
    static let badOpenID = Refusal(40003, "invalid openid")
    static let badAppID = Refusal(40013, "invalid appid")
    static let unknownToken = Refusal(40014, "invalid access_token")
    static let badCode = Refusal(40029, "invalid code")
    static let badRefreshToken = Refusal(40030, "invalid refresh_token")
    static let badTicketType = Refusal(40097, "invalid args")
    static let badSecret = Refusal(40125, "invalid appsecret")
    static let usedCode = Refusal(40163, "code been used")
    static let frozenSecret = Refusal(40243, "appsecret frozen")
    static let missingToken = Refusal(41001, "access_token missing")
    static let missingAppID = Refusal(41002, "appid missing")
    static let missingRefreshToken = Refusal(41003, "refresh_token missing")
    static let missingSecret = Refusal(41004, "appsecret missing")
    static let missingCode = Refusal(41008, "missing code")
    static let missingOpenID = Refusal(41009, "missing openid")
    static let expiredToken = Refusal(42001, "access_token expired")
    static let expiredRefreshToken = Refusal(42002, "refresh_token expired")
    static let expiredCode = Refusal(42003, "code expired")
    static let changedPassword = Refusal(42007, "access_token and refresh_token exception")
    static let requiresGet = Refusal(43001, "require GET method")
    static let requiresPost = Refusal(43002, "require POST method")
    static let emptyBody = Refusal(44002, "empty post data")
    static let dailyQuota = Refusal(45009, "reach max api daily quota limit")
    static let minuteQuota = Refusal(45011, "api minute-quota reach limit, must slower, retry next minute")
    static let badJSON = Refusal(47001, "data format error")
    static let unauthorized = Refusal(48001, "api unauthorized")
    static let clearedTooOften = Refusal(48006, "forbid to clear quota because of reaching the limit")
    static let limitedUser = Refusal(50002, "user limited")
    static let unknownPath = Refusal(40066, "invalid url")
    static let unknownRequest = Refusal(76001, "rid not found")
    static let unknownQuota = Refusal(76021, "cgi_path not found, please check")

    /// What a scripted fault says when the script gives a number and no text.
    static func text(of code: Int) -> String {
        let known: [Refusal] = [
            .systemBusy, .replacedToken, .badGrantType, .badOpenID, .badAppID, .unknownToken, .badCode,
            .badRefreshToken, .badTicketType, .badSecret, .usedCode, .frozenSecret, .missingToken, .missingAppID,
            .missingRefreshToken, .missingSecret, .missingCode, .missingOpenID, .expiredToken, .expiredRefreshToken,
            .expiredCode, .changedPassword, .requiresGet, .requiresPost, .emptyBody, .dailyQuota, .minuteQuota,
            .badJSON, .unauthorized, .clearedTooOften, .limitedUser, .unknownPath,
            Refusal(40226, "code blocked"), Refusal(43004, "require subscribe"), Refusal(48004, "api forbidden"),
            Refusal(50001, "api unauthorized or user unauthorized"), Refusal(50005, "user is unsubscribed"),
            Refusal(89503, "this call needs the administrator's confirmation"),
            Refusal(89506, "ip refused by the administrator within 24 hours"),
            Refusal(89507, "ip refused by the administrator within 1 hour"),
        ]
        return known.first { $0.code == code }?.text ?? "system error"
    }
}
