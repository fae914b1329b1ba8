/// The calls to WeChat that a request of a visitor can lead to.
package enum PlatformCall: String, CaseIterable, Sendable {
    case stableToken
    case token
    case ticket
    case exchange
    /// At the end of the login.
    case profile
    /// For a session that was opened without one.
    case lateProfile
    /// Before that, when the grant is two hours old.
    case refresh

    package var path: String {
        switch self {
        case .stableToken: "/cgi-bin/stable_token"
        case .token: "/cgi-bin/token"
        case .ticket: "/cgi-bin/ticket/getticket"
        case .exchange: "/sns/oauth2/access_token"
        case .profile, .lateProfile: "/sns/userinfo"
        case .refresh: "/sns/oauth2/refresh_token"
        }
    }

    /// Whether it serves signatures, and not one visitor.
    package var isKeepers: Bool { [.stableToken, .token, .ticket].contains(self) }
}
