import Wire

/// A host name as WeChat's console knows it, such as `h5.example.com`: no scheme, port, path or wildcard.
package struct Domain: Hashable, Sendable, CustomStringConvertible {
    /// Spelled as `Authority.host` spells it: lower case, an IPv6 address in its brackets.
    package let name: String
    /// An address has no sub-domains.
    let isAddress: Bool

    package var description: String { name }

    /// The names a browser on the developer's own machine uses.
    package var isLoopback: Bool { Self.isLoopback(name) }

    package static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host.hasSuffix(".localhost") || address(host)?.isLoopback == true
    }

    /// The host itself or one of its sub-domains, as WeChat's JS-SDK domain list means it.
    package func covers(_ host: String) -> Bool { CoveredHosts(of: [self]).contains(host.utf8Span.span) }

    private static func address(_ host: String) -> IPAddress? {
        IPAddress(host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host)
    }

    private static let expected = "a host name alone, such as \"h5.example.com\""

    /// Nil unless a configuration could hold the name in `jsDomains`.
    package init?(_ text: String) {
        guard let domain = try? Domain(public: text) else { return nil }
        self = domain
    }

    /// A public name. Addresses are refused, for WeChat takes none, unless they are the loopback's.
    init(public text: String) throws(Objection) {
        let host = try Self.host(text)
        name = host
        isAddress = Self.address(host) != nil
        if Self.isLoopback(host) { return }
        if isAddress || Self.isNumeric(host) {
            throw Objection("\(quoted(text)) is an address", expected: "a host name: WeChat knows no addresses")
        }
        if !host.contains(".") {
            throw Objection("\(quoted(text)) is not a public name", expected: Self.expected)
        }
    }

    /// Any name a request's `Host` may carry: addresses and single labels of an inner network too.
    init(host text: String) throws(Objection) {
        let host = try Self.host(text)
        name = host
        isAddress = Self.address(host) != nil
        if Self.isNumeric(host), !isAddress {
            throw Objection("\(quoted(text)) is not a host name", expected: Self.expected)
        }
    }

    private static func host(_ text: String) throws(Objection) -> String {
        if text.isEmpty { throw Objection("is empty", expected: expected) }
        if text.contains("://") { throw Objection("\(quoted(text)) carries a scheme", expected: expected) }
        if text.contains("*") {
            throw Objection("\(quoted(text)) holds a wildcard", expected: "each name spelled out")
        }
        if text.contains("@") { throw Objection("\(quoted(text)) carries a user name", expected: expected) }
        if text.contains(where: { "/?#\\".contains($0) }) {
            throw Objection("\(quoted(text)) carries a path", expected: expected)
        }
        if !text.utf8.allSatisfy({ $0 < 0x80 }) {
            throw Objection("\(quoted(text)) is not ASCII", expected: "its form in ASCII, beginning with \"xn--\"")
        }
        let bare = text.lowercased()
        if let address = address(bare) { return address.isVersion4 ? address.description : "[\(address)]" }
        if bare.contains(":") {
            throw Objection("\(quoted(text)) carries a port", expected: "the name without the port")
        }
        guard bare.utf8.count <= 253, bare.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
        else { throw Objection("\(quoted(text)) is not a host name", expected: expected) }
        return bare
    }

    /// Letters, digits and inner hyphens, 1 to 63 bytes (RFC 1123 §2.1).
    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// A last label of digits or of `0x…` makes a browser read the whole as an address (WHATWG URL §3.5).
    private static func isNumeric(_ host: String) -> Bool {
        guard let last = host.split(separator: ".").last else { return false }
        return last.allSatisfy(\.isNumber) || last.hasPrefix("0x")
    }
}
