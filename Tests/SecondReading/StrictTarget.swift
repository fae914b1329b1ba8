import Glibc

/// RFC 9112 §3.2: the four forms of a target.
struct StrictTarget {
    var path = ""
    var query = ""
    var authority: StrictAuthority?

    init?(_ bytes: [UInt8], method: String) {
        if method == "CONNECT" {
            // authority-form; RFC 9110 §9.3.6: the port is obligatory.
            guard let named = StrictAuthority(bytes), named.port != nil else { return nil }
            (path, authority) = ("*", named)
        } else if bytes == [42] {
            guard method == "OPTIONS" else { return nil }
            path = "*"
        } else if bytes.first == 47 {
            guard readPath(bytes) else { return nil }
        } else {
            // absolute-form; own: of the two schemes that lead here.
            let text = StrictGrammar.lowered(bytes)
            guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else { return nil }
            let rest = Array(bytes[scheme.utf8.count...])
            let host = Array(rest.prefix { $0 != 47 && $0 != 63 })
            guard let named = StrictAuthority(host) else { return nil }
            authority = named
            if rest.count == host.count, method == "OPTIONS" {
                path = "*"
            } else {
                guard readPath(Array(rest[host.count...])) else { return nil }
                if path.isEmpty { path = "/" }
            }
        }
    }

    /// `absolute-path [ "?" query ]`, where the path may be empty after an authority.
    private mutating func readPath(_ bytes: [UInt8]) -> Bool {
        let first = Array(bytes.prefix { $0 != 63 })
        let second = Array(bytes.dropFirst(first.count + 1))
        (path, query) = (StrictGrammar.text(first), StrictGrammar.text(second))
        return Self.isEncoded(first, Self.pathMarks) && Self.isEncoded(second, Self.queryMarks)
    }

    /// RFC 3986 §3.3 `pchar` and "/".
    private static let pathMarks = Set("-._~!$&'()*+,;=:@/".utf8)
    /// §3.4. own: and what browsers leave as it is in a query.
    private static let queryMarks = pathMarks.union("?[]\\^`{|}".utf8)

    private static func isEncoded(_ bytes: [UInt8], _ marks: Set<UInt8>) -> Bool {
        var escape = 0
        for byte in bytes {
            if escape > 0 {
                guard StrictGrammar.isHexadecimal(byte) else { return false }
                escape -= 1
            } else if byte == 37 {
                escape = 2
            } else if !StrictGrammar.isAlphanumeric(byte), !marks.contains(byte) {
                return false
            }
        }
        return escape == 0
    }
}

/// `uri-host [ ":" port ]` of RFC 9110 §7.2. own: a name is one of RFC 1123 (with "_"), never user information or an
/// escape, and what looks like a number is an IPv4 address in four decimal parts.
package struct StrictAuthority: Hashable, Sendable {
    /// A name in lower case, or an address as hexadecimal digits.
    package let host: String
    package let port: Int?

    package init?(_ bytes: [UInt8]) {
        let text = StrictGrammar.lowered(bytes)
        guard bytes.allSatisfy({ $0 < 128 }) else { return nil }
        let hostText: Substring
        if text.hasPrefix("[") {
            guard let close = text.firstIndex(of: "]") else { return nil }
            hostText = text[...close]
        } else {
            hostText = text.prefix { $0 != ":" }
        }
        var rest = text[hostText.endIndex...]
        guard let host = Self.host(String(hostText)), rest.isEmpty || rest.hasPrefix(":") else { return nil }
        self.host = host
        rest = rest.dropFirst()
        // RFC 3986 §3.2.3: an empty port is no port.
        guard !rest.isEmpty else {
            port = nil
            return
        }
        guard rest.utf8.count <= 5, rest.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(rest),
            (1...65535).contains(number)
        else { return nil }
        port = number
    }

    private static func host(_ text: String) -> String? {
        if text.hasPrefix("[") { return address6(String(text.dropFirst().dropLast())) }
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel), let last = labels.last else { return nil }
        if last.utf8.allSatisfy({ (48...57).contains($0) })
            || (last.hasPrefix("0x") && last.dropFirst(2).utf8.allSatisfy(StrictGrammar.isHexadecimal))
        {
            return name == text ? address4(text) : nil
        }
        return name
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { StrictGrammar.isAlphanumeric($0) || $0 == 45 || $0 == 95 }
    }

    private static func address4(_ text: String) -> String? {
        var address = in_addr()
        guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
        return withUnsafeBytes(of: address, hexadecimal)
    }

    /// An IPv4 address in the clothes of IPv6 is that IPv4 address.
    private static func address6(_ text: String) -> String? {
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        let digits = withUnsafeBytes(of: address, hexadecimal)
        let mapped = String(repeating: "0", count: 20) + "ffff"
        return digits.hasPrefix(mapped) ? String(digits.dropFirst(mapped.count)) : digits
    }

    private static func hexadecimal(_ bytes: UnsafeRawBufferPointer) -> String {
        bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
    }
}
