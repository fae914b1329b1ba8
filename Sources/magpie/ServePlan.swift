import Gateway
import Reactor
import Secure

/// What `serve` is going to run, decided before anything is opened.
struct ServePlan {
    var configuration: Gateway.Configuration
    /// Whether a simulated WeChat takes the real one's place.
    var usesSandbox: Bool
    /// Whether there was no configuration at all.
    var isDemonstration: Bool

    /// With a configuration as the operator wrote it.
    init(_ configuration: Gateway.Configuration, usesSandbox: Bool) {
        self.configuration = usesSandbox ? Self.simulated(configuration) : configuration
        self.usesSandbox = usesSandbox
        isDemonstration = false
    }

    /// Without any: one account that only the sandbox knows, everything on loopback.
    static func demonstration() -> ServePlan {
        var configuration = Gateway.Configuration(
            publicURL: Origin(isSecure: false, host: "127.0.0.1", port: 8080), accounts: [])
        // No two runs share an AppID, so no token that the store keeps of an earlier sandbox is taken for one of this.
        configuration.accounts = [account(named: "main", appID: "wx\(Random.hex(bytes: 8))")]
        configuration.store = .sqlite(path: "var/sandbox.sqlite")
        configuration.limits.drain = .zero
        var plan = ServePlan(configuration, usesSandbox: false)
        plan.usesSandbox = true
        plan.isDemonstration = true
        return plan
    }

    private static let loopback = ["127.0.0.1", "localhost"].compactMap(Domain.init)

    private static func account(named name: String, appID: String) -> Gateway.Configuration.Account {
        var account = Gateway.Configuration.Account(name: name, appID: appID, appSecret: Secret(Random.hex(bytes: 16)))
        account.jsDomains = loopback
        account.returnDomains = loopback
        return account
    }

    /// The operator's configuration with a platform that is not WeChat: nothing that belongs to the real one (secrets,
    /// tokens, tickets, sessions) goes near it, nor the reverse.
    private static func simulated(_ original: Gateway.Configuration) -> Gateway.Configuration {
        var configuration = original
        configuration.store = .memory
        // No balancer has to notice the end of a trial.
        configuration.limits.drain = .zero
        configuration.accounts = original.accounts.map { original in
            var account = account(named: original.name, appID: original.appID)
            account.menus = original.menus
            account.jsDomains = original.jsDomains + loopback
            account.returnDomains = original.returnDomains + loopback
            return account
        }
        // A browser that can reach a sandbox on loopback is on this machine, where the real publicURL leads elsewhere.
        if original.sandboxListen.isLoopback, !original.publicURL.isLoopback, let port = original.listen.port, port > 0
        {
            configuration.publicURL = Origin(isSecure: false, host: "127.0.0.1", port: port)
            configuration.furtherHosts.append(contentsOf: [Domain(original.publicURL.host)].compactMap { $0 })
            configuration.tls = nil
            if configuration.session.sameSite == .none { configuration.session.sameSite = .lax }
        }
        return configuration
    }

    /// What the sandbox must know of the accounts.
    var tenants: [SandboxHost.Tenant] {
        configuration.accounts.map { account in
            let domains = account.jsDomains + account.returnDomains
            return SandboxHost.Tenant(
                name: account.name, appID: account.appID, appSecret: account.appSecret.reveal(),
                domains: Set(domains.map(\.name) + [configuration.publicURL.host]).sorted())
        }
    }

    /// Points the gateway at the sandbox that was started.
    mutating func use(sandboxAt origin: Origin) {
        configuration.upstream.api = origin
        configuration.upstream.open = origin
        configuration.upstream.caFile = nil
    }

    /// What somebody who just typed `magpie serve` wants to know.
    func greeting(sandbox: Origin) -> String {
        guard case .sqlite(let path) = configuration.store, isDemonstration else {
            return """
                The platform is simulated at \(sandbox)/ : logins and signatures are real, WeChat is not. Sessions are \
                kept in memory. Open \(configuration.publicURL)/
                """
        }
        return """
            No configuration was found (--config, $MAGPIE_CONFIG, \(ConfigurationFile.standardPath)), so this is a
            demonstration: Magpie with a simulated WeChat, on this machine only. Ctrl-C ends it.
              open in any browser     \(configuration.publicURL)/
              the simulated platform  \(sandbox)/
              the data                \(path)
            For your own account: cp config/magpie.example.json5 \(ConfigurationFile.standardPath), edit it, and try \
            `magpie check`.
            没有找到配置文件，已启动沙箱演示，请在浏览器中打开上面第一个地址。
            """
    }
}
