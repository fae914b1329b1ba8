package import Wire

/// A call to somebody else's server.
package struct ClientRequest: Sendable {
    package var method: Method
    /// Scheme and authority, and perhaps a path that goes before `path`. Its query and fragment are not used.
    package var base: WebURL
    /// As it stands in a request line, percent-encoded where it must be.
    package var path: String
    /// Not encoded: the client does that, and no error ever shows it.
    package var query: [(name: String, value: String)]
    package var fields: [(FieldName, String)]
    package var body: [UInt8]
    /// For the whole call, in place of the client's own.
    package var timeout: Duration?
    /// False for what counts twice if it is sent twice, though its method says otherwise.
    package var mayRepeat = true

    package init(
        _ method: Method = .get, to base: WebURL, path: String = "", query: [(name: String, value: String)] = [],
        fields: [(FieldName, String)] = [], body: [UInt8] = [], timeout: Duration? = nil
    ) {
        self.method = method
        self.base = base
        self.path = path
        self.query = query
        self.fields = fields
        self.body = body
        self.timeout = timeout
    }

    /// The path on the server: that of the base, then this one, with one slash between them.
    var fullPath: String {
        let prefix = base.path.hasSuffix("/") ? String(base.path.dropLast()) : base.path
        if path.isEmpty { return prefix.isEmpty ? "/" : prefix }
        return path.hasPrefix("/") ? prefix + path : "\(prefix)/\(path)"
    }

    /// Throws what Wire says of a path or a field that may not be sent.
    func message() throws(WireError) -> Request {
        var target = fullPath
        var separator = "?"
        for (name, value) in query {
            for part in [separator, PercentCoding.encodeComponent(name), "=", PercentCoding.encodeComponent(value)] {
                target += part
            }
            separator = "&"
        }
        var request = try Request(method: method, target: target, fields: fields, body: body)
        request.authority = base.authority
        // What comes back must be readable as it is.
        request.fields.remove(.acceptEncoding)
        return request
    }
}

/// The answer, complete.
package struct ClientResponse: Sendable {
    package var status: Status
    package var fields: Fields
    package var body: [UInt8]
}

/// How patient a client is, how much it takes, and whom it trusts.
package struct ClientOptions: Sendable {
    /// To find the address and to connect.
    package var connectTimeout: Duration = .seconds(5)
    package var tlsTimeout: Duration = .seconds(5)
    /// For the whole call, from `send` to its return.
    package var timeout: Duration = .seconds(10)
    /// The largest body that is read.
    package var responseLimit = 64 << 10
    /// How long a connection is kept for the next call. Servers close idle ones after a minute, most of them.
    package var idleTimeout: Duration = .seconds(30)
    /// How many are kept for one host, on each loop: about as many as a loop has under way at a busy moment. Each call
    /// beyond those makes a connection, which over TLS costs more than the call.
    package var idlePerHost = 64
    /// A PEM file with roots to trust beside those of the system.
    package var caFile: String?

    package init() {}
}
