/// The host and port of a `Host` field or of a URL (RFC 9112 §3.2, RFC 3986 §3.2), without user information.
package struct Authority: Hashable, Sendable {
    /// In lower case: letters, digits, hyphens and dots, or an IPv6 address in its brackets.
    package let host: String
    package let port: UInt16?

    /// Refuses an empty host, bad labels, user information, escapes and a port that is no number from 1 to 65535.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 260 else { return nil }
        var rest = text[...]
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let inner = String(text[text.index(after: text.startIndex)..<end])
            guard inner.contains(":"), IPAddress(inner) != nil else { return nil }
            host = "[\(inner.asciiLowercased)]"
            rest = text[text.index(after: end)...]
        } else {
            let end = text.firstIndex(of: ":") ?? text.endIndex
            guard Self.isName(text[..<end]) else { return nil }
            host = String(text[..<end]).asciiLowercased
            rest = text[end...]
        }
        guard let colon = rest.first else {
            port = nil
            return
        }
        let digits = rest.dropFirst()
        guard colon == ":", (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy(\.isDigit),
            let number = UInt16(digits), number > 0
        else { return nil }
        port = number
    }

    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.init(String(decoding: bytes, as: UTF8.self))
    }

    package init?(host: String, port: UInt16?) {
        self.init(port.map { "\(host):\($0)" } ?? host)
    }

    /// Labels of letters, digits and inner hyphens, joined by single dots; underscores as inner networks use them.
    private static func isName(_ name: Substring) -> Bool {
        guard !name.isEmpty, name.utf8.count <= 253 else { return false }
        return name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
                && label.allSatisfy { byte in
                    byte.isDigit || (0x61...0x7A).contains(byte.lowercased) || byte == UInt8(ascii: "-")
                        || byte == UInt8(ascii: "_")
                }
        }
    }

    /// The host as an address, when it is one.
    package var address: IPAddress? {
        IPAddress(host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host)
    }
}

extension Authority: CustomStringConvertible {
    package var description: String { port.map { "\(host):\($0)" } ?? host }
}
