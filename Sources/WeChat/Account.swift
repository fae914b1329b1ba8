package import Secure

/// One Official Account, test account or website application, as WeChat's console names it.
public struct Account: Sendable, Equatable {
    /// What the host program calls it; it appears in status and logs.
    public let name: String
    /// `wx` and 16 hexadecimal digits.
    public let appID: String
    /// Whether tokens come from `/cgi-bin/stable_token`. The older `/cgi-bin/token` makes every new token end the one
    /// before, also those of programs that are not ours; use it only where the stable one is refused.
    public let usesStableToken: Bool
    package let appSecret: Secret

    /// - Parameters:
    ///   - appID: The console's AppID (设置与开发 → 基本配置). An empty one is a programming error and traps.
    ///   - appSecret: The console's AppSecret. Held redacted; neither `print` nor a mirror shows it. Never empty.
    public init(name: String, appID: String, appSecret: String, usesStableToken: Bool = true) {
        self.init(name: name, appID: appID, appSecret: Secret(appSecret), usesStableToken: usesStableToken)
    }

    package init(name: String, appID: String, appSecret: Secret, usesStableToken: Bool = true) {
        precondition(!appID.isEmpty, "an account has an AppID")
        precondition(!appSecret.isEmpty, "an account has an AppSecret")
        self.name = name
        self.appID = appID
        self.appSecret = appSecret
        self.usesStableToken = usesStableToken
    }
}
