import Foundation
import Glibc
import TestSupport

/// Somebody else's program.
enum Tool: String, Sendable {
    case nginx
    case caddy
    case node
    case python3
    case php
    case go
    case promtool
    case logrotate
    case systemdAnalyze = "systemd-analyze"

    /// Where Debian puts it; nil when it is not installed.
    var path: String? {
        ["/usr/bin", "/usr/sbin", "/usr/local/bin"].map { "\($0)/\(rawValue)" }.first { access($0, X_OK) == 0 }
    }

    func found() throws -> String {
        guard let path else { throw ChildProcess.Failure("\(rawValue) is not installed") }
        return path
    }

    /// Runs to its end, and gives what it said, to both streams.
    func run(
        _ arguments: [String], in folder: String, input: String? = nil, environment: [String: String] = [:]
    ) throws -> (ending: ChildProcess.Ending, text: String) {
        var words = [try found()] + arguments
        if let input {
            let file = "\(folder)/\(rawValue).in"
            writeFile(file, input)
            // The program takes the shell's place, with the file for its input.
            words = ["/bin/sh", "-c", "file=$1; shift; exec \"$@\" <\"$file\"", "sh", file] + words
        }
        let child = try ChildProcess(
            words[0], Array(words.dropFirst()), in: folder, name: rawValue, environment: environment)
        let ending = try child.wait(seconds: 120)
        return (ending, child.output + child.errors)
    }
}

/// A file that Magpie brings along, from the top of the repository.
func shipped(_ path: String) -> String {
    readFile("\(MagpieProcess.repository)/\(path)")
}

extension String {
    /// With every `text` exchanged, which must be there.
    func exchanging(_ text: String, for other: String) -> String {
        let changed = replacingOccurrences(of: text, with: other)
        precondition(changed != self, "\(text) is not in it")
        return changed
    }
}
