package import Wire

/// Turns a request into a response. It cannot throw: whatever went wrong has become a response before this door.
package protocol Responder: Sendable {
    func respond(to request: Request) async -> Response

    /// The answer to a request that needs no waiting, at the price of a function call. Nil for any other: then nothing
    /// has happened yet, and `respond` is asked.
    func respondNow(to request: Request) -> Response?

    /// What a server asks where `respondNow` had nothing: the same answer as `respond`'s, but where it takes others' work,
    /// that work may be handed out to be waited for without a task.
    func answer(to request: Request) async -> Answer
}

extension Responder {
    package func respondNow(to request: Request) -> Response? { nil }

    package func answer(to request: Request) async -> Answer { .response(await respond(to: request)) }
}
