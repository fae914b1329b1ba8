import Foundation
import Testing

/// The repository as files: what the house rules are checked against.
enum SourceTree {
    struct File: Sendable, CustomTestStringConvertible {
        /// From the top of the repository.
        let path: String
        let lines: [String]
        /// The lines, with those emptied that are comments altogether.
        let codeLines: [String]

        init(path: String, text: String) {
            self.path = path
            lines = text.components(separatedBy: "\n")
            codeLines = lines.map { $0.drop { $0 == " " }.hasPrefix("//") ? "" : $0 }
        }

        var testDescription: String { path }
        var name: String { String(path.split(separator: "/").last ?? "") }

        /// The folder below `Sources` or `Tests`.
        var room: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

        /// The first groups of the matches in the code, or the whole matches where there are no groups.
        func code(matching pattern: String) -> [String] { Self.matches(of: pattern, in: codeLines) }

        /// The same, comments included.
        func text(matching pattern: String) -> [String] { Self.matches(of: pattern, in: lines) }

        /// `NSRegularExpression`, because the whole tree is read a dozen times and it is fifty times faster than `Regex`
        /// in a build for debugging. `^` and `$` are the ends of a line.
        private static func matches(of pattern: String, in lines: [String]) -> [String] {
            guard let expression = try? NSRegularExpression(pattern: pattern, options: .anchorsMatchLines) else {
                return ["\(pattern) is no expression"]
            }
            let text = lines.joined(separator: "\n")
            let found = expression.matches(in: text, range: NSRange(text.startIndex..., in: text))
            return found.compactMap { match in
                Range(match.range(at: match.numberOfRanges > 1 ? 1 : 0), in: text).map { String(text[$0]) }
            }
        }
    }

    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let sources = swiftFiles(below: "Sources")
    static let tests = swiftFiles(below: "Tests")

    static func rooms() throws -> Set<String> {
        let folders = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Sources").path())
        return Set(folders.filter { !$0.hasPrefix(".") })
    }

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    private static func swiftFiles(below folder: String) -> [File] {
        let base = root.appending(path: folder)
        let paths = FileManager.default.enumerator(atPath: base.path())?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
            guard let text = try? String(contentsOf: base.appending(path: path), encoding: .utf8) else { return nil }
            return File(path: "\(folder)/\(path)", text: text)
        }
    }
}
