import Foundation
import Glibc
import TestSupport
import Testing

/// A served Magpie with a visitor who is logged in: what every attack is made on, with the look before and after it.
final class Arena {
    let platform = FakePlatform()
    let home: MagpieHome
    let process: MagpieProcess
    /// What the honest client asks, in turn.
    let requests: [String]
    let baseline: Vitals

    /// - Parameters:
    ///   - limits: lines of the configuration's `limits`.
    ///   - descriptors: how many the process may have.
    ///   - change: whatever else differs.
    init(
        limits: String = "", descriptors: Int? = nil, _ change: (inout MagpieHome.Settings) -> Void = { _ in }
    ) throws {
        var settings = MagpieHome.Settings()
        settings.limits = limits
        settings.logLevel = "info"
        settings.descriptors = descriptors
        change(&settings)
        home = MagpieHome(platform, settings)
        process = try home.start()
        requests = try Self.prepare(home, platform)
        // What the first requests fetch, open and allocate belongs to the baseline.
        _ = Self.warmUp(home.port, requests)
        baseline = Vitals(of: process.child.id)
    }

    private static func prepare(_ home: MagpieHome, _ platform: FakePlatform) throws -> [String] {
        var visitor = home.visitor()
        let signature = "/get-signature?url=https://h5.example.com/page"
        try #require(try eventually { try visitor.get(signature).status == 200 })
        try #require(try visitor.logIn(platform).status == 302)
        return [visitor.request("GET", "/auth"), visitor.request("GET", signature)]
    }

    private static func warmUp(_ port: UInt16, _ requests: [String]) -> HonestClient.Record {
        let client = HonestClient(port: port, requests: requests)
        usleep(300_000)
        return client.stop()
    }

    var vitals: Vitals { Vitals(of: process.child.id) }

    func honest(reconnects: Bool = false, pause: UInt32 = 2) -> HonestClient {
        HonestClient(port: home.port, requests: requests, reconnects: reconnects, pause: pause)
    }

    func head(_ method: String, _ path: String) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(home.port)\r\n"
    }

    func request(_ path: String) -> [UInt8] { Array("\(head("GET", path))\r\n".utf8) }

    /// Waits for the server to be as it was, and says how it is. Memory may have grown by `margin` MiB: the allocator
    /// keeps some of what was freed.
    @discardableResult
    func recovers(margin: Int = 24, _ name: String) throws -> Vitals {
        let isBack = eventually {
            let now = self.vitals
            return now.descriptors <= baseline.descriptors + 2 && now.memory <= baseline.memory + margin * 1_024
        }
        let after = vitals
        #expect(isBack, "\(name): \(after), before: \(baseline)")
        #expect(after.memory <= baseline.memory + margin * 1_024, "\(name): \(after), before: \(baseline)")
        // The pools for blocking calls start threads as they need them, up to four each, and keep them.
        #expect(after.threads <= baseline.threads + 8, "\(name): \(after), before: \(baseline)")
        Torture.figure("\(name), before", "\(baseline)")
        Torture.figure("\(name), after", "\(after)")
        return after
    }

    /// Serves a round of requests and ends in order, as after a quiet day.
    func isWhole() throws {
        let record = Self.warmUp(home.port, requests)
        #expect(!record.latencies.isEmpty && record.failures.isEmpty, "\(record.failures.prefix(3))")
        #expect(try process.stop() == .exited(0))
    }

    /// The p99 that is asserted: noisy machines get a generous one in the short form.
    static let patience = Double(Torture.count(short: 2_000, long: 50))
}
