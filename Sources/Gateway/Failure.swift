package import Wire

/// Why a request is not served: a closed set, each with the status, the code for programs and the texts for people.
///
/// Every handler throws these or an error of a lower room; the `Door` turns either into a response. The texts are
/// constant but for names of parameters and rules: nothing a visitor sent is ever repeated to him.
package enum Failure: Error, Sendable, Equatable {
    // The request itself
    case missingParameter(String)
    case badParameter(String, rule: String)
    case malformed(isRepeated: Bool)
    case unknownAccount
    case unknownSite
    case notFound
    case methodNotAllowed
    case methodUnknown
    case misdirected
    /// - Parameter admitted: whose pages may use the address.
    case foreignOrigin(admitted: Pages)
    case unauthorizedAdmin
    case unauthorizedSite
    /// - Parameter orForm: whether a form is taken besides JSON.
    case unsupportedMediaType(orForm: Bool = false)
    case tooManyRequests(seconds: Int)

    // Signing
    /// - Parameter parameter: the one that the URL came in.
    case urlNotAllowed(parameter: String)

    // Login
    case targetRefused(rule: String)
    case badState(retry: String)
    case loginExpired(retry: String)
    case otherAccount
    case loginLoop(retry: String)
    case loginFailed(retry: String)
    case loginUnavailable(retry: String, seconds: Int)
    case tooManyLogins

    // Sessions
    /// - Parameter lacksConsent: whether the visitor is signed in, but has not agreed to what is asked for.
    case notSignedIn(login: String, lacksConsent: Bool = false)
    case badSignature
    case badTicket
    case nonceMismatch

    // What Magpie itself depends on
    case ticketUnavailable(seconds: Int)
    case tokenUnavailable(seconds: Int)
    case storeUnavailable
    case fileUnavailable
    case `internal`

    /// Whose pages may use an address.
    package enum Pages: Sendable {
        case ofAccount
        case ofSite
        case ofNobody
    }
}

extension Failure {
    package var status: Status {
        switch self {
        case .missingParameter, .badParameter, .malformed, .targetRefused, .badState, .otherAccount:
            .badRequest
        case .unknownAccount, .unknownSite, .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .methodUnknown: .notImplemented
        case .misdirected: .misdirected
        case .unauthorizedAdmin, .unauthorizedSite, .notSignedIn: .unauthorized
        case .unsupportedMediaType: .unsupportedMediaType
        case .tooManyRequests: .tooManyRequests
        case .foreignOrigin, .urlNotAllowed, .loginExpired, .loginLoop, .badSignature, .badTicket,
            .nonceMismatch:
            .forbidden
        case .loginFailed: .badGateway
        case .loginUnavailable, .tooManyLogins, .ticketUnavailable, .tokenUnavailable, .storeUnavailable,
            .fileUnavailable:
            .unavailable
        case .internal: .internalError
        }
    }

    /// The word a program may branch on. Never changes once published.
    package var code: String {
        switch self {
        case .missingParameter: "missing_parameter"
        case .badParameter: "bad_parameter"
        case .malformed: "malformed_request"
        case .unknownAccount: "unknown_account"
        case .unknownSite: "unknown_site"
        case .notFound: "not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .methodUnknown: "method_unknown"
        case .misdirected: "misdirected"
        case .foreignOrigin: "foreign_origin"
        case .unauthorizedAdmin, .unauthorizedSite: "unauthorized"
        case .unsupportedMediaType: "unsupported_media_type"
        case .tooManyRequests: "too_many_requests"
        case .urlNotAllowed: "url_not_allowed"
        case .targetRefused: "target_refused"
        case .badState: "bad_state"
        case .loginExpired: "login_expired"
        case .otherAccount: "other_account"
        case .loginLoop: "login_loop"
        case .loginFailed: "login_failed"
        case .loginUnavailable: "login_unavailable"
        case .tooManyLogins: "too_many_logins"
        case .notSignedIn: "not_signed_in"
        case .badSignature: "bad_signature"
        case .badTicket: "bad_ticket"
        case .nonceMismatch: "nonce_mismatch"
        case .ticketUnavailable: "ticket_unavailable"
        case .tokenUnavailable: "token_unavailable"
        case .storeUnavailable: "store_unavailable"
        case .fileUnavailable: "file_unavailable"
        case .internal: "internal"
        }
    }

