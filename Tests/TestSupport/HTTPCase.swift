import Foundation

/// A raw request, or several, and what RFC 9110 and 9112 make of it: a line of `Tests/ProcessTests/Corpus`.
///
/// `raw` holds one byte per character, `{HOST}` for an own host and `{text*n}` for n copies of a text. `expect` lists the
/// sequences of statuses that are right; after an `open` one the connection serves on.
package struct HTTPCase: Decodable, Sendable, CustomStringConvertible {
    /// `product` marks what a server may decide otherwise: an answer of this product, or strictness where an RFC leaves
    /// the choice.
    package enum Rule: String, Decodable, Sendable {
        case product
    }

    package let id: String
    package let rfc: String
    package let expect: [[Int]]
    package let open: Bool
    package let rule: Rule?
    private let raw: String

    package var description: String { "\(id), RFC \(rfc)" }
    package var isToHead: Bool { raw.hasPrefix("HEAD ") }

    package var bytes: [UInt8] {
        raw.replacing("{HOST}", with: "127.0.0.1").replacing(#/\{([^{}]*)\*([0-9]+)\}/#) { match in
            String(repeating: String(match.1), count: Int(match.2) ?? 0)
        }.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
    }

    package static let files = ["request-line", "fields", "framing", "chunked", "connection"]

    package static func all(in file: String) throws -> [HTTPCase] {
        let path = "\(MagpieProcess.repository)/Tests/ProcessTests/Corpus/\(file).jsonl"
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(HTTPCase.self, from: Data($0.utf8))
        }
    }

    package static func all() throws -> [HTTPCase] {
        try files.flatMap { try all(in: $0) }
    }
}
