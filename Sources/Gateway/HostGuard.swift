import HTTP
import Wire

/// The first responder of a listener: it answers only for the hosts it was configured with.
///
/// A server that takes any `Host` lets a page of evil.example, whose name suddenly resolves to 127.0.0.1, talk to it as
/// its own origin (DNS rebinding).
struct HostGuard: Responder {
    let next: any Responder
    let door: Door
    let metrics: Metrics
    /// Lower-case names; an address stands for itself.
    let hosts: Set<String>
    /// A listener on loopback is asked for by many names and addresses; all of them are this machine.
    let admitsLoopback: Bool
    /// Probes and scrapers ask a machine by whatever address it has today. Only a name can be rebound.
    let admitsAddresses: Bool
    /// On our own TLS, browsers are told to come back over TLS only (RFC 6797).
    let tellsStrictTransport: Bool

    private static let aYear = "max-age=31536000"

    func respond(to request: Request) async -> Response {
        metrics.requestWaits(true)
        defer { metrics.requestWaits(false) }
        var response =
            if isForUs(request) {
                await next.respond(to: request)
            } else {
                door.refusal(Failure.misdirected, request)
            }
        complete(&response)
        return response
    }

    func respondNow(to request: Request) -> Response? {
        guard isForUs(request), var response = next.respondNow(to: request) else { return nil }
        complete(&response)
        return response
    }

    private func complete(_ response: inout Response) {
        // What the router answers to OPTIONS by itself. Files bring their own fields.
        if response.status == .noContent { Door.protect(&response) }
        if tellsStrictTransport { try? response.fields.append(.strictTransportSecurity, Self.aYear) }
    }

    private func isForUs(_ request: Request) -> Bool {
        guard let authority = request.authority else { return true }
        return hosts.contains(authority.host) || (admitsLoopback && Domain.isLoopback(authority.host))
            || (admitsAddresses && authority.address != nil)
    }
}
