package import Reactor
package import Secure
import Synchronization
import Wire

/// Calls other people's servers over HTTP/1.1: with a pool of connections per loop, deadlines at every stage, TLS always
/// verified, and no surprise: redirects are answers like any other, and nothing is sent twice that might count twice.
package final class Client: Sendable {
    private let group: LoopGroup
    private let options: ClientOptions
    private let trust: ClientTrust
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
        do throws(ClientError.Kind) {
            let deadline = Deadline.after(request.timeout ?? options.timeout)
            if let shelf = currentShelf { return try await send(request, from: shelf, by: deadline) }
            return try await group.run { () async throws(ClientError.Kind) in
                guard let shelf = self.currentShelf else {
                    preconditionFailure("a group runs its work on one of its loops")
                }
                return try await self.send(request, from: shelf, by: deadline)
            }
        } catch {
            throw ClientError(error, of: request)
        }
    }

    /// Closes the connections that wait for a next call.
    package func closeIdle() {
        for shelf in shelves { shelf.clear() }
    }

    private var currentShelf: ClientShelf? {
        guard let loop = Loop.current else { return nil }
        return shelves.first { $0.loop === loop }
    }

    private func send(
        _ request: ClientRequest, from shelf: ClientShelf, by deadline: Deadline
    ) async throws(ClientError.Kind) -> ClientResponse {
        let bytes = try request.bytes()
        let origin = Origin(request.base)
        if let connection = shelf.take(origin) {
            do throws(ClientError.Kind) {
                return try await exchange(bytes, request.method, on: connection, of: origin, from: shelf, by: deadline)
            } catch .interrupted where request.isRepeatable && connection.isUnanswered {
                // The server closed it just as we wrote. Not a byte came back and twice is as good as once, so it is
                // sent again, on a new connection, where a second failure is the answer (RFC 9112 §9.3.1).
            } catch .timedOut(let stage) {
                // A firewall that forgot this connection forgot those beside it, too: nobody else shall wait on them.
                shelf.clear(origin)
                throw .timedOut(stage)
            }
        }
        let connection = try await ClientConnection.open(
            origin, options: options, trust: trust, resuming: shelf.session(for: origin), by: deadline)
        return try await exchange(bytes, request.method, on: connection, of: origin, from: shelf, by: deadline)
    }

    /// Never inlined: a call that waits would hold room for both of its callers' tries.
    @inline(never)
    private func exchange(
        _ bytes: [UInt8], _ method: Method, on connection: ClientConnection, of origin: Origin,
        from shelf: ClientShelf, by deadline: Deadline
    ) async throws(ClientError.Kind) -> ClientResponse {
        let response = try await connection.exchange(bytes, method: method, by: deadline)
        if let session = connection.session { shelf.keep(session, for: origin) }
        // After anything that was thrown the connection is not kept: it closes as its last holder lets go.
        if connection.isReusable { shelf.put(connection, for: origin) } else { connection.bidFarewell() }
        return ClientResponse(status: response.status, fields: response.fields, body: response.body)
    }
}

extension ClientRequest {
    fileprivate var isRepeatable: Bool { mayRepeat && method.isIdempotent }

    fileprivate func bytes() throws(ClientError.Kind) -> [UInt8] {
        do throws(WireError) {
            var bytes: [UInt8] = []
            RequestSerializer.append(try message(), to: &bytes)
            return bytes
        } catch {
            throw .invalidRequest(error)
        }
    }
}
