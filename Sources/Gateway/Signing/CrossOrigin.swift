import Wire

/// Which pages of other origins may ask for signatures, and the CORS fields that tell their browsers so.
struct CrossOrigin: Sendable {
    /// The fields of the request, whose origin is the one to grant; nil where it names none and needs no grant.
    private let granted: Fields?

    /// Throws `.foreignOrigin` for a page of a host that is not the account's.
    ///
    /// - Parameter site: the public URL's origin. Where it is https, pages that came over plain http get no grant: on
    ///   their way anybody could have written them. Ports are free, since WeChat's list of domains knows none.
    init(_ request: borrowing Request, desk: AccountDesk, site: Origin) throws(Failure) {
        // "null" is nobody's.
        let isOurs = request.fields.onlyValue(.origin) { origin in
            Origin.isSerialized(origin) { isSecure, host in
                desk.covers(host: host) && (isSecure || !site.isSecure || Domain.isLoopback(host.text))
            }
        }
        // A browser that hides the origin still tells that another site asks.
        guard isOurs ?? (request.fields[.secFetchSite] != "cross-site") else { throw .foreignOrigin }
        granted = isOurs == nil ? nil : request.fields
    }

    /// - Parameter takesCredentials: whether a script may read the answer that came with its visitor's cookies.
    func grant(on response: inout Response, takesCredentials: Bool = false) throws(WireError) {
        Self.vary(&response)
        guard let granted else { return }
        try response.fields.append(.accessControlAllowOrigin, copying: .origin, of: granted)
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
