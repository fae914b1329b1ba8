import FoundationEssentials
import Gateway
import HTTP
import Reactor
import Secure
import WeChat
import Wire

/// `magpie check`: tries a configuration against the machine and against WeChat, and says what to change where.
enum CheckCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        guard let path = ConfigurationFile.path(arguments) else {
            Terminal.complain(
                """
                magpie: there is no configuration to check; begin with
                  cp config/magpie.example.json5 \(ConfigurationFile.standardPath)
                没有可检查的配置文件。
                """)
            return .configuration
        }
        guard let loaded = ConfigurationFile.load(path, warns: false) else { return .configuration }
        let configuration = loaded.configuration
        var findings = [Finding.good("\(path) has no mistakes")]
        findings += loaded.warnings.map { .note("\($0)") }
        findings += machine(configuration)
        show(findings)
        let remote = LoopGroup.runBlocking(count: 1) { group in
            let findings = await ask(configuration, on: group)
            show(findings)
            return findings
        }
        findings += remote
        Terminal.print("\n" + findings.conclusion)
        return findings.exitCode
    }

    private static func show(_ findings: [Finding]) {
        for finding in findings { Terminal.print(finding.text) }
    }

    /// What needs no network.
    private static func machine(_ configuration: Gateway.Configuration) -> [Finding] {
        let files = PublicFiles.verification(in: configuration.publicDirectory)
        var findings = LocalChecks(configuration: configuration, verificationFiles: files).run()
        if let tls = configuration.tls { findings += CertificateCheck.run(tls, host: configuration.publicURL.host) }
        if let file = configuration.log.file { findings.append(LogFileCheck.run(file)) }
        let budget = DescriptorBudget(descriptors: DescriptorLimit.raise(), loops: LoopGroup.standardCount)
        findings.append(DescriptorCheck.run(configuration.limits.connections, budget))
        return findings
    }

    private static func ask(_ configuration: Gateway.Configuration, on group: LoopGroup) async -> [Finding] {
        // Incidents of the store are findings of their own; nobody reads a log here.
        let silent = EventLog(format: .json, write: { _ in true })
        var findings = [await StoreCheck.run(configuration.store, silent)]
        let upstream = configuration.upstream
        var options = ClientOptions()
        options.timeout = upstream.timeout
        options.caFile = upstream.caFile
        let client: Client
        do throws(SecureError) {
            client = try Client(group: group, options: options)
        } catch {
            return findings + [.bad("upstream.caFile: \(error)", "Name a PEM file of certificates.", "请检查 caFile。")]
        }
        guard let api = try? WebURL(upstream.api.description) else {
            preconditionFailure("an origin is a URL")
        }
        if !upstream.isWeChat {
            findings.append(.note("upstream is \(upstream.api), which is not WeChat itself"))
        }
        if let clock = await ClockCheck.run(client, api: api, now: { Int(Date().timeIntervalSince1970) }) {
            findings.append(clock)
        }
        let fetcher = ClientFetcher(client: client, api: api, metrics: Metrics(routes: [], accounts: []))
        for account in configuration.accounts {
            let named = WeChat.Account(name: account.name, appID: account.appID, appSecret: account.appSecret)
            findings += await AccountChecks(account: named, fetcher: fetcher, timeout: upstream.timeout).run()
        }
        return findings
    }
}
