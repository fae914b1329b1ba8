import Wire

/// Which pages of other origins may ask for signatures, and the CORS fields that tell their browsers so.
struct CrossOrigin: Sendable {
    /// The origin to grant, nil for a request that needs no grant.
    let granted: String?

    /// Throws `.foreignOrigin` for a page of a host that is not the account's.
    init(_ request: Request, desk: AccountDesk) throws(Failure) {
        guard let origin = request.fields[.origin] else {
            // A browser that hides the origin still tells that another site asks.
            guard request.fields[.secFetchSite] != "cross-site" else { throw .foreignOrigin }
            granted = nil
            return
        }
        guard request.fields.count(.origin) == 1, let host = Self.host(origin), desk.covers(host: host) else {
            throw .foreignOrigin
        }
        granted = origin
    }

    /// `scheme://host[:port]` and nothing else; "null" is nobody's.
    private static func host(_ origin: String) -> String? {
        for scheme in ["https://", "http://"] where origin.hasPrefix(scheme) {
            return Authority(String(origin.dropFirst(scheme.count)))?.host
        }
        return nil
    }

    func grant(on response: inout Response) throws(WireError) {
        try response.fields.append(.vary, "Origin")
        if let granted { try response.fields.append(.accessControlAllowOrigin, granted) }
    }
}

/// An error whose answer a page of another origin may read.
struct CrossOriginError: Error {
    let cause: any Error
    let origin: CrossOrigin
}
