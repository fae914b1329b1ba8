import TestSupport

extension PlatformCall {
    /// What a field must be for the reply to be used.
    enum Demand: Sendable {
        /// A token: visible ASCII.
        case credential
        /// An openid or unionid.
        case identifier
        /// Anything, or nothing: it is understood as far as it can be.
        case none
    }

    struct Field: Sendable {
        let name: String
        /// As JSON.
        let value: String
        var demand = Demand.none
        var isRequired = false
    }

    /// WeChat's good reply, field by field.
    var reply: [Field] {
        switch self {
        case .stableToken, .token:
            [
                Field(name: "access_token", value: #""ACCESS_TOKEN_CANARY""#, demand: .credential, isRequired: true),
                Field(name: "expires_in", value: "7200"),
            ]
        case .ticket:
            [
                Field(name: "errcode", value: "0"), Field(name: "errmsg", value: #""ok""#),
                Field(name: "ticket", value: #""TICKET_CANARY""#, demand: .credential, isRequired: true),
                Field(name: "expires_in", value: "7200"),
            ]
        case .exchange, .refresh:
            [
                Field(name: "access_token", value: #""SNS_TOKEN_CANARY""#, demand: .credential, isRequired: true),
                Field(name: "expires_in", value: "7200"),
                Field(name: "refresh_token", value: #""REFRESH_CANARY""#, demand: .credential),
                Field(name: "openid", value: "\"\(Self.visitor)\"", demand: .identifier, isRequired: true),
                Field(name: "unionid", value: #""oUnion-_0000000000000000001""#, demand: .identifier),
                Field(name: "scope", value: #""snsapi_userinfo""#),
            ]
        case .profile, .lateProfile:
            [
                Field(name: "openid", value: "\"\(Self.visitor)\"", demand: .identifier, isRequired: true),
                Field(name: "nickname", value: #""小鹊""#), Field(name: "sex", value: "0"),
                Field(name: "headimgurl", value: #""https:\/\/thirdwx.qlogo.cn\/mmopen\/vi_32\/x\/132""#),
                Field(name: "unionid", value: #""oUnion-_0000000000000000001""#, demand: .identifier),
                Field(name: "privilege", value: "[]"),
            ]
        }
    }

    /// What nobody may see of the call itself.
    var sent: [String] {
        switch self {
        case .stableToken, .token: ["APPSECRET_CANARY_main"]
        case .ticket: ["ACCESS_TOKEN_CANARY"]
        case .exchange: ["APPSECRET_CANARY_main", Self.code]
        case .profile, .lateProfile: ["SNS_TOKEN_CANARY"]
        case .refresh: ["REFRESH_CANARY"]
        }
    }

    static let code = "CODE_CANARY_0001"
    static let visitor = "oVisitor-_000000000000000001"
}
