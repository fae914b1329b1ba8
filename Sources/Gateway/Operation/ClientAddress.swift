import Wire

/// Whose request it is: the peer's address, or what trusted proxies in front say it is.
struct ClientAddress: Sendable {
    let trusted: [AddressBlock]

    /// Walks `X-Forwarded-For` from the right, past the proxies that are ours: what stands left of the first stranger was
    /// written by the stranger (nginx `real_ip_recursive`). Anything unreadable ends the walk.
    func of(_ request: borrowing RequestView) -> IPAddress? {
        guard request.fields.contains(.xForwardedFor), request.peer.map(isTrusted) ?? true else { return request.peer }
        // Nobody comes over a Unix socket but a proxy on this machine.
        var address = request.peer
        request.fields.forEachValueFromLast(.xForwardedFor) { hops in
            var end = hops.count
            while true {
                var start = end
                while start > 0, hops[start - 1] != UInt8(ascii: ",") { start -= 1 }
                let hop = hops.trimming(start..<end)
                // Empty elements of a list mean nothing (RFC 9110 §5.6.1.2).
                if !hop.isEmpty {
                    guard let next = Self.address(hops.extracting(hop)) else { return false }
                    address = next
                    guard isTrusted(next) else { return false }
                }
                if start == 0 { return true }
                end = start - 1
            }
        }
        return address
    }

    /// Some proxies write the port behind the address.
    private static func address(_ hop: Span<UInt8>) -> IPAddress? {
        IPAddress(hop) ?? Authority(hop)?.address
    }

    /// The address that a limit per address counts for a request. Nil for programs on this machine, and for proxies that
    /// do not say whose request it is: all visitors would be one.
    func counted(_ request: borrowing RequestView) -> IPAddress? {
        guard let address = of(request), !address.isLoopback, !isTrusted(address) else { return nil }
        return address
    }

    private func isTrusted(_ address: IPAddress) -> Bool {
        trusted.contains { $0.contains(address) }
    }
}
