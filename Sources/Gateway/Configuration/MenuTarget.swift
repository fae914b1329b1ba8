/// Whether a menu may lead where it says, asked while the operator still watches.
enum MenuTarget {
    private static let expected = "a path, or a URL whose host is in returnDomains"

    static func check(_ text: String, domains: [Domain], publicURL: Origin) throws(Objection) {
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else {
            throw Objection("\(quoted(text)) is refused: it holds blanks, backslashes or non-ASCII", expected: expected)
        }
        let path: Substring
        if text.hasPrefix("/") {
            guard !text.hasPrefix("//") else { throw Objection("\(quoted(text)) is refused", expected: expected) }
            path = text[...]
        } else {
            let scheme = text.hasPrefix("http://") ? 7 : 8
            path = text.dropFirst(scheme).drop { !"/?#".contains($0) }
            let origin = try Origin(checking: String(text.dropLast(path.count)))
            guard origin == publicURL || (origin.isSecure && domains.contains { $0.name == origin.authority }) else {
                throw Objection("\(quoted(text)) is refused: its host is not in returnDomains", expected: expected)
            }
            guard origin == publicURL else { return }
        }
        if path.split(separator: "/", maxSplits: 1).first?.prefix(while: { !"/?#".contains($0) }) == "redirect" {
            throw Objection("\(quoted(text)) is refused: it points at the login itself", expected: expected)
        }
    }
}
