import Foundation
import Testing

/// A folder with everything one `magpie serve` needs: configuration, store, and the ports that are its own. Starting
/// it again finds what the last life left.
package final class MagpieHome: Sendable {
    package enum StoreKind: String, CaseIterable, Sendable {
        case sqlite
        case file
    }

    /// What differs between tests; the rest is as in `text`.
    package struct Settings: Sendable {
        package var store = StoreKind.sqlite
        /// Another home, whose store is shared.
        package var storeOf: MagpieHome?
        /// The folder that the store lies in; the home's own when nil.
        package var storePlace: String?
        /// `second`, too, for what concerns several.
        package var accounts = ["main"]
        /// False for the older of WeChat's two token calls.
        package var stableToken = true
        package var adminToken: String?
        /// This home's own loopback address when nil.
        package var publicURL: String?
        package var hosts: [String] = []
        /// The repository's when nil.
        package var publicDirectory: String?
        package var logLevel = "debug"
        /// How long the platform may take, and how the end goes.
        package var timeout = "2s"
        /// Whom it trusts besides the system's roots, to vouch for the platform.
        package var caFile: String?
        /// In place of the platform's own address.
        package var api: String?
        package var drain = "0s"
        package var shutdown = "10s"
        /// Further settings of `limits`.
        package var limits = ""
        /// How many descriptors the process may have; those of the tests' own process when nil.
        package var descriptors: Int?
        /// Of the process, besides the secrets.
        package var environment: [String: String] = [:]
        /// Lines of further settings.
        package var further = ""

        package init() {}
    }

    package let folder: String
    package let port = FreePort.take()
    package let adminPort = FreePort.take()
    package let platform: FakePlatform
    package let store: StoreKind
    package let storePath: String
    package let adminToken: String?
    package let cookieName: String
    let descriptors: Int?
    private let furtherEnvironment: [String: String]

    package static let consoleToken = "consoletoken"
    package static let appIDs = ["wx0000000000000001", "wx0000000000000002"]

    /// Writes the configuration, and tells the platform of its accounts.
    package init(_ platform: FakePlatform, _ settings: Settings = Settings()) {
        folder = makeTemporaryDirectory()
        self.platform = platform
        store = settings.storeOf?.store ?? settings.store
        storePath =
            settings.storeOf?.storePath
            ?? (settings.storePlace ?? folder) + (store == .sqlite ? "/store.sqlite" : "/store")
        adminToken = settings.adminToken
        descriptors = settings.descriptors
        furtherEnvironment = settings.environment
        cookieName = settings.publicURL?.hasPrefix("https:") == true ? "__Host-magpie_session" : "magpie_session"
        platform.change { world in
            for (number, appID) in Self.appIDs.enumerated() where world.accounts[appID] == nil {
                world.accounts[appID] = .init(
                    secret: "\(number)5ec2e7a9d41f0b86c3e7a9d41f0b86f",
                    ticket: "\(PlatformWorld.mark)Ticket\(number)-_0123")
            }
        }
        configure(settings)
    }

    /// Rewrites the configuration, for the next life. Ports and store stay.
    package func configure(_ settings: Settings) {
        writeFile(configurationFile, text(settings))
    }

    /// Its processes have ended, since each holds its home: whatever the test was about, they kept the secrets.
    deinit {
        for leak in leaks { Issue.record("a secret is in \(leak)") }
        try? FileManager.default.removeItem(atPath: folder)
    }

    package var configurationFile: String { folder + "/magpie.json5" }
    package var origin: String { "http://127.0.0.1:\(port)" }

    private func text(_ settings: Settings) -> String {
        let accounts = zip(settings.accounts, Self.appIDs).map { name, appID in
            """
              { name: "\(name)", appId: "\(appID)", appSecret: { env: "SECRET_\(name)" }, token: "\(Self.consoleToken)",
                stableToken: \(settings.stableToken),
                jsDomains: ["h5.example.com"], returnDomains: ["h5.example.com"],
                menus: { orders: { to: "/orders" } } },
            """
        }
        return """
            {
              listen: "127.0.0.1:\(port)",
              adminListen: "127.0.0.1:\(adminPort)",
              \(settings.adminToken.map { "adminToken: \"\($0)\"," } ?? "")
              publicURL: "\(settings.publicURL ?? origin)",
              hosts: \(settings.hosts),
              publicDirectory: "\(settings.publicDirectory ?? MagpieProcess.repository + "/Public")",
              store: { kind: "\(store.rawValue)", path: "\(storePath)" },
              upstream: { api: "\(settings.api ?? platform.origin)", open: "\(platform.origin)",
                          \(settings.caFile.map { "caFile: \"\($0)\"," } ?? "") timeout: "\(settings.timeout)" },
              limits: { drain: "\(settings.drain)", shutdown: "\(settings.shutdown)", \(settings.limits) },
              log: { level: "\(settings.logLevel)", format: "json" },
              accounts: [
            \(accounts.joined(separator: "\n"))
              ],
              \(settings.further)
            }
            """
    }

    /// The secrets of the platform, of this configuration and of its visitors.
    package var canaries: [Canary] {
        platform.change(\.canaries) + [Canary("console token", Self.consoleToken)]
            + (adminToken.map { [Canary("adminToken", $0)] } ?? [])
            + Sightings.canaries(of: port) + Sightings.canaries(of: adminPort)
    }

    /// What the processes wrote: their output and, sealed, the store. The configuration and files of
    /// secrets, `secret…`, are the test's own.
    package var written: [(name: String, bytes: [UInt8])] {
        let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return files.filter { $0 != "magpie.json5" && !$0.hasPrefix("secret") }.sorted().map {
            ($0, readBytes("\(folder)/\($0)"))
        }
    }

    private var leaks: [String] {
        let search = CanarySearch(canaries)
        return written.flatMap { file in search.found(in: file.bytes).map { "\(file.name): \($0)" } }
    }

    /// What the process finds in its environment.
    package var environment: [String: String] {
        let secrets = platform.change { world in Self.appIDs.map { world.accounts[$0]?.secret ?? "" } }
        return furtherEnvironment.merging(["SECRET_main": secrets[0], "SECRET_second": secrets[1]]) { $1 }
    }

    /// Starts a process, and returns when it answers.
    package func start() throws -> MagpieProcess {
        let process = try launch()
        try process.waitUntilHealthy()
        return process
    }

    /// Starts a process without waiting for anything. Output goes to files of this name.
    package func launch(_ options: [String] = [], name: String = "magpie") throws -> MagpieProcess {
        try MagpieProcess(self, options, name: name)
    }

    /// Starts a process that takes another one's place, and returns when it listens beside it.
    package func takeOver(name: String) throws -> MagpieProcess {
        let process = try launch(["--takeover"], name: name)
        for _ in 0..<6_000 {
            // The admin listener is the last to open.
            if process.child.output.contains(#""listener":"admin""#) { return process }
            guard process.child.isRunning else { break }
            usleep(10_000)
        }
        throw ChildProcess.Failure("it did not take over\n\(process.child.output)\n\(process.child.errors)")
    }

    /// Changes a text of the configuration, which must be there.
    package func edit(_ text: String, to replacement: String) {
        let before = readFile(configurationFile)
        let after = before.replacingOccurrences(of: text, with: replacement)
        precondition(after != before, "\(text) is not in the configuration")
        writeFile(configurationFile, after)
    }

    /// A visitor with an empty cookie jar.
    package func visitor() -> RawVisitor { RawVisitor(port: port, host: "127.0.0.1:\(port)") }

    /// A program that talks to the admin listener, with the token if there is one.
    package func operatorClient() -> RawVisitor {
        var client = RawVisitor(port: adminPort, host: "127.0.0.1:\(adminPort)")
        if let adminToken { client.standing = [("Authorization", "Bearer \(adminToken)")] }
        return client
    }
}
