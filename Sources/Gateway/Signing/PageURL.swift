import Wire

/// A page's URL as its browser writes it: checked for what decides whose page it is, and otherwise left alone.
///
/// The signature covers the text byte by byte, so nothing is decoded or tidied up. Only the fragment goes.
enum PageURL {
    static let longest = 2_048

    /// Whether `isGood` takes the host of the page at this URL.
    ///
    /// `name` is the parameter it came in, for the complaint about what is no such URL.
    static func check(
        _ bytes: Span<UInt8>, parameter name: String, where isGood: (_ host: Span<UInt8>) -> Bool
    ) throws(Failure) -> Bool {
        guard bytes.count <= longest else { throw .badParameter(name, rule: "longer than 2048 bytes") }
        guard !bytes.contains({ $0.below(0x21) | $0.above(0x7E) }) else {
            throw .badParameter(name, rule: "it holds a space, a control character or characters that a URL escapes")
        }
        guard let start = afterScheme(bytes) else {
            throw .badParameter(name, rule: "not an absolute http or https URL")
        }
        var end = start
        while end < bytes.count, !endsAuthority(bytes[end]) { end += 1 }
        let written = bytes.extracting(start..<end)
        if let plain = Authority.plainHostLength(written) { return isGood(written.extracting(..<plain.length)) }
        // As browsers write it: a dot or a colon at its end belongs to another site, or to no page at all.
        guard let authority = Authority(written), authority.isSpelled(written) else {
            throw .badParameter(name, rule: "its host or port is not valid")
        }
        return isGood(authority.host.utf8Span.span)
    }

    private static func afterScheme(_ bytes: Span<UInt8>) -> Int? {
        for scheme: StaticString in ["https://", "http://"] where bytes.isPrefixedIgnoringCase(by: scheme) {
            return scheme.utf8CodeUnitCount
        }
        return nil
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }
}
