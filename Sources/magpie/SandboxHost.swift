import Gateway
import HTTP
import Reactor
import Sandbox

/// The simulated WeChat on a listener of its own.
struct SandboxHost: Serving {
    /// One account of the simulated platform.
    struct Tenant: Equatable, Sendable {
        var name: String
        var appID: String
        var appSecret: String
        /// JS-SDK and login domains alike.
        var domains: [String]
    }

    private let server: Server

    /// - Parameter tenants: the accounts it knows; none means the sandbox's own samples.
    static func start(
        at address: SocketAddress, tenants: [Tenant] = [], on group: LoopGroup
    ) async throws(ServerError) -> SandboxHost {
        var configuration = Sandbox.Configuration()
        if !tenants.isEmpty { configuration.accounts = tenants.map(account) }
        // A phone in the same network can neither be on loopback nor reach the ports that WeChat insists on.
        if !address.isLoopback { configuration.knobs.ports = .any }
        let simulator = Simulator(configuration: configuration)
        let server = Server(name: "sandbox", address: address, group: group, responder: simulator.responder)
        try server.listen()
        server.start()
        return SandboxHost(server: server)
    }

    private static func account(of tenant: Tenant) -> Account {
        var account = Account.fresh(name: tenant.name, domains: tenant.domains)
        account.appID = tenant.appID
        account.appSecret = tenant.appSecret
        account.hidesSecret = true
        return account
    }

    /// Its URL for a browser that sees the gateway at `site`: on the same host, when it listens on all addresses.
    func origin(seenFrom site: Origin) -> Origin {
        let address = server.boundAddress
        let text = address.description.split(separator: ":").dropLast().joined(separator: ":")
        let isEverywhere = address.ipBytes?.allSatisfy { $0 == 0 } ?? false
        return Origin(isSecure: false, host: isEverywhere ? site.host : text, port: address.port)
    }

    /// It has no configuration.
    func reload() async {}

    func stop() async {
        await server.stop(within: .seconds(2))
    }
}
