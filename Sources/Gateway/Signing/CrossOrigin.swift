import Wire

/// Which pages of other origins may ask for signatures, and the CORS fields that tell their browsers so.
struct CrossOrigin: Sendable {
    /// The origin to grant, nil for a request that needs no grant.
    let granted: String?

    /// Throws `.foreignOrigin` for a page of a host that is not the account's.
    ///
    /// - Parameter site: the public URL's origin. Where it is https, pages that came over plain http get no grant: on
    ///   their way anybody could have written them. Ports are free, since WeChat's list of domains knows none.
    init(_ request: borrowing Request, desk: AccountDesk, site: Origin) throws(Failure) {
        guard let origin = request.fields[.origin] else {
            // A browser that hides the origin still tells that another site asks.
            guard request.fields[.secFetchSite] != "cross-site" else { throw .foreignOrigin }
            granted = nil
            return
        }
        // "null" is nobody's.
        guard request.fields.count(.origin) == 1, let page = Origin(serialized: origin), desk.covers(host: page.host),
            page.isSecure || !site.isSecure || page.isLoopback
        else { throw .foreignOrigin }
        granted = origin
    }

    /// - Parameter takesCredentials: whether a script may read the answer that came with its visitor's cookies.
    func grant(on response: inout Response, takesCredentials: Bool = false) throws(WireError) {
        Self.vary(&response)
        guard let granted else { return }
        try response.fields.append(.accessControlAllowOrigin, granted)
        if takesCredentials { try response.fields.append(.accessControlAllowCredentials, "true") }
    }

    /// Whether there is a grant or not, no cache may take the answer for another origin's.
    static func vary(_ response: inout Response) {
        response.fields.append(missing: varying)
    }

    private static let varying = Response(.ok, [(.vary, "Origin")]).fields
}

/// An error whose answer a page of another origin may read.
struct CrossOriginError: Error {
    let cause: any Error
    let origin: CrossOrigin
    var takesCredentials = false
}
