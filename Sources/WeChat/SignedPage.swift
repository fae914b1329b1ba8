/// What a page needs for `wx.config`, under the names that wechat-jssdk's clients know.
public struct SignedPage: Sendable, Equatable, Codable {
    public let appID: String
    /// 16 letters and digits.
    public let nonce: String
    /// Seconds since 1970, a text in JSON.
    public let timestamp: String
    /// 40 hexadecimal digits.
    public let signature: String
    /// The URL that was signed, without its fragment.
    public let url: String

    private enum CodingKeys: String, CodingKey {
        case appID = "appId"
        case nonce = "nonceStr"
        case timestamp
        case signature
        case url
    }
}
