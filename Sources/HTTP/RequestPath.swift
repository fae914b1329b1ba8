import Wire

/// The path of a request as decoded segments: the one reading of it that the router and the files share, so that no
/// spelling passes a check under one name and reaches a handler, or a file, under another.
struct RequestPath: Sendable {
    let segments: [String]

    /// Nil for a path that could be read in two ways: with an escaped slash, a backslash, a control byte or dot segments.
    init?(_ path: String) {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        var segments: [String] = []
        for part in path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let segment = try? PercentCoding.decode(String(Substring(part))), segment != ".", segment != "..",
                !segment.utf8.contains(where: Self.isTreacherous)
            else { return nil }
            segments.append(segment)
        }
        self.segments = segments
    }

    var text: String { "/" + segments.joined(separator: "/") }

    private static func isTreacherous(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\\") || byte < 0x20 || byte == 0x7F
    }
}
