import Wire

/// Whose request it is: the peer's address, or what trusted proxies in front say it is.
struct ClientAddress: Sendable {
    let trusted: [AddressBlock]

    /// Walks `X-Forwarded-For` from the right, past the proxies that are ours: what stands left of the first stranger was
    /// written by the stranger (nginx `real_ip_recursive`). Anything unreadable ends the walk.
    func of(_ request: Request) -> IPAddress? {
        guard request.fields.contains(.xForwardedFor), request.peer.map(isTrusted) ?? true else { return request.peer }
        // Nobody comes over a Unix socket but a proxy on this machine.
        var address = request.peer
        for hop in request.fields.values(.xForwardedFor).joined(separator: ",").split(separator: ",").reversed() {
            let text = hop.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            guard let next = IPAddress(String(text)) else { break }
            address = next
            guard isTrusted(next) else { break }
        }
        return address
    }

    /// The address that a limit per address counts for a request. Nil for programs on this machine, and for proxies that
    /// do not say whose request it is: all visitors would be one.
    func counted(_ request: Request) -> IPAddress? {
        guard let address = of(request), !address.isLoopback, !isTrusted(address) else { return nil }
        return address
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        trusted.contains { $0.contains(address) }
    }
}
