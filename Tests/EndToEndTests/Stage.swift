import Foundation
import Glibc
import Testing

/// What the tests of a suite play on: the real `magpie serve` with its sandbox, ChromeDriver, and a folder of their own.
struct Stage: Sendable {
    let magpie: Child
    let port: UInt16
    let driverPort: UInt16
    /// Pictures of the page go here when the environment names a folder.
    let pictures: String? = ProcessInfo.processInfo.environment["MAGPIE_SCREENSHOTS"]

    @TaskLocal static var current: Stage?

    var origin: String { "http://127.0.0.1:\(port)" }

    /// Runs `play` with a browser that has no past, and shows it the demo page.
    static func withBrowser(
        _ device: Browser.Device = .desktop, at path: String = "/", _ play: (Browser, Stage) throws -> Void
    ) throws {
        let stage = try #require(current)
        let browser = try Browser(driver: stage.driverPort, device: device)
        defer { browser.quit() }
        do {
            try browser.open(stage.origin + path)
            try play(browser, stage)
        } catch let error as EndToEndError {
            // The last picture says more than the error.
            try? stage.picture(of: browser, "failed")
            throw EndToEndError("\(error)\nmagpie said:\n\(stage.magpie.log.suffix(2000))")
        }
    }

    func picture(of browser: Browser, _ name: String) throws {
        guard let pictures else { return }
        try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
        try browser.screenshot("\(pictures)/\(name).png")
    }

    // MARK: - Setting it up

    fileprivate static func play(_ work: (Stage) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "magpie-e2e-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }

        let ports = try (0..<4).map { _ in try LoopbackSocket.freePort() }
        let configuration = Self.configuration(in: folder, ports)
        let file = folder + "/magpie.json5"
        try configuration.write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)

        let magpie = try Child(builtProduct("magpie"), ["serve", "--sandbox", "--config", file], in: folder)
        defer { magpie.end() }
        let driver = try Child("/usr/bin/chromedriver", ["--port=\(ports[3])"], in: folder)
        defer { driver.end() }
        try magpie.waitUntilListening(on: ports[0])
        try magpie.waitUntilListening(on: ports[2])
        try driver.waitUntilListening(on: ports[3])
        try await work(Stage(magpie: magpie, port: ports[0], driverPort: ports[3]))
    }

    private static func configuration(in folder: String, _ ports: [UInt16]) -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        return """
            {
              listen: "127.0.0.1:\(ports[0])",
              adminListen: "127.0.0.1:\(ports[1])",
              publicURL: "http://127.0.0.1:\(ports[0])",
              publicDirectory: "\(root.standardizedFileURL.path)/Public",
              sandbox: { listen: "127.0.0.1:\(ports[2])" },
              limits: { drain: "0s", shutdown: "1s" },
              store: { kind: "sqlite", path: "\(folder)/store.sqlite" },
              accounts: [{ name: "main", appId: "wx5a6d617069650001", appSecret: "0123456789abcdef0123456789abcdef",
                           jsDomains: ["127.0.0.1"], returnDomains: ["127.0.0.1"] }],
            }
            """
    }

    /// What `swift build` has put beside the test bundle that is running; another one when MAGPIE_BINARY names it.
    private static func builtProduct(_ name: String) throws -> String {
        if let named = ProcessInfo.processInfo.environment["MAGPIE_BINARY"] { return named }
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let file = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(name).path
        guard access(file, X_OK) == 0 else { throw EndToEndError("\(file) is not built") }
        return file
    }
}

/// Sets the stage once for all tests of a suite, and clears it whatever happens to them.
struct StageTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await Stage.play { stage in
            try await Stage.$current.withValue(stage) { try await function() }
        }
    }
}

extension Trait where Self == StageTrait {
    static var onStage: Self { Self() }
}

extension Trait where Self == ConditionTrait {
    /// A browser is not to be expected on every machine: `make e2e` brings one and sets the variable.
    static var endToEnd: Self {
        .enabled(if: ProcessInfo.processInfo.environment["MAGPIE_E2E"] == "1", "MAGPIE_E2E is not 1")
    }
}
