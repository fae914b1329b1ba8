import Wire

/// Whose request it is: the peer's address, or what trusted proxies in front say it is.
struct ClientAddress: Sendable {
    let trusted: [AddressBlock]

    /// Walks `X-Forwarded-For` from the right, past the proxies that are ours: what stands left of the first stranger was
    /// written by the stranger (nginx `real_ip_recursive`). Anything unreadable ends the walk.
    func of(_ request: Request) -> IPAddress? {
        guard var address = request.peer, !trusted.isEmpty, isTrusted(address) else { return request.peer }
        for hop in request.fields.values(.xForwardedFor).joined(separator: ",").split(separator: ",").reversed() {
            let text = hop.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
            guard let next = IPAddress(String(text)) else { break }
            address = next
            guard isTrusted(address) else { break }
        }
        return address
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        trusted.contains { $0.contains(address) }
    }
}
