package import Reactor
package import Secure
import Synchronization
import Wire

/// Calls other people's servers over HTTP/1.1: with a pool of connections per loop, deadlines at every stage, TLS always
/// verified, and no surprise: redirects are answers like any other, and nothing is sent twice that might count twice.
package final class Client: Sendable {
    let group: LoopGroup
    let options: ClientOptions
    let trust: ClientTrust
    /// One for each loop of the group, in its order.
    private let shelves: [ClientShelf]

    /// Throws when `caFile` is not usable.
    package init(group: LoopGroup, options: ClientOptions = ClientOptions()) throws(SecureError) {
        self.group = group
        self.options = options
        trust = try ClientTrust(caFile: options.caFile)
        shelves = group.loops.map { ClientShelf($0, options: options) }
    }

    /// Sends a request and returns its complete answer, whatever the status says. The caller's loop does the work if it
    /// is one of the group, some loop of the group otherwise.
    package func send(_ request: ClientRequest) async throws(ClientError) -> ClientResponse {
        let call = call(request)
        await call.end()
        return try call.response()
    }

    /// The same in steps, for those of whom thousands wait. Never inlined: they would hold what this needs.
    @inline(never)
    package func call(_ request: ClientRequest) -> ClientCall {
        ClientCall(request, by: self)
    }

    /// Closes the connections that wait for a next call.
    package func closeIdle() {
        for shelf in shelves { shelf.clear() }
    }

    var currentShelf: ClientShelf? {
        guard let loop = Loop.current else { return nil }
        return shelves.first { $0.loop === loop }
    }
}
