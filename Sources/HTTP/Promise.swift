import Reactor
import Wire

/// An answer that waits for others' work without a task, and what is needed to give it.
final class Promise: Watcher, Sendable {
    let request: Request
    let start: Deadline
    let work: any Awaited
    let response: @Sendable (Request) async -> Response
    private let connection: Connection

    // Never inlined: a handler that waits would hold the room that this needs.
    @inline(never)
    init(
        to request: Request, since start: Deadline, after work: any Awaited,
        then response: @escaping @Sendable (Request) async -> Response, on connection: Connection
    ) {
        self.request = request
        self.start = start
        self.work = work
        self.response = response
        self.connection = connection
    }

    func wake(_ reason: Wake) { connection.keep(self) }
}
