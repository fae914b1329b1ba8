extension Guidance {
    /// Every code of "全局返回码说明" that an account, a visitor's grant or a message can meet here.
    static let table: [ErrorCode: Guidance] = {
        var table: [ErrorCode: Guidance] = [:]
        for (codes, guidance) in rows {
            for code in codes { table[code] = guidance }
        }
        return table
    }()

    /// Codes that the table knows, for documentation and tests.
    static var knownCodes: [ErrorCode] { rows.flatMap(\.codes) }

    private static func row(
        _ codes: [ErrorCode], _ reaction: Reaction, pause: Double = 0, _ english: String, _ chinese: String
    ) -> (codes: [ErrorCode], guidance: Guidance) {
        (codes, Guidance(reaction: reaction, hint: Hint(english: english, chinese: chinese), pause: pause))
    }

    private static let rows: [(codes: [ErrorCode], guidance: Guidance)] = [
        row([.systemBusy], .backOff, "WeChat is busy and is asked again.", "微信系统繁忙，稍后自动重试。"),
        row(
            [.minuteQuotaReached], .backOff, pause: 60,
            "Too many calls in this minute; asked again in the next.", "本分钟调用次数已达上限，下一分钟自动重试。"),

        row(
            [.invalidCredential], .refreshToken,
            "The access token was replaced. If this returns, another program fetches tokens for the same account: "
                + "let it ask this server instead.",
            "access_token 已被替换。若反复出现，说明另有程序在刷新同一公众号的 access_token，请统一由本服务获取。"),
        row([.invalidAccessToken], .refreshToken, "The access token is not this account's.", "access_token 不属于本公众号。"),
        row([.accessTokenExpired], .refreshToken, "The access token expired.", "access_token 已过期。"),

        row(
            [.invalidCode], .restartLogin,
            "The code is spent, expired or another account's; the visitor logs in again.",
            "code 已使用、已过期或属于其他公众号，需重新登录。"),
        row([.codeUsed], .restartLogin, "The code was used already; the visitor logs in again.", "code 已被使用，需重新登录。"),
        row([.codeExpired], .restartLogin, "The code expired; the visitor logs in again.", "code 已过期，需重新登录。"),
        row(
            [.invalidRefreshToken, .refreshTokenExpired], .restartLogin,
            "The grant ended (30 days); the visitor logs in again.", "授权已失效（30 天），需重新登录。"),
        row(
            [.tokensRevoked], .restartLogin,
            "The visitor changed the WeChat password and logs in again.", "用户修改了微信密码，需重新登录。"),

        row(
            [.invalidAppID], .stop,
            "WeChat does not know this AppID: compare it with Settings → Basic configuration in the console.",
            "AppID 无效：请核对公众平台“设置与开发 → 基本配置”中的 AppID。"),
        row(
            [.invalidAppSecret], .stop,
            "The AppSecret is wrong: it was reset, or belongs to another AppID. Copy it again from the console.",
            "AppSecret 错误：可能已被重置，或不属于该 AppID，请在公众平台“基本配置”中重新获取。"),
        row(
            [.addressNotAllowed, .clientAddressNotRegistered, .addressNotRegistered], .stop,
            "Add this server's IP address to the IP whitelist (Settings → Basic configuration) in the console.",
            "请在公众平台“设置与开发 → 基本配置 → IP 白名单”中加入本服务器的 IP。"),
        row(
            [.appSecretFrozen], .stop, pause: 120,
            "The AppSecret is frozen: unfreeze it in the console; it takes effect after ten minutes.",
            "AppSecret 已被冻结：请在公众平台解冻，10 分钟后生效。"),
        row(
            [.dailyQuotaReached], .stop, pause: 600,
            "Today's quota of this call is used up: it returns at midnight (UTC+8), or after clear_quota.",
            "该接口今日调用次数已用完：北京时间零点恢复，或在公众平台清零。"),
        row(
            [.noPermission], .stop,
            "This AppID lacks the permission for the call: see Interface permissions in the console.",
            "该 AppID 没有此接口权限：请查看公众平台“接口权限”。"),
        row(
            [.unauthorized], .stop,
            "The account lacks this call (an unverified subscription account has no JS-SDK or web login), or the token "
                + "is of another kind. A new token does not help.",
            "公众号没有该接口权限（如未认证的订阅号），或 token 类型不对；刷新 token 无效，请查看“接口权限”。"),
        row(
            [.forbidden], .stop,
            "WeChat has closed this call to the account: read the notice in the console.",
            "公众号因违规被封禁该接口：请查看公众平台站内通知。"),
        row(
            [.userUnauthorized], .stop,
            "The account was not authorised for this call.", "公众号未获该接口授权。"),
        row([.userLimited], .stop, "WeChat restricts this account or user.", "公众号或用户受限。"),
        row(
            [61003, 61007, 61009, 61010], .stop,
            "The account's authorisation of a third-party platform does not cover the call.",
            "第三方平台授权不包含该接口，请检查授权。"),
        row(
            [.confirmationPending], .stop, pause: 120,
            "The administrator has yet to confirm this server's IP in WeChat.",
            "等待公众号管理员在微信中确认本服务器 IP。"),
        row(
            [.confirmationNeeded], .stop, pause: 120,
            "WeChat sent the administrator a message about this server's IP: confirm it there.",
            "微信已向公众号管理员发送 IP 确认消息，请管理员确认。"),
        row(
            [.refusedForADay], .stop, pause: 3600,
            "The administrator refused this server's IP; WeChat keeps to that for 24 hours.",
            "管理员已拒绝该 IP，24 小时内不可再次请求。"),
        row(
            [.refusedForAnHour], .stop, pause: 600,
            "The administrator refused this server's IP; WeChat keeps to that for an hour.",
            "管理员已拒绝该 IP，1 小时内不可再次请求。"),

        row([.invalidGrantType], .callerBug, "grant_type is wrong.", "grant_type 错误。"),
        row([.invalidOpenID], .callerBug, "The openid is not this account's.", "openid 不属于本公众号。"),
        row([.invalidTemplateID], .callerBug, "The template does not exist in this account.", "模板 ID 不属于本公众号。"),
        row([.invalidArgumentSize, .invalidArguments], .callerBug, "An argument is wrong.", "参数错误。"),
        row(
            [
                .accessTokenMissing, .appIDMissing, .refreshTokenMissing, .appSecretMissing, .codeMissing,
                .openIDMissing,
            ], .callerBug, "A parameter is missing.", "缺少参数。"),
        row(
            [.getRequired, .postRequired, .httpsRequired], .callerBug,
            "The call was made in the wrong way; perhaps a proxy rewrites it.", "请求方式错误，请检查中间代理。"),
        row([.emptyBody, .malformedBody], .callerBug, "The body is empty or malformed.", "请求内容为空或格式错误。"),

        row([.codeBlocked], .outcome, "WeChat holds this user for risky.", "高风险用户，登录被拦截。"),
        row([.subscriptionRequired], .outcome, "The user does not follow the account.", "用户未关注公众号。"),
        row([.messageRefused, .messagesBlocked], .outcome, "The user refuses the message.", "用户拒收消息。"),
        row([.responseTooLate, .tooManyResponses], .outcome, "The time to answer the user is over.", "已超过回复时限或次数。"),
        row([.userUnsubscribed], .outcome, "The user no longer follows the account.", "用户已取消关注。"),
    ]
}
