import Foundation
import Testing

struct FileTests {
    @Test(arguments: SourceTree.sources)
    func `a file has one idea and at most 400 lines`(_ file: SourceTree.File) {
        // The newline at the end of the last line begins no other.
        #expect(file.lines.count - 1 <= 400)
    }

    /// Drawers into which anything fits say nothing about what is in them.
    @Test(arguments: SourceTree.sources)
    func `a file is named after what is in it`(_ file: SourceTree.File) {
        let drawers: Set<String> = [
            "Util", "Utils", "Utility", "Utilities", "Helper", "Helpers", "Manager", "Common", "Impl", "Base", "Misc",
            "Shared",
        ]
        let words = file.name.dropLast(".swift".count).matches(of: /[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*/).map {
            String($0.output)
        }
        #expect(drawers.intersection(words) == [])
    }

    @Test(arguments: SourceTree.sources.filter { $0.name.contains("+") })
    func `an extension's file is named after a type of its own room`(_ file: SourceTree.File) {
        let type = file.name.prefix { $0 != "+" }
        let declaration = #"\b(?:struct|class|enum|protocol|actor)\s+\#(type)\b"#
        #expect(SourceTree.sources.contains { $0.room == file.room && !$0.code(matching: declaration).isEmpty })
    }

    /// What is not finished, or ends the process without a sentence that says why it cannot happen.
    @Test(arguments: SourceTree.sources)
    func `nothing is left for later`(_ file: SourceTree.File) {
        #expect(file.text(matching: #"\b(?:TODO|FIXME|XXX|HACK|WIP)\b"#) == [])
        #expect(file.code(matching: #"\btry!|\bas!\s|^\s*#if\s+false"#) == [])
        #expect(file.code(matching: #"(?i)fatalError\(\s*"(?:un|not )implemented"#) == [])
        #expect(file.code(matching: #"\b(?:fatalError|preconditionFailure|assertionFailure)\(\)"#) == [])
    }

    /// House style: every one of these has its proof on the line above, in a comment or the type's own description.
    @Test(arguments: SourceTree.sources)
    func `what the compiler cannot check has a proof above it`(_ file: SourceTree.File) {
        let claims = ["@unchecked Sendable", "nonisolated(unsafe)", "unsafeBitCast"]
        let unproven = file.codeLines.indices.filter { index in
            guard claims.contains(where: { file.codeLines[index].contains($0) }) else { return false }
            let above = index > 0 ? file.lines[index - 1].drop { $0 == " " } : ""
            return !above.hasPrefix("//") && !above.hasPrefix("@")
        }
        #expect(unproven.map { file.lines[$0] } == [])
    }

    @Test(arguments: SourceTree.sources + SourceTree.tests)
    func `a path of somebody's machine is nowhere`(_ file: SourceTree.File) {
        #expect(file.text(matching: #"/(?:home|Users|root)/[a-z]"#) == [])
    }

    /// Standard output belongs to the command line, and to the log that it sets up.
    @Test(arguments: SourceTree.sources.filter { $0.room != "magpie" })
    func `only the command line prints`(_ file: SourceTree.File) {
        #expect(file.code(matching: #"(?:^|[^.\w`])((?:print|debugPrint|dump|NSLog)\()"#) == [])
    }
}
