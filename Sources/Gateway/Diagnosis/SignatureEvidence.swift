/// What a page had when its signature was refused: the body of `POST /diagnose/signature`.
struct SignatureEvidence: Decodable, Sendable {
    let appId: String
    let timestamp: String
    let nonceStr: String
    let signature: String
    let url: String
    /// The URLs WeChat's client verified against, from the error's `realAuthUrl`.
    let realAuthUrl: [String]
    let userAgent: String?

    private enum CodingKeys: String, CodingKey {
        case appId, timestamp, nonceStr, signature, url, realAuthUrl, userAgent
    }

    /// Pages send the timestamp as a number or a string, and one real URL or a list of them.
    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        appId = try fields.decode(String.self, forKey: .appId)
        if let number = try? fields.decode(Int.self, forKey: .timestamp) {
            timestamp = String(number)
        } else {
            timestamp = try fields.decode(String.self, forKey: .timestamp)
        }
        nonceStr = try fields.decode(String.self, forKey: .nonceStr)
        signature = try fields.decode(String.self, forKey: .signature)
        url = try fields.decode(String.self, forKey: .url)
        if let one = try? fields.decode(String.self, forKey: .realAuthUrl) {
            realAuthUrl = [one]
        } else {
            realAuthUrl = try fields.decodeIfPresent([String].self, forKey: .realAuthUrl) ?? []
        }
        userAgent = try fields.decodeIfPresent(String.self, forKey: .userAgent)
    }

    /// Nothing a page has is longer, and every variant of it is hashed.
    var isReasonable: Bool {
        [appId, timestamp, nonceStr, signature, url].allSatisfy { $0.utf8.count <= 4_096 } && realAuthUrl.count <= 8
            && realAuthUrl.allSatisfy { $0.utf8.count <= 4_096 }
    }
}
