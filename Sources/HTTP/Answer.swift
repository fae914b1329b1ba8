package import Reactor
package import Wire

/// What a responder has for a request: the response, or what has to be done before there is one.
///
/// A task that waits holds some KB of frames. Where thousands wait at a time, for another server, the handler returns
/// what it waits for instead; nobody holds a task until that is done.
package enum Answer: Sendable {
    case response(Response)
    /// Once the work is done, the function makes the response to the request that was asked. Whoever takes this begins
    /// the work, once, and calls the function however it ends.
    case after(any Awaited, then: @Sendable (Request) async -> Response)
}

extension Answer {
    /// The response, for a task of a loop that waits for it.
    package func response(to request: Request) async -> Response {
        switch self {
        case .response(let response): return response
        case .after(let work, let then):
            guard let loop = Loop.current else { preconditionFailure("what is waited for without a task has a loop") }
            await loop.wait(for: work)
            return await then(request)
        }
    }
}
