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
        let hostEnd: Int
        if bytes.count > 0, bytes[0] == UInt8(ascii: "[") {
            let close = bytes.first(UInt8(ascii: "]"), in: bytes.indices)
            let inside = bytes.extracting(min(1, close)..<close)
            guard close < bytes.count, inside.first(UInt8(ascii: ":"), in: inside.indices) < inside.count,
                let address = IPAddress(inside.text)
            else { return nil }
            host = address.isVersion4 ? address.description : "[\(address)]"
            hostEnd = close + 1
        } else {
            hostEnd = bytes.first(UInt8(ascii: ":"), in: bytes.indices)
            guard let name = Self.name(bytes.extracting(..<hostEnd)) else { return nil }
            host = name
        }
        guard hostEnd + 1 < bytes.count else {
            // Nothing, or a colon with nothing after it.
            guard hostEnd == bytes.count || bytes[hostEnd] == UInt8(ascii: ":") else { return nil }
            port = nil
            return
        }
        let digits = bytes.extracting((hostEnd + 1)...)
        guard bytes[hostEnd] == UInt8(ascii: ":"), digits.count <= 5, let number = digits.decimal,
            let number = UInt16(exactly: number), number > 0
        else { return nil }
        port = number
    }

    /// Whether the bytes are `description`: an authority has other spellings, with a dot or a colon at its end, zeros
    /// before its port, or a long form of its address.
    package func isSpelled(_ bytes: Span<UInt8>, inAnyCase: Bool = true) -> Bool {
        func isSpelling(_ text: String) -> Bool {
            let span = text.utf8Span.span
            return inAnyCase ? bytes.isEqualIgnoringCase(span) : bytes.isEqual(to: span)
        }
        return port == nil ? isSpelling(host) : isSpelling(description)
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

    private static func name(_ bytes: Span<UInt8>) -> String? {
        let hasDot = bytes.count > 0 && bytes[bytes.count - 1] == UInt8(ascii: ".")
        let name = hasDot ? bytes.extracting(droppingLast: 1) : bytes
        guard let form = form(ofName: name) else { return nil }
        let text = form.hasUpperCase ? name.text.asciiLowercased : name.text
        guard !form.looksNumeric || (!hasDot && IPAddress(text) != nil) else { return nil }
        return text
    }

    /// RFC 1123 §2.1: labels of at most 63 letters, digits and inner hyphens, 253 characters in all; underscores too,
    /// which the names of containers have. Nil for anything else.
    private static func form(ofName name: Span<UInt8>) -> (hasUpperCase: Bool, looksNumeric: Bool)? {
        guard (1...253).contains(name.count) else { return nil }
        return name.withUnsafeBufferPointer { name in
            var labelStart = 0
            var hasUpperCase = false
            // No index passes the count, so that no sum overflows.
            var index = 0
            while true {
                if index == name.count || name[index] == UInt8(ascii: ".") {
                    let length = index &- labelStart
                    guard length > 0, length <= 63, name[labelStart] != UInt8(ascii: "-"),
                        name[index &- 1] != UInt8(ascii: "-")
                    else { return nil }
                    if index == name.count { break }
                    labelStart = index &+ 1
                } else {
                    let byte = name[index]
                    if byte &- UInt8(ascii: "A") < 26 {
                        hasUpperCase = true
                    } else if byte &- UInt8(ascii: "a") >= 26, byte &- UInt8(ascii: "0") >= 10,
                        byte != UInt8(ascii: "-"), byte != UInt8(ascii: "_")
                    {
                        return nil
                    }
                }
                index &+= 1
            }
            return (hasUpperCase, looksNumeric(name.span.extracting(labelStart...)))
        }
    }

    /// The length of the host, where the bytes are a name and perhaps a port, spelled as `description` spells them: most
    /// are, and this makes no string. Nil leaves it to the initialiser.
    package static func plainHostLength(_ bytes: Span<UInt8>) -> (length: Int, port: UInt16?)? {
        let end = bytes.first(UInt8(ascii: ":"), in: bytes.indices)
        guard let form = form(ofName: bytes.extracting(..<end)), !form.hasUpperCase, !form.looksNumeric else {
            return nil
        }
        if end == bytes.count { return (end, nil) }
        let digits = bytes.extracting((end + 1)...)
        guard digits.count > 0, digits.count <= 5, digits[0] != UInt8(ascii: "0"), let number = digits.decimal,
            let port = UInt16(exactly: number)
        else { return nil }
        return (end, port)
    }

    /// WHATWG URL, "ends in a number": such a name is an IPv4 address to a browser, or nothing.
    private static func looksNumeric(_ label: Span<UInt8>) -> Bool {
        // Both kinds begin with a digit, and hardly a name's last label does.
        guard label[0].isDigit else { return false }
        if label.allSatisfy(\.isDigit) { return true }
        guard label.isPrefixedIgnoringCase(by: "0x") else { return false }
        return label.extracting(2...).allSatisfy { $0.hexadecimalValue != nil }
    }
}

extension Authority: CustomStringConvertible {
    package var description: String { port.map { "\(host):\($0)" } ?? host }
}
