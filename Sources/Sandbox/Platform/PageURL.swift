/// The address of a page, cut into the pieces that the domain rules speak of and that people get wrong when they sign.
///
/// It takes apart and never judges: `http://mp.weixin.qq.com?params=value`, the documentation's own example, has no path.
struct PageURL: Equatable, Sendable {
    let scheme: String
    let host: String
    let port: String?
    /// From the first `/`, `?` or `#` on.
    let rest: String

    /// `nil` unless it is an http or https address with a host and no user.
    init?(_ text: String) {
        guard let colon = text.firstRange(of: "://") else { return nil }
        scheme = text[..<colon.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let afterScheme = text[colon.upperBound...]
        let end = afterScheme.firstIndex { "/?#\\".contains($0) } ?? afterScheme.endIndex
        let authority = afterScheme[..<end]
        rest = String(afterScheme[end...])
        guard !authority.contains("@"), !authority.contains("%") else { return nil }
        // An IPv6 address holds colons of its own, inside brackets.
        let bracket = authority.lastIndex(of: "]") ?? authority.startIndex
        if let portColon = authority[bracket...].lastIndex(of: ":") {
            host = authority[..<portColon].lowercased()
            let digits = String(authority[authority.index(after: portColon)...])
            guard !digits.isEmpty, digits.allSatisfy({ "0"..."9" ~= $0 }) else { return nil }
            port = digits
        } else {
            host = authority.lowercased()
            port = nil
        }
        guard !host.isEmpty else { return nil }
    }

    var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]" || isIPv4Loopback
    }

    private var isIPv4Loopback: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Whether a JS interface safe domain covers this host: itself and its sub-domains.
    func isCovered(by domains: [String]) -> Bool {
        domains.contains { domain in
            let domain = domain.lowercased()
            return host == domain || host.hasSuffix("." + domain)
        }
    }

    static func withoutFragment(_ text: String) -> String {
        String(text.prefix { $0 != "#" })
    }
}