    package var message: String {
        switch self {
        case .missingParameter(let name): "The parameter \(name) is missing."
        case .badParameter(let name, let rule): "The parameter \(name) is not valid: \(rule)."
        case .malformed(isRepeated: true): "A parameter may be given only once."
        case .malformed(isRepeated: false):
            "The path, the query or a header cannot be decoded, or could be read in two ways."
        case .unknownAccount: "No account of this name is configured."
        case .unknownSite: "No site of this name is configured."
        case .notFound: "There is nothing at this address."
        case .methodNotAllowed: "This address does not take that method; the Allow header names those it takes."
        case .methodUnknown: "This server does not know that method."
        case .misdirected: "This server does not answer for the host that was asked."
        case .foreignOrigin: "Pages of this origin may not use this address."
        case .unauthorizedAdmin: "The admin token is missing or wrong."
        case .unauthorizedSite: "The name or the secret of the site is missing or wrong."
        case .unsupportedMediaType(orForm: false): "The body must be JSON, with Content-Type: application/json."
        case .unsupportedMediaType(orForm: true):
            "The body must be JSON or a form, with Content-Type: application/json or application/x-www-form-urlencoded."
        case .tooManyRequests: "There were too many requests from your network; please try again in a few seconds."
        case .urlNotAllowed(let parameter): "Pages of the host in \(parameter) are not signed here."
        case .targetRefused(let rule): "The return target was refused: \(rule)."
        case .badState: "The state of this login link is not one of ours."
        case .loginExpired: "This login link is unknown, has expired or was already used."
        case .otherAccount: "This login was started for another account."
        case .loginLoop:
            "Login was started several times without success: the browser may be refusing cookies, or WeChat the codes."
        case .loginFailed: "WeChat did not confirm the login."
        case .loginUnavailable: "WeChat cannot be reached at the moment, so login is not possible."
        case .tooManyLogins: "Too many logins were begun in the last minutes; please try again soon."
        case .notSignedIn(_, lacksConsent: false): "Nobody is signed in."
        case .notSignedIn(_, lacksConsent: true):
            "The visitor is signed in, but has not agreed to give the profile (userinfo)."
        case .badSignature: "The signature is not valid."
        case .badTicket: "The ticket is unknown, has expired, was redeemed before, or is not for this site."
        case .nonceMismatch: "The ticket belongs to a login that another browser began; it is spent now."
        case .ticketUnavailable: "There is no valid jsapi_ticket at the moment."
        case .tokenUnavailable: "There is no valid access_token at the moment."
        case .storeUnavailable: "The session store cannot be used at the moment."
        case .fileUnavailable: "This file cannot be read at the moment."
        case .internal: "Something went wrong here."
        }
    }

