/// A host and perhaps a port, as `Host` and absolute URLs write them (RFC 9110 §7.2, RFC 3986 §3.2), strictly checked.
package struct Authority: Hashable, Sendable {
    /// In lower case: a name, an IPv4 address, or an IPv6 address in its brackets.
    package let host: String
    package let port: UInt16?

    /// Refuses user information, escapes, empty or long labels, and whatever a resolver might take for an odd IPv4
    /// address (`127.1`, `0x7f000001`). A single dot at the end is dropped; an empty port is no port (RFC 3986 §3.2.3).
    package init?(_ text: String) {
        self.init(text.utf8Span.span)
    }

    package init?(_ bytes: Span<UInt8>) {
        guard let authority = bytes.withUnsafeBufferPointer({ Authority($0) }) else { return nil }
        self = authority
    }

    private init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        let hostEnd: Int
        if bytes.first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), bytes[..<close].contains(UInt8(ascii: ":")),
                let address = IPAddress(String(decoding: bytes[1..<close], as: UTF8.self))
            else { return nil }
            host = address.isVersion4 ? address.description : "[\(address)]"
            hostEnd = close + 1
        } else {
            hostEnd = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
            guard let name = Self.name(bytes[..<hostEnd]) else { return nil }
            host = name
        }
        guard hostEnd + 1 < bytes.count else {
            // Nothing, or a colon with nothing after it.
            guard hostEnd == bytes.count || bytes[hostEnd] == UInt8(ascii: ":") else { return nil }
            port = nil
            return
        }
        let digits = bytes[(hostEnd + 1)...]
        guard bytes[hostEnd] == UInt8(ascii: ":"), digits.count <= 5, digits.allSatisfy(\.isDigit),
            let number = UInt16(exactly: digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }), number > 0
        else { return nil }
        port = number
    }

    /// Whether the bytes are `description`: an authority has other spellings, with a dot or a colon at its end, zeros
    /// before its port, or a long form of its address.
    package func isSpelled(_ bytes: Span<UInt8>, inAnyCase: Bool = true) -> Bool {
        let spelling = port == nil ? host : description
        let span = spelling.utf8Span.span
        return inAnyCase ? bytes.isEqualIgnoringCase(span) : bytes.isEqual(to: span)
    }

    package init?(host: String, port: UInt16?) {
        guard let authority = Authority(host), authority.port == nil else { return nil }
        self.host = authority.host
        self.port = port
    }

    /// The host as an address, when it is one rather than a name.
    package var address: IPAddress? {
        IPAddress(host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host)
    }

    /// RFC 1123 §2.1: labels of at most 63 letters, digits and inner hyphens, 253 characters in all; underscores too,
    /// which the names of containers have.
    private static func name(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> String? {
        let name = bytes.last == UInt8(ascii: ".") ? bytes.dropLast() : bytes
        guard (1...253).contains(name.count) else { return nil }
        var labelStart = name.startIndex
        var previous = UInt8(ascii: ".")
        var hasUpperCase = false
        for index in name.indices {
            let byte = name[index]
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): break
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): hasUpperCase = true
            case UInt8(ascii: "-"): guard previous != UInt8(ascii: ".") else { return nil }
            case UInt8(ascii: "."):
                guard previous != UInt8(ascii: "."), previous != UInt8(ascii: "-"), index - labelStart <= 63 else {
                    return nil
                }
                labelStart = index + 1
            default: return nil
            }
            previous = byte
        }
        let last = name[labelStart...]
        guard (1...63).contains(last.count), previous != UInt8(ascii: "-") else { return nil }
        let text =
            hasUpperCase
            ? String(decoding: name.map(\.lowercased), as: UTF8.self) : String(decoding: name, as: UTF8.self)
        guard !looksNumeric(last) || (name.count == bytes.count && IPAddress(text) != nil) else { return nil }
        return text
    }

    /// WHATWG URL, "ends in a number": such a name is an IPv4 address to a browser, or nothing.
    private static func looksNumeric(_ label: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        if label.allSatisfy(\.isDigit) { return true }
        guard label.first == UInt8(ascii: "0"), label.dropFirst().first?.lowercased == UInt8(ascii: "x") else {
            return false
        }
        return label.dropFirst(2).allSatisfy { $0.hexadecimalValue != nil }
    }
}

extension Authority: CustomStringConvertible {
    package var description: String { port.map { "\(host):\($0)" } ?? host }
}
