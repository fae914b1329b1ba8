/// The allow-list of login targets. Rules: OWASP's unvalidated-redirects sheet, and what a WHATWG URL parser would
/// make of each string: whatever is accepted here lands on this site or on a listed host in every browser.
package struct ReturnRules: Sendable {
    /// A host that may be returned to; `port` nil stands for the scheme's own.
    package struct Host: Hashable, Sendable {
        package var name: String
        package var port: UInt16?
        /// `*.example.com`: any sub-domain, but not the domain itself.
        package var coversOnlySubdomains: Bool

        package init(name: String, port: UInt16? = nil, coversOnlySubdomains: Bool = false) {
            self.name = name
            self.port = port
            self.coversOnlySubdomains = coversOnlySubdomains
        }
    }

    private let hosts: [Host]
    /// This site's own scheme, host and port; plain http is a development set-up on loopback.
    private let ownScheme: String
    private let ownHost: Host
    /// Whether `/redirect` there is the login, to which no login returns.
    private let holdsLogin: Bool
    private static let maximumLength = 2_048

    package init(hosts: [Host], ownScheme: String, ownHost: Host, holdsLogin: Bool = true) {
        self.hosts = hosts
        self.ownScheme = ownScheme
        self.ownHost = ownHost
        self.holdsLogin = holdsLogin
    }

    package func target(_ text: String) throws(TargetRefusal) -> ReturnTarget {
        let bytes = Array(text.utf8)
        try checkCharacters(bytes)
        if bytes[0] == UInt8(ascii: "/") {
            guard bytes.count == 1 || bytes[1] != UInt8(ascii: "/") else { throw .form }
            try checkPath(bytes[...], isOwn: true)
            return ReturnTarget(checked: text)
        }
        let (scheme, hostStart) = try split(bytes)
        let hostEnd = bytes[hostStart...].firstIndex { $0 == UInt8(ascii: "/") || endsPath($0) } ?? bytes.endIndex
        let host = try self.host(String(decoding: bytes[hostStart..<hostEnd], as: UTF8.self))
        let isOwn = scheme == ownScheme && matches(host, ownHost, scheme: scheme)
        guard isOwn || (scheme == "https" && hosts.contains { matches(host, $0, scheme: scheme) }) else {
            throw .notListed
        }
        try checkPath(bytes[hostEnd...], isOwn: isOwn)
        return ReturnTarget(checked: text)
    }

    private func checkCharacters(_ bytes: [UInt8]) throws(TargetRefusal) {
        guard (1...Self.maximumLength).contains(bytes.count) else { throw .length }
        for (index, byte) in bytes.enumerated() {
            guard isOfURL(byte) else { throw .character }
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, hexValue(bytes[index + 1]) != nil, hexValue(bytes[index + 2]) != nil
                else { throw .escape }
            }
        }
    }

    /// The scheme in lower case, and where the host begins.
    private func split(_ bytes: [UInt8]) throws(TargetRefusal) -> (scheme: String, hostStart: Int) {
        for scheme in ["https", "http"] {
            let prefix = Array("\(scheme)://".utf8)
            if bytes.count > prefix.count, bytes.prefix(prefix.count).map(lowercased).elementsEqual(prefix) {
                // Plain http is only ever this site's own, in development.
                guard scheme == "https" || ownScheme == "http" else { throw .form }
                return (scheme, prefix.count)
            }
        }
        throw .form
    }

    /// A name of letters, digits and hyphens with an optional port; never userinfo, brackets or escapes.
    private func host(_ text: String) throws(TargetRefusal) -> Host {
        let parts = text.lowercased().split(separator: ":", omittingEmptySubsequences: false)
        guard let name = parts.first, parts.count <= 2 else { throw .host }
        var port: UInt16?
        if parts.count == 2 {
            guard (1...5).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = UInt16(parts[1]), number > 0
            else { throw .host }
            port = number
        }
        // The site's own name needs no second label: it may be localhost or 127.0.0.1.
        guard name == ownHost.name || isDomainName(name) else { throw .host }
        return Host(name: String(name), port: port)
    }

    private func isDomainName(_ name: Substring) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, name.utf8.count <= 253, let last = labels.last else { return false }
        let isLabel = { (label: Substring) in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { $0 == UInt8(ascii: "-") || isAlphanumeric($0) }
        }
        // A last label that reads as a number (decimal, octal or hex) makes browsers parse an IPv4 address.
        let isNumber = last.utf8.allSatisfy { (0x30...0x39).contains($0) } || last.hasPrefix("0x")
        return labels.allSatisfy(isLabel) && !isNumber
    }

    private func matches(_ host: Host, _ listed: Host, scheme: String) -> Bool {
        let standard: UInt16 = scheme == "https" ? 443 : 80
        guard (host.port ?? standard) == (listed.port ?? standard) else { return false }
        return listed.coversOnlySubdomains ? host.name.hasSuffix(".\(listed.name)") : host.name == listed.name
    }

    private func checkPath(_ rest: ArraySlice<UInt8>, isOwn: Bool) throws(TargetRefusal) {
        let path = rest.prefix { !endsPath($0) }
        let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        // The first element stands before the leading slash; only the last one may be empty.
        for (index, segment) in segments.enumerated() {
            let isEdge = index == 0 || index == segments.count - 1
            guard isEdge || !segment.isEmpty else { throw .path }
            guard !isDotSegment(segment), !holdsHiddenByte(segment) else { throw .path }
        }
        if isOwn, holdsLogin, segments.count > 1 {
            let first = String(decoding: Self.percentDecoded(segments[1]), as: UTF8.self)
            guard first != "redirect" else { throw .loop }
        }
    }

    private func isDotSegment(_ segment: ArraySlice<UInt8>) -> Bool {
        // The longest is "%2e%2e".
        guard segment.count <= 6 else { return false }
        let plain = Self.percentDecoded(segment)
        return plain.elementsEqual(".".utf8) || plain.elementsEqual("..".utf8)
    }

    /// Escaped control characters, slashes and backslashes read as separators somewhere down the line.
    private func holdsHiddenByte(_ segment: ArraySlice<UInt8>) -> Bool {
        segment.contains(UInt8(ascii: "%"))
            && Self.percentDecoded(segment).contains { $0 < 0x20 || $0 == 0x7F || $0 == 0x2F || $0 == 0x5C }
    }

    /// Escapes that are no escapes stay.
    static func percentDecoded(_ segment: ArraySlice<UInt8>) -> [UInt8] {
        var decoded: [UInt8] = []
        var index = segment.startIndex
        while index < segment.endIndex {
            if segment[index] == UInt8(ascii: "%"), index + 2 < segment.endIndex,
                let high = hexValue(segment[index + 1]), let low = hexValue(segment[index + 2])
            {
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(segment[index])
                index += 1
            }
        }
        return decoded
    }
}

/// Visible, and nothing that a browser escapes or reads as something else.
private func isOfURL(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "^"),
        UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
        false
    default: (0x21...0x7E).contains(byte)
    }
}

private func endsPath(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
}

private func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(lowercased(byte))
}

private func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
}
