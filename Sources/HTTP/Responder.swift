package import Wire

/// Turns a request into a response. It cannot throw: whatever went wrong has become a response before this door.
package protocol Responder: Sendable {
    func respond(to request: Request) async -> Response

    /// Answers a request that needs no waiting, at the price of a function call: the request is lent as it lies in its
    /// connection's buffer, and the answer is written where it leaves. False for any other: then nothing has happened
    /// yet, and `answer` is asked.
    func respondNow(to request: borrowing RequestView, into sink: inout AnswerSink) -> Bool

    /// What a server asks where `respondNow` did nothing: the same answer as `respond`'s, but where it takes others' work,
    /// that work may be handed out to be waited for without a task.
    func answer(to request: Request) async -> Answer
}

extension Responder {
    package func respondNow(to request: borrowing RequestView, into sink: inout AnswerSink) -> Bool { false }

    package func answer(to request: Request) async -> Answer { .response(await respond(to: request)) }
}
