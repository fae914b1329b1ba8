/// What an authorisation page shows instead of itself: the platform's number and text, and what the sandbox knows beyond.
struct PageError: Error, Equatable, Sendable {
    /// `nil` where the platform shows a sentence without a number.
    let number: Int?
    let text: Bilingual
    var hint: Bilingual?

    init(_ number: Int?, _ text: Bilingual, hint: Bilingual? = nil) {
        self.number = number
        self.text = text
        self.hint = hint
    }
}

extension PageError {
    /// One that a script asked for, in the platform's words where these are known.
    init(scripted refusal: Refusal) {
        let known: [Int: Bilingual] = [
            10003: Bilingual("redirect_uri 参数错误", "redirect_uri does not match the configured domain"),
            10004: Bilingual("该公众号被封禁", "The account is banned"),
            10005: Bilingual("该公众号没有这些 scope 的权限", "The account has no right to this scope"),
            10006: Bilingual("必须关注此测试号", "This test account must be followed first"),
            10009: Bilingual("操作太频繁了，请稍后重试", "Too frequent; try again later"),
            10015: Bilingual("公众号未授权第三方平台", "The account has not authorised the third-party platform"),
        ]
        self.init(
            refusal.code, known[refusal.code] ?? Bilingual("系统错误", refusal.text),
            hint: Bilingual("这是沙箱里预设的故障。", "A fault that was scripted in the sandbox."))
    }

    static func redirectDomain(_ hint: Bilingual) -> PageError {
        PageError(
            10003, Bilingual("redirect_uri 参数错误", "redirect_uri does not match the configured domain"), hint: hint)
    }

    static let noScopeRight = PageError(
        10005, Bilingual("Scope 参数错误或没有 Scope 权限", "Wrong scope, or no right to it"),
        hint: Bilingual(
            "公众号用 /connect/oauth2/authorize 与 snsapi_base、snsapi_userinfo；网站应用用 /connect/qrconnect 与 snsapi_login。",
            "Official accounts use /connect/oauth2/authorize with snsapi_base or snsapi_userinfo; website applications "
                + "use /connect/qrconnect with snsapi_login."))
    static let emptyScope = PageError(10010, Bilingual("scope 不能为空", "scope is empty"))
    static let emptyRedirect = PageError(10011, Bilingual("redirect_uri 不能为空", "redirect_uri is empty"))
    static let emptyAppID = PageError(10012, Bilingual("appid 不能为空", "appid is empty"))
    static let emptyState = PageError(10013, Bilingual("state 不能为空", "state is empty"))
    static let websiteAppID = PageError(
        10016, Bilingual("不支持开放平台 AppID", "An open-platform appid is not supported here"),
        hint: Bilingual("网站应用请用 /connect/qrconnect。", "Website applications use /connect/qrconnect."))
    static let unknownAppID = PageError(
        nil, Bilingual("AppID 参数错误", "Unknown appid"),
        hint: Bilingual("沙箱里没有这个 appid 的账号。", "No account of this sandbox has this appid."))
    static let wrongOrder = PageError(
        nil, Bilingual("该链接无法访问", "This link cannot be opened"),
        hint: Bilingual(
            "参数顺序必须是 appid、redirect_uri、response_type、scope、state，其余在后，且不可重复。",
            "The parameters must come as appid, redirect_uri, response_type, scope, state, others after them, each once."
        ))
    static let badResponseType = PageError(
        nil, Bilingual("response_type 参数错误", "response_type must be “code”"))
    static let badState = PageError(
        nil, Bilingual("state 参数错误", "Bad state"),
        hint: Bilingual("state 只能是 a-zA-Z0-9，最多 128 字节。", "state is made of a-z, A-Z and 0-9, 128 bytes at most."))
    static let badEncoding = PageError(
        nil, Bilingual("链接编码错误", "The link is not well encoded"),
        hint: Bilingual("参数不是合法的百分号编码 UTF-8。", "A parameter is not percent-encoded UTF-8."))
    static let outsideWeChat = PageError(
        nil, Bilingual("请在微信客户端打开链接", "Open the link in the WeChat client"),
        hint: Bilingual(
            "沙箱开关 requireWeChat 已打开：User-Agent 须含 MicroMessenger。",
            "The knob requireWeChat is on: the User-Agent must contain MicroMessenger."))
    static let unknownUser = PageError(nil, Bilingual("没有这个用户", "There is no such user"))
    static let foreignForm = PageError(nil, Bilingual("请求来自其他网站", "The form was sent by another site"))
}
