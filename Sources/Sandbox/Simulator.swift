package import HTTP
import Reactor

/// A simulator of the WeChat platform, to try everything without an account and without a network.
///
/// It is the other end of the wire: `api.weixin.qq.com`, `open.weixin.qq.com` and the script of `res.wx.qq.com`, on one
/// listener. It shares no line with the code that talks to the platform, so that a mistake there cannot be answered by the
/// same mistake here. `magpie` calls it: it serves `responder` with a server of HTTP's, and configures its gateway from
/// `defaultAccount`. Inside, `RouteTable` is the map, and `Platform` the state that everything else reads and changes.
package final class Simulator: Sendable {
    private let platform: Platform
    /// Everything above as one responder, for a server of its own.
    package let responder: any Responder

    /// - Parameter pause: waits so many milliseconds, for faults and latency; by default on the loop that runs the handler.
    package init(
        configuration: Configuration = Configuration(),
        pause: @escaping @Sendable (Int) async -> Void = { try? await sleep(for: .milliseconds($0)) }
    ) {
        let beginning = Platform.State(
            accounts: configuration.accounts, users: configuration.users, knobs: configuration.knobs,
            clock: configuration.clock, entropy: configuration.entropy)
        platform = Platform(state: beginning)
        responder =
            RouteTable(platform: platform, beginning: beginning, hosts: configuration.hosts, pause: pause).router
    }

    /// As they are now: the control API may have changed domains since the start.
    package var accounts: [Account] { platform.with { $0.ledgers.map(\.account) } }

    /// The first official account, from which a gateway takes its appid, secret and token.
    package var defaultAccount: Account {
        let accounts = accounts
        return accounts.first { $0.kind == .official } ?? accounts.first ?? .sample
    }
}
