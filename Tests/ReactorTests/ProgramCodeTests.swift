import Foundation
import Reactor
import Testing

@Suite struct ProgramCodeTests {
    /// KiB of the program's own code that lie in memory.
    private func resident() throws -> Int {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var isCode = false
        var total = 0
        for line in try String(contentsOfFile: "/proc/self/smaps", encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: true)
            if words.count >= 6, words[1].count == 4 {
                isCode = words[1].hasPrefix("r-x") && words[5...].joined(separator: " ") == program
            } else if isCode, words[0] == "Rss:" {
                total += Int(words[1]) ?? 0
            }
        }
        return total
    }

    @Test func `what was called so far leaves memory, and is called again`() throws {
        let before = try resident()
        #expect(before > 0)
        // Other tests call theirs at the same time.
        var after = before
        for _ in 0..<20 where after >= before / 2 {
            ProgramCode.giveBack()
            after = try resident()
        }
        #expect(after < before / 2)
    }
}
