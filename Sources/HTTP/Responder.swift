package import Wire

/// Turns a request into a response. It cannot throw: whatever went wrong has become a response before this door.
package protocol Responder: Sendable {
    func respond(to request: Request) async -> Response
}
