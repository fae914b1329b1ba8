import Foundation
import Glibc

/// The built `magpie serve`, running as a process.
package final class MagpieProcess: Sendable {
    package let child: ChildProcess
    private let home: MagpieHome

    init(_ home: MagpieHome, _ options: [String] = [], name: String = "magpie") throws {
        self.home = home
        var words = [try Self.program(), "serve", "--config", home.configurationFile] + options
        // Becomes the program, in the same process.
        if let limit = home.descriptors { words = ["/usr/bin/prlimit", "--nofile=\(limit):\(limit)"] + words }
        child = try ChildProcess(
            words[0], Array(words.dropFirst()), in: home.folder, name: name, environment: home.environment)
    }

    /// Polls `/health`, which answers as soon as there is a process to answer.
    func waitUntilHealthy(seconds: Int = 20) throws {
        for _ in 0..<(seconds * 100) {
            guard child.isRunning else {
                throw ChildProcess.Failure("magpie ended: \(try child.wait())\n\(child.output)\n\(child.errors)")
            }
            var client = home.operatorClient()
            if let answer = try? client.get("/health"), answer.status == 200 { return }
            usleep(10_000)
        }
        throw ChildProcess.Failure("magpie does not answer\n\(child.output)\n\(child.errors)")
    }

    /// SIGHUP, and what became of it: `applied`, `unchanged` or `refused`, and how many complaints there were.
    package func reload() throws -> (outcome: String, problems: Int) {
        var client = home.operatorClient()
        let before = try Self.reloads(&client)
        child.signal(SIGHUP)
        for _ in 0..<4_000 {
            // A new admin token, if there is one.
            client = home.operatorClient()
            if try Self.reloads(&client) > before {
                let configuration = try client.get("/status").json["configuration"] as? [String: Any]
                let last = configuration?["lastReload"] as? [String: Any]
                return (last?["outcome"] as? String ?? "", last?["problems"] as? Int ?? -1)
            }
            usleep(5_000)
        }
        throw ChildProcess.Failure("no reload\n\(child.output)\n\(child.errors)")
    }

    private static func reloads(_ client: inout RawVisitor) throws -> Int {
        try client.get("/metrics").body.split(separator: "\n").filter { $0.hasPrefix("magpie_config_reloads_total{") }
            .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }

    /// SIGTERM, and the end.
    @discardableResult
    package func stop() throws -> ChildProcess.Ending {
        child.signal(SIGTERM)
        return try child.wait()
    }

    /// SIGKILL: nothing is flushed, closed or said.
    package func crash() throws {
        child.signal(SIGKILL)
        try child.wait()
    }

    // MARK: - Where things are

    /// What `swift build` has put beside the test bundle that is running; another one when MAGPIE_BINARY names it.
    package static func program() throws -> String {
        if let named = ProcessInfo.processInfo.environment["MAGPIE_BINARY"] { return named }
        return try built("magpie")
    }

    /// A product of this package.
    package static func built(_ name: String) throws -> String {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let file = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(name).path
        guard access(file, X_OK) == 0 else { throw ChildProcess.Failure("\(file) is not built") }
        return file
    }

    package static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL.path
}
