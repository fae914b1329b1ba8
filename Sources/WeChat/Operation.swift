/// The calls this room makes. Which call a code answers decides what the code means.
public enum Operation: String, Sendable, CaseIterable, Codable {
    case token = "/cgi-bin/token"
    case stableToken = "/cgi-bin/stable_token"
    case ticket = "/cgi-bin/ticket/getticket"
    case exchange = "/sns/oauth2/access_token"
    case refreshGrant = "/sns/oauth2/refresh_token"
    case profile = "/sns/userinfo"
    case checkGrant = "/sns/auth"
    case follower = "/cgi-bin/user/info"

    /// Whether the call may be made again when WeChat says it is busy. A code can be exchanged once: the first try may
    /// have spent it.
    var isRepeatable: Bool { self != .exchange }

    /// `/sns/*` runs on a visitor's grant, everything else on the account's own credentials.
    var usesGrant: Bool {
        switch self {
        case .exchange, .refreshGrant, .profile, .checkGrant: true
        case .token, .stableToken, .ticket, .follower: false
        }
    }
}
