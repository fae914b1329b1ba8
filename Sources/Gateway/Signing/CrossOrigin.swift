import Wire

/// Which pages of other origins may ask for signatures, and the CORS fields that tell their browsers so.
struct CrossOrigin: Sendable {
    /// Whether the request names an origin, which is the one to grant. A request without one needs no grant.
    private let isNamed: Bool

    /// The field of the request whose value is to be granted; nil where nothing is.
    var granted: FieldName? { isNamed ? .origin : nil }

    /// Throws `.foreignOrigin` for a page of a host that is not the account's.
    ///
    /// - Parameter site: the public URL's origin. Where it is https, pages that came over plain http get no grant: on
    ///   their way anybody could have written them. Ports are free, since WeChat's list of domains knows none.
    init(_ request: borrowing RequestView, desk: AccountDesk, site: Origin) throws(Failure) {
        let isSecureSite = site.isSecure
        // "null" is nobody's.
        let isOurs = request.fields.onlyValue(.origin) { origin in
            Origin.isSerialized(origin) { isSecure, host in
                desk.covers(host: host) && (isSecure || !isSecureSite || Domain.isLoopback(host.text))
            }
        }
        // A browser that hides the origin still tells that another site asks.
        guard isOurs ?? !request.fields.firstValue(.secFetchSite, is: "cross-site") else {
            throw .foreignOrigin(admitted: .ofAccount)
        }
        isNamed = isOurs != nil
    }

    /// - Parameters:
    ///   - request: the fields of the request that this was made of.
    ///   - takesCredentials: whether a script may read the answer that came with its visitor's cookies.
    func grant(
        on response: inout Response, to request: FieldsView, takesCredentials: Bool = false
    ) throws(WireError) {
        Self.vary(&response)
        guard let granted else { return }
        try response.fields.append(.accessControlAllowOrigin, copying: granted, of: request)
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
