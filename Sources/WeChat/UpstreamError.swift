/// Why a call to WeChat brought nothing usable.
public enum UpstreamError: Error, Hashable, Sendable {
    /// WeChat answered with an `errcode`.
    case refused(APIError)
    /// No reply came.
    case unreachable(FetchError)
    /// Something on the way answered in WeChat's place: WeChat itself always says 200. Treated as "busy".
    case intermediate(status: Int)
    /// A reply came that is not what WeChat's page describes.
    case unreadable(Unreadable)

    /// What to do about it.
    public var reaction: Reaction {
        if case .refused(let error) = self { error.reaction } else { .backOff }
    }

    /// What the operator can do about it.
    public var hint: Hint {
        switch self {
        case .refused(let error):
            error.hint
        case .unreachable(.tls):
            Hint(
                english: "The connection to WeChat is not secure: check the system's certificates, its clock, and what "
                    + "stands between this server and WeChat.",
                chinese: "与微信的 TLS 连接无法验证：请检查系统根证书、系统时间及中间代理。")
        case .unreachable:
            Hint(
                english: "WeChat's API host does not answer: check DNS, the firewall and the proxy of this server.",
                chinese: "无法访问微信接口：请检查服务器的 DNS、防火墙和代理。")
        case .intermediate, .unreadable:
            Hint(
                english: "Something between this server and WeChat answers in its place, or WeChat is disturbed.",
                chinese: "微信接口返回异常：请检查中间代理，或稍后再试。")
        }
    }

    /// WeChat, or something on the way, asks to come back later. A time-out is not among these: the call may have been
    /// acted on, and the time for it is spent.
    var isBusy: Bool {
        switch self {
        case .refused(let error): error.code == .systemBusy
        case .intermediate(let status): status == 200 || status == 429 || status >= 500
        case .unreachable, .unreadable: false
        }
    }

    /// Whether the network, or something on the way, is the trouble, and not WeChat.
    var isFromElsewhere: Bool {
        switch self {
        case .unreachable, .intermediate: true
        case .refused, .unreadable: false
        }
    }

    /// The least pause before the same question, in seconds.
    var pause: Double {
        if case .refused(let error) = self { error.guidance.pause } else { 0 }
    }
}

extension UpstreamError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .refused(let error): error.description
        case .unreachable(let error): error.description
        case .intermediate(let status): "something between this server and WeChat answered \(status)"
        case .unreadable(let problem): problem.description
        }
    }
}

/// WeChat's answer `{"errcode":…,"errmsg":…}`.
///
/// Nothing in it repeats what was sent: the message has been cleaned before it got here, so that it may be logged.
public struct APIError: Error, Hashable, Sendable {
    public let code: ErrorCode
    /// `errmsg` in printable characters, shortened, without anything that could be a secret, token, ticket or code.
    public let message: String
    /// WeChat's id of the request, which its support and `/cgi-bin/openapi/rid/get` understand.
    public let rid: String?
    /// The call that was answered so.
    public let operation: Operation
    /// For 40164 and its kin, the address that WeChat saw and did not accept.
    public let refusedAddress: String?

    init(code: ErrorCode, errmsg: String, operation: Operation, sent: [String]) {
        let redactor = Redactor(sent: sent)
        self.code = code
        self.operation = operation
        rid = Redactor.rid(in: errmsg)
        message = redactor.clean(errmsg)
        switch code {
        case .addressNotAllowed, .clientAddressNotRegistered, .addressNotRegistered:
            refusedAddress = Redactor.address(in: errmsg)
        default:
            refusedAddress = nil
        }
    }

    /// What to do about it, by WeChat's pages on return codes ("全局返回码说明").
    public var reaction: Reaction { guidance.reaction }

    /// What the operator can do; it names the refused address.
    public var hint: Hint {
        guard let refusedAddress else { return guidance.hint }
        return Hint(
            english: "\(guidance.hint.english) WeChat sees this server as \(refusedAddress).",
            chinese: "\(guidance.hint.chinese)微信看到的 IP 是 \(refusedAddress)。")
    }

    var guidance: Guidance { Guidance.for(code, from: operation) }
}

extension APIError: CustomStringConvertible {
    public var description: String {
        let rid = rid.map { " (rid \($0))" } ?? ""
        return "\(operation.rawValue) answered \(code) \(message)\(rid)"
    }
}
