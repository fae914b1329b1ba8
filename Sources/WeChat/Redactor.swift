import Wire

/// Makes an `errmsg` fit to be logged: printable, short, and free of what we sent.
struct Redactor {
    /// The values of this call that nobody may see.
    let sent: [String]

    private static let longest = 200
    private static let mask = "***"

    /// The message without its `rid`, which is reported on its own.
    func clean(_ message: String) -> String {
        var text = Self.printable(message)
        if let start = text.firstRange(of: "rid:") { text.removeSubrange(start.lowerBound...) }
        for value in sent where value.utf8.count >= 4 {
            text.replace(value, with: Self.mask)
        }
        let words = Self.words(of: text)
        let cleaned = words.map { isSuspect($0) ? Self.mask : String($0) }.joined()
        return String(cleaned.prefix(Self.longest)).trimmingSpaces
    }

    /// A word that could be a credential, or that holds a piece of one that we sent: WeChat has been seen to echo the
    /// beginning, and whoever echoes may glue it to a name or change its case.
    private func isSuspect(_ word: Substring) -> Bool {
        guard word.utf8.allSatisfy(Self.isCredentialCharacter) else { return false }
        let length = word.utf8.count
        // Secrets and codes have 32 characters, openids 28, tickets 86. Hints and ids of requests are all digits.
        if length >= 24 { return !word.utf8.allSatisfy { (0x30...0x39).contains($0) } }
        return sent.contains { Self.share(word, $0) }
    }

    private static let shortestPiece = 8

    /// Whether so many characters in a row stand in both.
    private static func share(_ word: Substring, _ secret: String) -> Bool {
        let (word, secret) = (Array(word.lowercased().utf8), Array(secret.lowercased().utf8))
        guard min(word.count, secret.count) >= shortestPiece else { return false }
        let pieces = Set((0...word.count - shortestPiece).map { word[$0..<$0 + shortestPiece] })
        return (0...secret.count - shortestPiece).contains { pieces.contains(secret[$0..<$0 + shortestPiece]) }
    }

    /// The text cut where credentials begin or end, separators included.
    private static func words(of text: String) -> [Substring] {
        var words: [Substring] = []
        var rest = text[...]
        while let first = rest.utf8.first {
            let kind = isCredentialCharacter(first)
            let end = rest.utf8.firstIndex { isCredentialCharacter($0) != kind } ?? rest.endIndex
            words.append(rest[..<end])
            rest = rest[end...]
        }
        return words
    }

    /// What WeChat's secrets, tokens and ids are made of.
    static func isCredentialCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// A message is printed into logs and terminals, which obey control characters and text direction marks.
    static func printable(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.isVisible {
                scalars.append(scalar)
            } else if scalars.last != " " {
                scalars.append(" ")
            }
        }
        return String(scalars)
    }

    /// `hhhhhhhh-hhhhhhhh-hhhhhhhh`, the first group the time in hexadecimal.
    static func rid(in message: String) -> String? {
        guard let mark = message.firstRange(of: "rid:") else { return nil }
        let text = message[mark.upperBound...].drop { $0 == " " }.prefix { $0.isHexDigit || $0 == "-" }
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.count == 3, groups.allSatisfy({ (4...16).contains($0.utf8.count) }) else { return nil }
        return String(text)
    }

    /// The first IP address of a message such as
    /// `invalid ip 101.45.43.1 ipv6 ::ffff:101.45.43.1, not in whitelist rid: …`.
    static func address(in message: String) -> String? {
        for piece in message.split(whereSeparator: { !($0.isHexDigit || $0 == "." || $0 == ":") }) {
            var piece = piece
            while let last = piece.last, last == "." || (last == ":" && !piece.hasSuffix("::")) { piece.removeLast() }
            guard piece.contains(".") || piece.contains(":") else { continue }
            if let address = IPAddress(String(piece)) { return address.description }
        }
        return nil
    }
}

extension String {
    fileprivate var trimmingSpaces: String {
        let start = firstIndex { $0 != " " } ?? endIndex
        let end = lastIndex { $0 != " " }.map { index(after: $0) } ?? start
        return String(self[start..<end])
    }
}
