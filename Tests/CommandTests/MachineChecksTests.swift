import Foundation
import Gateway
import Testing

@testable import magpie

struct MachineChecksTests {
    private let silent = EventLog(format: .json, write: { _ in true })

    /// A folder for one test, gone after it.
    private func inFolder(_ work: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("magpie-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await work(folder)
    }

    @Test func `a store that is not there yet is not created by looking`() async throws {
        try await inFolder { folder in
            let finding = await StoreCheck.run(.sqlite(path: "\(folder)/a/b/magpie.sqlite"), silent)
            #expect(finding == .good("the store \(folder)/a/b/magpie.sqlite can be created"))
            #expect(FileManager.default.subpaths(atPath: folder) ?? [] == [String]())
        }
    }

    @Test func `a store that is there is written and left as it was found`() async throws {
        try await inFolder { folder in
            let path = "\(folder)/store"
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            #expect(await StoreCheck.run(.file(path: path), silent) == .good("the store \(path) can be written"))
        }
    }

    @Test func `a store that others may touch is to be changed`() async throws {
        try await inFolder { folder in
            let path = "\(folder)/magpie.sqlite"
            try Data().write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
            let finding = await StoreCheck.run(.sqlite(path: path), silent)
            #expect(finding.mark == .bad && finding.code == .configuration && finding.advice.count == 2)
        }
    }

    @Test func `a store in memory is worth a word`() async {
        #expect(await StoreCheck.run(.memory, silent).mark == .note)
    }

    @Test(arguments: [(0, true), (30, true), (-30, true), (31, false), (-4_000, false)])
    func `a clock may be off by half a minute`(_ skew: Int, _ isRight: Bool) {
        let finding = ClockCheck.finding(skew: skew)
        #expect((finding.mark == .good) == isRight)
        if !isRight { #expect(finding.title.contains(skew > 0 ? "ahead of" : "behind")) }
    }

    @Test func `verification files are found by their names`() async throws {
        try await inFolder { folder in
            try Data("abc\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/MP_verify_abc.txt"))
            try Data("x".utf8).write(to: URL(fileURLWithPath: "\(folder)/index.html"))
            #expect(PublicFiles.verification(in: folder) == ["MP_verify_abc.txt": "abc\n"])
            #expect(PublicFiles.verification(in: "\(folder)/none") == nil)
        }
    }
}
