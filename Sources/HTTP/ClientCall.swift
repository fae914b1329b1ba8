package import Reactor
import Secure
import Wire

/// One call: a request, a connection for it, and the wait for the whole answer.
///
/// Thousands of these may wait at a time for a server that takes its time. So only what comes before, finding a
/// connection and sending, has a task; then the loop calls this object when there is something to read.
///
/// Unchecked: from its beginning to its end it is used on its loop's thread only; who makes it, and who reads what came of
/// it, comes before and after.
package final class ClientCall: Awaited, Watcher, @unchecked Sendable {
    private let client: Client
    private let base: WebURL
    private let path: String
    private let method: Method
    private let mayRepeat: Bool
    private let deadline: Deadline
    /// Nil where the caller is on no loop of the client's.
    private var shelf: ClientShelf?
    /// Empty once it is sent and need not be sent again.
    private var bytes: [UInt8] = []
    private var connection: ClientConnection?
    /// The connection has served before, and the server may have forgotten it.
    private var isUsed = false
    /// Whether a connection is being made, or the request being sent, and the task that does it.
    private var isSending = false
    private var task: Task<Void, Never>?
    private var isCancelled = false
    private var caller: Waiting?
    private var outcome: Result<ReceivedResponse, ClientError.Kind>?

    init(_ request: ClientRequest, by client: Client) {
        self.client = client
        base = request.base
        path = request.path
        method = request.method
        mayRepeat = request.mayRepeat && request.method.isIdempotent
        deadline = .after(request.timeout ?? client.options.timeout)
        shelf = client.currentShelf
        do throws(WireError) {
            RequestSerializer.append(try request.message(), to: &bytes)
        } catch {
            outcome = .failure(.invalidRequest(error))
        }
    }

    /// Returns when the call has ended, well or not.
    package func end() async {
        guard outcome == nil else { return }
        if let shelf { return await shelf.loop.wait(for: self) }
        await client.group.run {
            guard let shelf = self.client.currentShelf else {
                preconditionFailure("a group runs its work on one of its loops")
            }
            self.shelf = shelf
            await shelf.loop.wait(for: self)
        }
    }

    /// What came of it, once it has ended. Never inlined, see `Client.call`.
    @inline(never)
    package func response() throws(ClientError) -> ClientResponse {
        guard let outcome else { preconditionFailure("a call has an outcome once it has ended") }
        do throws(ClientError.Kind) {
            let response = try outcome.get()
            return ClientResponse(status: response.status, fields: response.fields, body: response.body)
        } catch {
            throw ClientError(error, of: ClientRequest(to: base, path: path))
        }
    }

    // MARK: - On the loop

    package func begin(for caller: Waiting) {
        // A message that cannot be made has its outcome already.
        guard outcome == nil else { return onShelf.loop.getUp(caller) }
        self.caller = caller
        guard !isCancelled else { return fail(.cancelled) }
        connection = onShelf.take(origin)
        isUsed = connection != nil
        launch()
    }

    package func cancel() {
        isCancelled = true
        if isSending { task?.cancel() } else { connection?.cancelWatch() }
    }

    package func wake(_ reason: Wake) {
        switch reason {
        case .ready: read()
        case .timedOut: fail(.timedOut(.answer))
        case .cancelled: fail(.cancelled)
        }
    }

    private func launch() {
        isSending = true
        let task = Task.immediate(executorPreference: onShelf.loop) { self.sent(await self.send()) }
        // It may be over already, and another under way.
        if isSending, self.task == nil { self.task = task }
    }

    private func send() async -> ClientError.Kind? {
        do throws(ClientError.Kind) {
            let connection = try await ready()
            try await connection.send(bytes, method: method, by: deadline)
            return nil
        } catch {
            return error
        }
    }

    private func ready() async throws(ClientError.Kind) -> ClientConnection {
        if let connection { return connection }
        let fresh = try await ClientConnection.open(
            origin, options: client.options, trust: client.trust, resuming: onShelf.session(for: origin), by: deadline)
        connection = fresh
        return fresh
    }

    private func sent(_ failure: ClientError.Kind?) {
        (isSending, task) = (false, nil)
        if let failure { return fail(failure) }
        if !(isUsed && mayRepeat) { bytes = [] }
        read()
    }

    private func read() {
        guard let connection else { preconditionFailure("what is read was asked for on a connection") }
        do throws(ClientError.Kind) {
            if let response = try connection.answer() { return succeed(response, on: connection) }
            // It came while nothing was watched.
            guard !isCancelled else { return fail(.cancelled) }
            connection.watch(by: deadline, self)
        } catch {
            fail(error)
        }
    }

    private func succeed(_ response: ReceivedResponse, on connection: ClientConnection) {
        if let session = connection.session { onShelf.keep(session, for: origin) }
        if connection.isReusable { onShelf.put(connection, for: origin) } else { connection.bidFarewell() }
        end(.success(response))
    }

    private func fail(_ failure: ClientError.Kind) {
        if isUsed, let connection {
            switch failure {
            case .interrupted where mayRepeat && connection.isUnanswered && !isCancelled:
                // The server closed it just as we wrote. Not a byte came back and twice is as good as once, so it is
                // sent again, on a new connection, where a second failure is the answer (RFC 9112 §9.3.1).
                (self.connection, isUsed) = (nil, false)
                return launch()
            case .timedOut:
                // A firewall that forgot this connection forgot those beside it, too: nobody else shall wait on them.
                onShelf.clear(origin)
            default: break
            }
        }
        end(.failure(failure))
    }

    /// After a failure the connection is not kept: it closes as its last holder lets go.
    private func end(_ outcome: Result<ReceivedResponse, ClientError.Kind>) {
        self.outcome = outcome
        (connection, bytes) = (nil, [])
        if let caller = caller.take() { onShelf.loop.getUp(caller) }
    }

    private var origin: Origin { Origin(base) }

    private var onShelf: ClientShelf {
        guard let shelf else { preconditionFailure("a call begins on a loop of its client") }
        return shelf
    }
}
