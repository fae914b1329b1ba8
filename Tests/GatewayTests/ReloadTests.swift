import Foundation
import Reactor
import Secure
import Testing

@testable import Gateway

/// What of a configuration changes at a reload, and what moves along; the whole of it is in ProcessTests.
struct ReloadTests {
    private func configuration(_ change: (inout Gateway.Configuration) -> Void = { _ in }) -> Gateway.Configuration {
        var configuration = Gateway.Configuration(
            publicURL: Origin(isSecure: true, host: "h5.example.com", port: nil),
            accounts: [.init(name: "main", appID: "wx0123456789abcdef", appSecret: Secret("secret"))])
        change(&configuration)
        return configuration
    }

    @Test func `only what holds sockets, the store and the log's form needs a restart`() {
        let running = configuration()
        let all = configuration {
            $0.listen = .ipv4(0, port: 1)
            $0.adminListen = .ipv4(0, port: 2)
            $0.store = .memory
            $0.log.format = .text
            $0.log.file = "other.log"
            $0.sandboxListen = .ipv4(0, port: 3)
        }
        let paths = ["listen", "adminListen", "store", "log.file", "log.format", "sandbox.listen"]
        #expect(all.fixedSettings(changedSince: running).map(\.path) == paths)
        let others = configuration {
            $0.publicURL = Origin(isSecure: false, host: "127.0.0.1", port: 8080)
            $0.limits.drain = .zero
            $0.log.level = .error
            $0.log.access = false
            $0.accounts[0].appSecret = Secret("other")
            $0.adminToken = Secret("token")
            $0.tls = .init(certificate: "c", key: "k")
        }
        #expect(others.fixedSettings(changedSince: running).isEmpty)
        #expect(others != running)
        #expect(configuration() == running)
    }

    @Test func `figures of accounts that stay go on, and those of others begin and end`() {
        let metrics = Metrics(routes: [], accounts: ["main", "gone"])
        for name in ["main", "gone", "stranger"] { metrics.count(.sessionOpened(account: name)) }
        metrics.cover(accounts: ["new", "main"])
        for name in ["main", "gone", "new"] { metrics.count(.login(account: name, .started)) }
        metrics.count(.sessionOpened(account: "main"))
        let text = String(decoding: metrics.exposition(), as: UTF8.self)
        #expect(text.contains("magpie_sessions_opened_total{account=\"main\"} 2\n"))
        #expect(text.contains("magpie_sessions_opened_total{account=\"new\"} 0\n"))
        #expect(text.contains("magpie_sessions_opened_total{account=\"other\"} 1\n"))
        #expect(text.contains("magpie_logins_total{account=\"new\",outcome=\"started\"} 1\n"))
        #expect(text.contains("magpie_logins_total{account=\"other\",outcome=\"started\"} 1\n"))
        #expect(!text.contains("\"gone\""))
    }

    @Test func `what is made of files is made anew when its settings or a file have changed, and only then`() throws {
        let file = "/tmp/magpie-made-of-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: file) }
        var made = 0
        func make(_ settings: Int, unlike former: MadeOfFiles<Int, Int>?) -> MadeOfFiles<Int, Int> {
            MadeOfFiles(settings, files: [file], unlike: former) {
                made += 1
                return made
            }
        }
        var product = make(1, unlike: nil)
        product = make(1, unlike: product)
        #expect(product.product == 1)
        try "now it is there".write(toFile: file, atomically: true, encoding: .utf8)
        product = make(1, unlike: product)
        #expect(product.product == 2)
        product = make(1, unlike: product)
        #expect(product.product == 2)
        try "and now another".write(toFile: file, atomically: true, encoding: .utf8)
        product = make(1, unlike: product)
        #expect(product.product == 3)
        product = make(2, unlike: product)
        #expect(product.product == 4)
    }

    @Test func `the outcome of a reload is told, and a refused one leaves the time of the one in force`() {
        let start = Date(timeIntervalSince1970: 1_000)
        let reloads = Reloads(loadedAt: start)
        let metrics = Metrics(routes: [], accounts: [], reloads: reloads)
        func tells(_ line: String) -> Bool { String(decoding: metrics.exposition(), as: UTF8.self).contains(line) }
        #expect(tells("magpie_config_last_reload_successful 1\n"))
        reloads.note(.refused, problems: 3, at: start + 1)
        #expect(tells("magpie_config_last_reload_successful 0\n"))
        #expect(tells("magpie_config_last_reload_success_timestamp_seconds 1000\n"))
        #expect(tells("magpie_config_reloads_total{outcome=\"refused\"} 1\n"))
        #expect(reloads.state.last?.problems == 3)
        reloads.note(.applied, at: start + 2)
        #expect(tells("magpie_config_last_reload_successful 1\n"))
        #expect(tells("magpie_config_last_reload_success_timestamp_seconds 1002\n"))
    }
}
