import Foundation
import Glibc
import Testing

/// What the tests of a suite play on: the real `magpie serve` with its sandbox, ChromeDriver, and a folder of their own.
struct Stage: Sendable {
    let magpie: Child
    let port: UInt16
    let adminPort: UInt16
    let sandboxPort: UInt16
    let browser: Browser
    /// The configuration file and whatever else a test leaves behind.
    let folder: String
    let startedAt: Date
    /// Pictures of the page go here when the environment names a folder.
    let pictures: String? = ProcessInfo.processInfo.environment["MAGPIE_SCREENSHOTS"]

    @TaskLocal static var current: Stage?

    var origin: String { "http://127.0.0.1:\(port)" }
    /// The sandbox's page for a person.
    var console: String { "http://127.0.0.1:\(sandboxPort)/" }
    /// The sandbox's stand-in for WeChat's script.
    var sdk: String { "http://127.0.0.1:\(sandboxPort)/open/js/jweixin-1.6.0.js" }

    /// Runs `play` with a browser that has no past, and shows it a page.
    static func withBrowser(
        _ device: Device = .desktop, at path: String? = "/", _ play: (Browser, Stage) throws -> Void
    ) throws {
        let stage = try #require(current)
        let browser = stage.browser
        do {
            let sandbox = "http://127.0.0.1:\(stage.sandboxPort)"
            try browser.begin(as: device, on: [stage.origin, sandbox])
            if let path { try browser.open(stage.origin + path) }
            try play(browser, stage)
        } catch let error as EndToEndError {
            // The last picture says more than the error.
            try? stage.picture(of: browser, "failed")
            throw EndToEndError("\(error)\nmagpie said:\n\(stage.magpie.log.suffix(2000))")
        }
    }

    // MARK: - The sandbox, and the command line

    @discardableResult
    func control(_ call: String, _ input: [String: Any]) throws -> Any? {
        let answer = try LoopbackHTTP(port: sandboxPort).send("POST", "/_sandbox/\(call)", json: input)
        guard answer.status == 200 else { throw EndToEndError("\(call): \(answer.status)") }
        return answer.json
    }

    /// What the client decided of each `wx.config` since the page made its instance.
    func verdicts() throws -> [String] {
        let answer = try LoopbackHTTP(port: sandboxPort).send("GET", "/_sandbox/events?kind=preverify")
        let events = (answer.json as? [String: Any])?["events"] as? [[String: Any]] ?? []
        return events.compactMap { $0["detail"] as? String }
    }

    /// What the platform was asked, as the sandbox has recorded it.
    func requests(_ filter: String) throws -> [[String: Any]] {
        let answer = try LoopbackHTTP(port: sandboxPort).send("GET", "/_sandbox/requests?" + filter)
        return (answer.json as? [String: Any])?["requests"] as? [[String: Any]] ?? []
    }

    /// What `magpie diagnose` says of a text on its standard input.
    func diagnose(_ evidence: String) throws -> String {
        try evidence.write(toFile: folder + "/evidence.json", atomically: true, encoding: .utf8)
        let line = "exec \"$0\" diagnose --config \"$1/magpie.json5\" < \"$1/evidence.json\""
        let words = ["-c", line, try Self.builtProduct("magpie"), folder]
        let command = try Child("/bin/sh", words, in: folder)
        try command.waitForEnd()
        return command.log
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

        let ports = try (0..<5).map { _ in try LoopbackSocket.freePort() }
        try Self.layOut(pages: folder + "/site")
        let file = folder + "/magpie.json5"
        try Self.configuration(in: folder, ports).write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)

        let magpie = try Child(builtProduct("magpie"), ["serve", "--sandbox", "--config", file], in: folder)
        defer { magpie.end() }
        let driver = try Child("/usr/bin/chromedriver", ["--port=\(ports[3])"], in: folder)
        defer { driver.end() }
        try magpie.waitUntilListening(on: ports[0])
        try magpie.waitUntilListening(on: ports[2])
        try driver.waitUntilListening(on: ports[3])
        // Tencent's host is closed to this browser, its backup is the sandbox, and there is no other network.
        let browser = try Browser(
            driver: ports[3],
            hosts: "MAP res.wx.qq.com 127.0.0.1:\(ports[4]), MAP res2.wx.qq.com 127.0.0.1:\(ports[2]), "
                + "MAP elsewhere.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost")
        defer { browser.quit() }
        try await work(
            Stage(
                magpie: magpie, port: ports[0], adminPort: ports[1], sandboxPort: ports[2], browser: browser,
                folder: folder, startedAt: Date()))
    }

    private static var sources: URL { URL(fileURLWithPath: #filePath).deletingLastPathComponent() }

    /// The files that are served: Magpie's own, and the tests' pages beside them.
    private static func layOut(pages folder: String) throws {
        let files = FileManager.default
        try files.copyItem(
            atPath: sources.appendingPathComponent("../../Public").standardizedFileURL.path, toPath: folder)
        let pages = sources.appendingPathComponent("Pages").path
        for name in try files.contentsOfDirectory(atPath: pages) {
            try files.copyItem(atPath: "\(pages)/\(name)", toPath: "\(folder)/\(name)")
        }
        try files.createDirectory(atPath: folder + "/商品", withIntermediateDirectories: false)
        try files.copyItem(atPath: pages + "/page.html", toPath: folder + "/商品/鞋.html")
    }

    private static func configuration(in folder: String, _ ports: [UInt16]) -> String {
        """
        {
          listen: "127.0.0.1:\(ports[0])",
          adminListen: "127.0.0.1:\(ports[1])",
          publicURL: "http://127.0.0.1:\(ports[0])",
          hosts: ["elsewhere.example"], publicDirectory: "\(folder)/site",
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
