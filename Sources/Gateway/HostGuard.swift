import HTTP
import Wire

/// The first responder of a listener: it answers only for the hosts it was configured with.
///
/// A server that takes any `Host` lets a page of evil.example, whose name suddenly resolves to 127.0.0.1, talk to it as
/// its own origin (DNS rebinding).
///
/// A class, so that an answer that waits holds it with one reference.
final class HostGuard: Responder {
    private let next: any Responder
    private let door: Door
    private let metrics: Metrics
    /// Lower-case names; an address stands for itself.
    private let hosts: Set<String>
    /// The same, where they are few: to compare with each costs less than to hash one.
    private let fewHosts: [String]
    /// A listener on loopback is asked for by many names and addresses; all of them are this machine.
    private let admitsLoopback: Bool
    /// Probes and scrapers ask a machine by whatever address it has today. Only a name can be rebound.
    private let admitsAddresses: Bool
    /// On our own TLS, browsers are told to come back over TLS only (RFC 6797).
    private let tellsStrictTransport: Bool

    /// For a year.
    private static let strictTransport = Response(.ok, [(.strictTransportSecurity, "max-age=31536000")]).fields

    init(
        next: any Responder, door: Door, metrics: Metrics, hosts: Set<String>, admitsLoopback: Bool,
        admitsAddresses: Bool, tellsStrictTransport: Bool
    ) {
        self.next = next
        self.door = door
        self.metrics = metrics
        self.hosts = hosts
        fewHosts = hosts.count <= 4 ? hosts.sorted() : []
        self.admitsLoopback = admitsLoopback
        self.admitsAddresses = admitsAddresses
        self.tellsStrictTransport = tellsStrictTransport
    }

    func respond(to request: Request) async -> Response {
        await answer(to: request).response(to: request)
    }

    func answer(to request: Request) async -> Answer {
        metrics.requestWaits(true)
        guard isForUs(request.authority) else {
            return completed(.response(door.refusal(Failure.misdirected, request)))
        }
        return completed(await next.answer(to: request))
    }

    // Never inlined: a handler that waits would hold the room that these need.
    @inline(never)
    private func completed(_ answer: Answer) -> Answer {
        switch answer {
        case .response(let response): .response(completed(response))
        case .after(let work, let then): .after(work) { [self] request in completed(await then(request)) }
        }
    }

    private func completed(_ response: Response) -> Response {
        var response = response
        complete(&response)
        metrics.requestWaits(false)
        return response
    }

    func respondNow(to request: borrowing RequestView, into sink: inout AnswerSink) -> Bool {
        guard isForUs(request.authority) else { return false }
        if tellsStrictTransport { sink.fieldsOfEveryAnswer = Self.strictTransport }
        return next.respondNow(to: request, into: &sink)
    }

    private func complete(_ response: inout Response) {
        // What the router and the files answer to OPTIONS by themselves.
        if response.status == .noContent { Door.protect(&response) }
        if tellsStrictTransport { response.fields.append(missing: Self.strictTransport) }
    }

    private func isForUs(_ authority: Authority?) -> Bool {
        guard let authority else { return true }
        return (fewHosts.isEmpty ? hosts.contains(authority.host) : fewHosts.contains(authority.host))
            || (admitsLoopback && Domain.isLoopback(authority.host)) || (admitsAddresses && authority.address != nil)
    }
}
