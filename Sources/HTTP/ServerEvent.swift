package import Reactor
package import Secure
package import Wire

/// Whom a server tells what happens: the source of access logs and metrics. It is called on the loops, and must not
/// block. A class: every request holds it for a moment, with one reference.
package protocol ServerObserver: AnyObject, Sendable {
    func note(_ event: ServerEvent)

    /// A request was answered, in full or as far as the client or a failing body let it. Not an event, since each event
    /// holds copies of what it tells, and this one comes with every request.
    ///
    /// - Parameters:
    ///   - requestID: the `X-Request-ID` that the client was told, if it was told one.
    ///   - bytes: what was written, head included.
    ///   - start: when the last byte of the request was there; `end` when that of the answer was in the connection's
    ///     buffer.
    ///   - wasCut: whether the answer was cut short: a streamed body that failed, or `Body.abort`.
    func answered(
        _ request: borrowing RequestView, with status: Status, requestID: String?, bytes: Int, from start: Deadline,
        to end: Deadline, wasCut: Bool)
}

/// What else a server has to tell.
package enum ServerEvent: Sendable {
    /// A connection was taken; `closed` follows.
    case opened
    case closed
    /// Bytes that are no request, one that is too large, or one that came too slowly (`.timedOut`): answered with the
    /// error's status, and the connection closed.
    case refused(WireError, peer: IPAddress?)
    /// A client that took no byte of its answer for the write timeout was cut off.
    case stalled(peer: IPAddress?)
    /// More connections than allowed: answered with 503 and closed.
    case overloaded(peer: IPAddress?)
    /// A connection closed unanswered, because the process has no descriptor or memory left.
    case turnedAway(IOError)
    /// A client with whom no TLS was agreed upon.
    case handshakeFailed(HandshakeFault, peer: IPAddress?)
    /// A loop can accept no more connections: the listening socket itself is broken.
    case acceptingFailed(IOError)
}

/// Why a connection ended before it was secure.
package enum HandshakeFault: Error, Sendable {
    case tls(SecureError)
    /// The client left, or took too long.
    case connection(IOError)
}
