import Foundation
import Gateway
import TestSupport
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

    @Test func `a log file that cannot be made is to be changed, and none is made by looking`() async throws {
        try await inFolder { folder in
            #expect(LogFileCheck.run("\(folder)/a.log") == .good("log.file \(folder)/a.log can be created"))
            #expect(LogFileCheck.run("\(folder)/nowhere/a.log").code == .configuration)
            #expect(FileManager.default.subpaths(atPath: folder) ?? [] == [String]())
            try Data().write(to: URL(fileURLWithPath: "\(folder)/a.log"))
            #expect(LogFileCheck.run("\(folder)/a.log") == .good("log.file \(folder)/a.log can be written"))
        }
    }

    @Test func `a certificate must be for the host of publicURL and last for a while`() throws {
        let authority = CertificateAuthority()
        func check(_ names: String, ends: Int) -> [Finding] {
            let identity = authority.issue(names, ends: ends)
            let tls = Gateway.Configuration.TLS(certificate: identity.certificateFile, key: identity.keyFile)
            return CertificateCheck.run(tls, host: "h5.example.com")
        }
        let good = check("DNS:*.example.com", ends: 60 * 86_400 + 3_600)
        #expect(good.map(\.mark) == [.good, .good, .good])
        #expect(good.last?.title == "the certificate is good for 60 days")
        #expect(check("DNS:example.com", ends: 90 * 86_400).map(\.code) == [.success, .configuration, .success])
        #expect(check("DNS:h5.example.com", ends: 3 * 86_400 + 60).last?.title == "the certificate ends in 3 days")
        #expect(check("DNS:h5.example.com", ends: -60).last?.code == .configuration)
        let (one, other) = (authority.issue("DNS:h5.example.com"), authority.issue("DNS:h5.example.com"))
        let mixed = Gateway.Configuration.TLS(certificate: one.certificateFile, key: other.keyFile)
        #expect(CertificateCheck.run(mixed, host: "h5.example.com").map(\.code) == [.configuration])
    }

    @Test func `too few descriptors for the connections are worth a word`() {
        let budget = DescriptorBudget(descriptors: 1_024, loops: 2)
        #expect(DescriptorCheck.run(budget.connections, budget).mark == .good)
        #expect(DescriptorCheck.run(budget.connections + 1, budget).mark == .note)
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
