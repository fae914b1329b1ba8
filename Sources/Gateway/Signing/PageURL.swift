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
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .badParameter(name, rule: "it holds a space, a control character or characters that a URL escapes")
        }
        let scheme = ["https://", "http://"].first { text.prefix($0.count).lowercased() == $0 }
        guard let scheme else { throw .badParameter(name, rule: "not an absolute http or https URL") }
        let rest = text.dropFirst(scheme.count)
        let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
        let written = rest[..<end].lowercased()
        // As browsers write it: a dot or a colon at its end belongs to another site, or to no page at all.
        guard let authority = Authority(written), authority.description == written else {
            throw .badParameter(name, rule: "its host or port is not valid")
        }
        host = authority.host
        self.text = text
    }
}
