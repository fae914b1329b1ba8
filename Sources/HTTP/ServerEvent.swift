package import Reactor
package import Secure
package import Wire

/// What a server has to tell: the source of access logs and metrics.
package enum ServerEvent: Sendable {
    /// A connection was taken; `closed` follows.
    case opened
    case closed
    /// A request was answered, in full or as far as the client or a failing body let it.
    case answered(Exchange)
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

/// One request with what became of it.
package struct Exchange: Sendable {
    package let request: Request
    package let status: Status
    /// The response's own fields, without those that the server adds.
    package let fields: Fields
    /// What was written, head included.
    package let bytes: Int
    /// From the last byte of the request to the last byte of the answer in the connection's buffer.
    package let duration: Duration
    /// Whether the answer was cut short: a streamed body that failed, or `Body.abort`.
    package let wasCut: Bool
}
