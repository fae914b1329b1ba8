import Wire

/// Scheme, host and port of a site (RFC 6454): what `publicURL` and the upstreams are, and nothing behind it.
///
/// The routes' paths are fixed and cookies belong to a whole host, so a path has no place in a configuration.
package struct Origin: Hashable, Sendable, CustomStringConvertible {
    package let isSecure: Bool
    /// In lower case; an IPv6 address in its brackets.
    package let host: String
    /// Nil for the scheme's own.
    package let port: UInt16?

    package static let wechatAPI = Origin(isSecure: true, host: "api.weixin.qq.com", port: nil)
    package static let wechatOpen = Origin(isSecure: true, host: "open.weixin.qq.com", port: nil)

    /// Ready for a path to follow: `https://h5.example.com`.
    package var description: String { "\(scheme)://\(authority)" }
    package var scheme: String { isSecure ? "https" : "http" }
    package var authority: String { port.map { "\(host):\($0)" } ?? host }
    package var isLoopback: Bool { Domain.isLoopback(host) }

    package init(isSecure: Bool, host: String, port: UInt16?) {
        self.isSecure = isSecure
        self.host = host
        self.port = port == (isSecure ? 443 : 80) ? nil : port
    }

    /// Nil unless the text is an http or https URL without user name, path, query and fragment.
    package init?(_ text: String) {
        guard let origin = try? Origin(checking: text) else { return nil }
        self = origin
    }

    /// Whether the bytes are an http or https origin exactly as browsers write it (RFC 6454 §6.2), and of a host that
    /// `isGood` takes. Every call of a page's script to another host brings one, and no string is made of it.
    static func isSerialized(
        _ bytes: Span<UInt8>, where isGood: (_ isSecure: Bool, _ host: Span<UInt8>) -> Bool
    ) -> Bool {
        let isSecure = bytes.isPrefixed(by: "https://")
        guard isSecure || bytes.isPrefixed(by: "http://") else { return false }
        let rest = bytes.extracting((isSecure ? 8 : 7)...)
        // The scheme's own port is never written.
        let unwritten: UInt16 = isSecure ? 443 : 80
        if let plain = Authority.plainHostLength(rest) {
            return plain.port != unwritten && isGood(isSecure, rest.extracting(..<plain.length))
        }
        guard let authority = Authority(rest), authority.isSpelled(rest, inAnyCase: false) else { return false }
        return authority.port != unwritten && isGood(isSecure, authority.host.utf8Span.span)
    }

    init(checking text: String) throws(Objection) {
        let expected = #"a scheme and a host, such as "https://h5.example.com""#
        let lowered = text.lowercased()
        let isSecure = lowered.hasPrefix("https://")
        guard isSecure || lowered.hasPrefix("http://") else {
            let reason = text.contains("://") ? "is neither http nor https" : "lacks its scheme"
            throw Objection("\(quoted(text)) \(reason)", expected: expected)
        }
        let rest = lowered.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { !"/?#".contains($0) }
        guard let parsed = Authority(String(authority)) else {
            throw Objection("\(quoted(text)) names no proper host", expected: expected)
        }
        guard rest.dropFirst(authority.count).isEmpty || rest.dropFirst(authority.count) == "/" else {
            throw Objection("\(quoted(text)) carries more than scheme and host", expected: expected)
        }
        self.init(isSecure: isSecure, host: parsed.host, port: parsed.port)
    }

    /// Calls of the API carry the AppSecret, so plain http is for a sandbox on this machine alone.
    static func upstream(_ text: String) throws(Objection) -> Origin {
        let origin = try Origin(checking: text)
        guard origin.isSecure || origin.isLoopback else {
            throw Objection("\(quoted(text)) would send the AppSecret in the clear", expected: "https")
        }
        return origin
    }
}
