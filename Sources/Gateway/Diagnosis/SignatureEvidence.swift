import Wire

/// What a page had when its signature was refused: the body of `POST /diagnose/signature`.
package struct SignatureEvidence: Codable, Sendable, Equatable {
    package var appId: String
    package var timestamp: String
    package var nonceStr: String
    package var signature: String
    /// The page, as `location.href` has it.
    package var url: String
    /// The URLs WeChat's client verified against, from the error's `realAuthUrl`.
    package var realAuthUrl: [String] = []
    /// The URL of the last full page load, where a router has changed it since.
    package var entryUrl: String?
    package var userAgent: String?

    package init(appId: String, timestamp: String, nonceStr: String, signature: String, url: String) {
        self.appId = appId
        self.timestamp = timestamp
        self.nonceStr = nonceStr
        self.signature = signature
        self.url = url
    }

    private enum CodingKeys: String, CodingKey {
        case appId, timestamp, nonceStr, signature, url, realAuthUrl, entryUrl, userAgent
    }

    /// Pages send the timestamp as a number or a string, and one real URL or a list of them.
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        appId = try fields.decode(String.self, forKey: .appId)
        if let number = try? fields.decode(Int.self, forKey: .timestamp) {
            timestamp = String(number)
        } else if let number = try? fields.decode(Double.self, forKey: .timestamp) {
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
        entryUrl = try fields.decodeIfPresent(String.self, forKey: .entryUrl)
        userAgent = try fields.decodeIfPresent(String.self, forKey: .userAgent)
    }

    /// Nothing a page has is longer, and every variant of it is hashed.
    package var isReasonable: Bool {
        let texts = [appId, timestamp, nonceStr, signature, url, entryUrl ?? "", userAgent ?? ""] + realAuthUrl
        return realAuthUrl.count <= 8 && texts.allSatisfy { $0.utf8.count <= Self.longest }
    }

    package static let longest = 4_096

    // MARK: - What WeChat verifies

    /// WeChat on iOS goes by the URL of the last full page load. Its developer tools name themselves an iPhone and do not.
    var isIOS: Bool {
        let agent = (userAgent ?? "").lowercased()
        return ["iphone", "ipad", "ipod"].contains { agent.contains($0) } && !agent.contains("wechatdevtools")
    }

    /// The URLs a signature should have been made for: what WeChat's client says it verified, or else what it would.
    var verifiedURLs: [String] {
        let told = realAuthUrl.filter { !$0.isEmpty }
        if !told.isEmpty { return told.map(Self.asOpened) }
        return [Self.asOpened(isIOS ? entryUrl ?? url : url)]
    }

    /// A URL as the browser that opened it shows it, however it was written down: decoded if it was handed over encoded,
    /// with `%` escapes for what URLs cannot hold and a slash after a bare host.
    static func asOpened(_ text: String) -> String {
        var url = text.trimmingPrefix(while: \.isWhitespace)
        while let last = url.last, last.isWhitespace { url.removeLast() }
        if !isAbsolute(url), let decoded = try? PercentCoding.decode(String(url)) {
            let once = isAbsolute(decoded[...]) ? decoded : (try? PercentCoding.decode(decoded)) ?? decoded
            if isAbsolute(once[...]) { url = once[...] }
        }
        let escaped = escapingForeign(String(url))
        return URLVariant.slashAfterHost(escaped) ?? escaped
    }

    private static func isAbsolute(_ url: Substring) -> Bool {
        url.hasPrefix("http://") || url.hasPrefix("https://")
    }

    private static func escapingForeign(_ url: String) -> String {
        var result = ""
        for scalar in url.unicodeScalars {
            if (0x21...0x7E).contains(scalar.value) {
                result.unicodeScalars.append(scalar)
            } else {
                result += PercentCoding.encodeComponent(String(scalar))
            }
        }
        return result
    }
}
