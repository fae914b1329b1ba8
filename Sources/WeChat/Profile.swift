/// What `/sns/userinfo` tells of a visitor, its texts made fit to be shown ("拉取用户信息").
///
/// Since 2021-10-20 WeChat sends sex 0 and empty regions.
public struct Profile: Sendable, Equatable, Codable {
    public let openID: String
    public let unionID: String?
    /// Without control characters and direction marks; at most 128 characters.
    public let nickname: String?
    /// http or https; `nil` when the visitor has none. A changed avatar kills the old address.
    public let avatarURL: String?
    /// 0 unknown, 1 male, 2 female.
    public let sex: Int
    public let language: String?
    public let country: String?
    public let province: String?
    public let city: String?
    public let privileges: [String]

    /// As it was stored.
    package init(
        openID: String, unionID: String?, nickname: String?, avatarURL: String?, sex: Int, language: String?,
        country: String?, province: String?, city: String?, privileges: [String]
    ) {
        self.openID = openID
        self.unionID = unionID
        self.nickname = nickname
        self.avatarURL = avatarURL
        self.sex = sex
        self.language = language
        self.country = country
        self.province = province
        self.city = city
        self.privileges = privileges
    }

    private enum CodingKeys: String, CodingKey {
        case openID = "openid"
        case unionID = "unionid"
        case nickname
        case avatarURL = "headimgurl"
        case sex
        case language
        case country
        case province
        case city
        case privileges = "privilege"
    }
}

extension Profile {
    init(_ reply: ReplyBody) throws(Unreadable) {
        openID = try reply.identifier("openid")
        unionID = reply.text("unionid") == nil ? nil : try reply.identifier("unionid")
        nickname = PlainText.clean(reply.text("nickname"))
        avatarURL = reply.text("headimgurl").flatMap(Self.address)
        let sex = reply.integer("sex") ?? 0
        self.sex = (0...2).contains(sex) ? sex : 0
        language = PlainText.clean(reply.text("language"), longest: 16)
        country = PlainText.clean(reply.text("country"))
        province = PlainText.clean(reply.text("province"))
        city = PlainText.clean(reply.text("city"))
        privileges = reply.list("privilege").prefix(32).compactMap { PlainText.clean($0, longest: 64) }
    }

    /// The address, if a page may show it as an image: a stranger's `javascript:` or a quote is none.
    private static func address(_ text: String) -> String? {
        let isWeb = text.hasPrefix("https://") || text.hasPrefix("http://")
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && !#""'<>\`"#.utf8.contains($0) }
        return isWeb && isPlain && text.utf8.count <= 1024 ? text : nil
    }
}
