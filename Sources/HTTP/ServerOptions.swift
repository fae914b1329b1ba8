package import Secure
package import Wire

/// What a server allows, and for how long. The defaults are those of the configuration file.
package struct ServerOptions: Sendable {
    /// How large requests may be.
    package var limits = ParserLimits()
    /// How many connections may be open at once; the next ones are answered 503 and closed.
    package var connections = 10_000
    /// The same per client address; 0 for no limit (behind a proxy all clients have its address).
    package var connectionsPerAddress = 0
    /// Peers to which that limit does not apply: proxies of our own.
    package var exemptAddresses: [AddressBlock] = []
    /// After so many requests a connection is closed, so that clients spread anew over processes; 0 for no limit.
    package var requestsPerConnection = 1_000
    /// From the first byte of a request to the end of its head, in total.
    package var headerTimeout: Duration = .seconds(10)
    /// From the end of the head to the end of the body, in total.
    package var bodyTimeout: Duration = .seconds(15)
    /// How long a connection may be open without a byte of a request.
    package var idleTimeout: Duration = .seconds(75)
    /// The same for a connection without any request yet, once the server is stopping.
    package var lastFirstRequest: Duration = .seconds(1)
    /// How long a client may take no byte of an answer that is ready for it.
    package var writeTimeout: Duration = .seconds(15)
    package var handshakeTimeout: Duration = .seconds(10)
    /// Certificate and key, when the server speaks TLS itself.
    package var tls: TLSContext?
    /// The answer to bytes that are no request, with what is wrong with them, or to one connection too many, with
    /// nothing; the server adds `Connection: close`.
    package var refusal: @Sendable (Status, WireError?) -> Response = { status, _ in
        .text("\(status)\n", status: status)
    }
    /// Seconds since 1970, for `Date`.
    package var clock: @Sendable () -> Int = wallClock

    package init() {}
}
