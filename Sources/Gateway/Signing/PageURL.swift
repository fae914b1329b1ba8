import Wire

/// A page's URL as its browser writes it: checked for what decides whose page it is, and otherwise left alone.
///
/// The signature covers the text byte by byte, so nothing is decoded or tidied up. Only the fragment goes.
struct PageURL: Sendable {
    let text: String
    let host: String

    static let longest = 2_048

    /// `name` is the parameter it came in, for the complaint.
    init(_ text: String, parameter name: String) throws(Failure) {
        guard text.utf8.count <= Self.longest else { throw .badParameter(name, rule: "longer than 2048 bytes") }
        let bytes = text.utf8Span.span
        // All are looked at, which goes many at a time.
        var bad: UInt8 = 0
        bytes.withUnsafeBufferPointer { for byte in $0 { bad |= byte > 0x20 && byte < 0x7F ? 0 : 1 } }
        guard bad == 0 else {
            throw .badParameter(name, rule: "it holds a space, a control character or characters that a URL escapes")
        }
        guard let start = Self.afterScheme(bytes) else {
            throw .badParameter(name, rule: "not an absolute http or https URL")
        }
        var end = start
        while end < bytes.count, !Self.endsAuthority(bytes[end]) { end += 1 }
        let written = bytes.extracting(start..<end)
        if let plain = Authority.plainHostLength(written) {
            host = written.extracting(..<plain.length).text
        } else {
            // As browsers write it: a dot or a colon at its end belongs to another site, or to no page at all.
            guard let authority = Authority(written), authority.isSpelled(written) else {
                throw .badParameter(name, rule: "its host or port is not valid")
            }
            host = authority.host
        }
        self.text = text
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
