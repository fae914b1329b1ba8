/// An absolute http or https URL, strictly read: what is accepted means the same to every browser and library.
///
/// Refused are user information, control bytes, spaces, backslashes and bytes beyond ASCII, wherever they stand: each has
/// been a way to make one reader see another host. Dot segments are left as they are.
package struct WebURL: Hashable, Sendable {
    package enum Scheme: String, Sendable {
        case http
        case https

        package var defaultPort: UInt16 { self == .https ? 443 : 80 }
    }

    package let scheme: Scheme
    package let authority: Authority
    /// Percent-encoded as it came; "/" when the URL had none.
    package let path: String
    /// Without its "?"; nil when there is none.
    package let query: String?
    /// Without its "#"; nil when there is none.
    package let fragment: String?

    package var host: String { authority.host }

    /// The port that a connection is made to.
    package var port: UInt16 { authority.port ?? scheme.defaultPort }

    /// Scheme, host and port as an `Origin` field has them: the port only when it is not the scheme's own.
    package var origin: String {
        port == scheme.defaultPort ? "\(scheme.rawValue)://\(host)" : "\(scheme.rawValue)://\(host):\(port)"
    }

    /// Path and query, as a request line has them.
    package var target: String { query.map { "\(path)?\($0)" } ?? path }

    /// Throws `.badURL`.
    package init(_ text: String) throws(WireError) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else { throw .badURL }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")),
            let scheme = Scheme(rawValue: String(text[..<colon]).asciiLowercased),
            text[colon...].hasPrefix("://")
        else { throw .badURL }
        let rest = text[text.utf8.index(colon, offsetBy: 3)...]

        let authorityEnd = Self.first(of: "/?#", in: rest)
        let host = rest[..<authorityEnd]
        // `Authority` forgives an empty port and a last dot in `Host`, which only a machine writes.
        guard !host.hasSuffix(":"), !host.hasSuffix("."), !host.contains(".:"), let authority = Authority(String(host))
        else { throw .badURL }

        let pathEnd = Self.first(of: "?#", in: rest[authorityEnd...])
        let queryEnd = Self.first(of: "#", in: rest[pathEnd...])
        let path = rest[authorityEnd..<pathEnd]
        guard path.utf8.allSatisfy({ Self.pathBytes.contains($0) }), Self.hasValidEscapes(path) else { throw .badURL }

        self.scheme = scheme
        self.authority = authority
        self.path = path.isEmpty ? "/" : String(path)
        query = pathEnd < queryEnd ? String(rest[pathEnd..<queryEnd].dropFirst()) : nil
        fragment = queryEnd < rest.endIndex ? String(rest[queryEnd...].dropFirst()) : nil
        guard query?.utf8.allSatisfy({ Self.queryBytes.contains($0) }) ?? true else { throw .badURL }
    }

    /// What browsers leave as it is in a path, and in a query (WHATWG URL): more than RFC 3986 allows, because a page's
    /// own URL has to be read as its browser shows it. For the same reason a lone "%" passes in a query.
    private static let pathBytes = ByteSet.path.union("%[]|")
    private static let queryBytes = ByteSet.query.union("%")

    private static func first(of stops: StaticString, in text: Substring) -> Substring.Index {
        stops.withUTF8Buffer { stops in text.utf8.firstIndex { stops.contains($0) } } ?? text.endIndex
    }

    private static func hasValidEscapes(_ text: Substring) -> Bool {
        text.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false).dropFirst().allSatisfy {
            $0.count >= 2 && $0.prefix(2).allSatisfy { $0.hexadecimalValue != nil }
        }
    }
}

extension WebURL: CustomStringConvertible {
    /// Without query and fragment, which carry codes and tokens: fit for a log line.
    package var description: String { origin + path }
}