    /// The same for a Chinese reader of the error page.
    package var chineseMessage: String {
        switch self {
        case .missingParameter(let name): "缺少参数 \(name)。"
        case .badParameter(let name, _): "参数 \(name) 不正确。"
        case .malformed(isRepeated: true): "同一个参数只能出现一次。"
        case .malformed(isRepeated: false): "请求的路径、参数或请求头无法解析，或含义不唯一。"
        case .unknownAccount: "没有配置这个公众号。"
        case .unknownSite: "没有配置这个站点。"
        case .notFound: "这个地址没有内容。"
        case .methodNotAllowed: "此地址不支持该请求方法。"
        case .methodUnknown: "不支持该请求方法。"
        case .misdirected: "本服务器不响应该域名的请求。"
        case .foreignOrigin: "该来源的页面不能使用此地址。"
        case .unauthorizedAdmin: "缺少管理令牌，或令牌不正确。"
        case .unauthorizedSite: "站点名称或密钥缺失或不正确。"
        case .unsupportedMediaType(orForm: false): "请求体必须是 JSON。"
        case .unsupportedMediaType(orForm: true): "请求体必须是 JSON 或表单。"
        case .tooManyRequests: "当前网络的请求过多，请稍候，页面会自动重试。"
        case .urlNotAllowed(let parameter): "\(parameter) 的域名不在签名许可范围内。"
        case .targetRefused: "登录后的返回地址不被允许（中文等字符请先用 encodeURI 转义）。"
        case .badState: "登录链接无效。"
        case .loginExpired: "登录链接已失效或已被使用，请重新登录。"
        case .otherAccount: "此登录属于另一个公众号。"
        case .loginLoop: "多次尝试登录都没有成功：浏览器可能禁用了 Cookie，或者微信拒绝了授权 code。"
        case .loginFailed: "微信没有确认此次登录，请重试。"
        case .loginUnavailable: "暂时无法连接微信，请稍后再试。"
        case .tooManyLogins: "登录人数过多，请稍候，页面会自动重试。"
        case .notSignedIn(_, lacksConsent: false): "尚未登录。"
        case .notSignedIn(_, lacksConsent: true): "已登录，但尚未授权获取个人信息（userinfo）。"
        case .badSignature: "签名不正确。"
        case .badTicket: "登录票据无效、已过期、已被使用，或不属于该站点。"
        case .nonceMismatch: "该票据对应的登录由另一个浏览器发起，票据现已作废。"
        case .ticketUnavailable, .tokenUnavailable: "暂时无法从微信获取凭证，请稍后再试。"
        case .storeUnavailable: "会话存储暂时不可用，请稍后再试。"
        case .fileUnavailable: "暂时无法读取该文件，请稍后再试。"
        case .internal: "服务器内部出错。"
        }
    }

    /// What the person who operates or integrates Magpie can do about it.
    package var hint: String? {
        switch self {
        case .unknownAccount: "Check the account's name in the path or in account=."
        case .misdirected:
            "Pass the visitor's Host on (nginx: proxy_set_header Host $host), or add this host to hosts in the configuration."
        case .foreignOrigin(admitted: .ofAccount):
            "Add the origin's host to the account's jsDomains; where publicURL is https, its pages must be, too."
        case .foreignOrigin(admitted: .ofSite):
            "Only pages of publicURL itself may ask; let one of them send the request."
        case .foreignOrigin(admitted: .ofNobody):
            "This address is for programs, which send no Origin; in a browser open it by itself, not by a page's link."
        case .urlNotAllowed: "Add the URL's host to jsDomains, here and in WeChat's console (JS接口安全域名)."
        case .targetRefused:
            "Give a path such as /orders, or an https URL whose host is in returnDomains; with site=, one of that site."
        case .unknownSite: "Check site= against the names in sites of the configuration."
        case .unauthorizedSite:
            "Send Authorization: Basic with the site's name and secret, as they stand in sites of the configuration."
        case .badTicket: "Redeem a ticket once, within 60 seconds; else send the visitor to /redirect?site=… again."
        case .nonceMismatch: "Send as nonce what this browser's login was begun with, and none if it was begun without."
        case .badParameter("url", _): "Send encodeURIComponent(location.href.split('#')[0])."
        case .badParameter("entry", _): "Send the address that the visitor landed on, escaped as url is."
        case .badSignature: "Compare the Token in WeChat's console with token of the account in the configuration."
        case .loginLoop: "Allow cookies for this site, or open the page anew from WeChat."
        case .ticketUnavailable, .tokenUnavailable: "GET /status on the admin listener names WeChat's last error."
        default: nil
        }
    }

    /// Seconds after which another try makes sense.
    package var retryAfter: Int? {
        switch self {
        case .ticketUnavailable(let seconds), .tokenUnavailable(let seconds), .loginUnavailable(_, let seconds),
            .tooManyRequests(let seconds):
            seconds
        case .tooManyLogins: 10
        case .storeUnavailable, .fileUnavailable: 1
        default: nil
        }
    }

    /// Whether the very same request will do later. Its page tries by itself.
    package var passes: Bool {
        switch self {
        case .tooManyRequests, .tooManyLogins: true
        default: false
        }
    }

    /// Where an error page offers to try again, and where a program finds the login.
    package var loginPath: String? {
        switch self {
        case .notSignedIn(let login, _): login
        case .badState(let retry), .loginExpired(let retry), .loginLoop(let retry), .loginFailed(let retry),
            .loginUnavailable(let retry, _):
            retry
        default: nil
        }
    }
}
