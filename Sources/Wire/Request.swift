/// A request as it came over the wire, checked and complete.
package struct Request: Sendable {
    package var method: Method
    /// Still percent-encoded; begins with "/", or is "*" for `OPTIONS *`.
    package var path: String
    package var query: Query
    package var version: Version
    package var fields: Fields
    package var body: [UInt8]
    /// Whom the client asked for: the authority of an absolute target, else the `Host` field. Nil only in HTTP/1.0.
    package var authority: Authority?
    /// The other end of the connection; nil on a Unix socket.
    package var peer: IPAddress?
    /// Whether it came over this server's own TLS.
    package var isSecure: Bool
    /// Whether the client lets the connection live on after the response (RFC 9112 §9.3).
    package var keepsAlive: Bool

    /// What a parser found.
    init(
        method: Method, path: String, query: Query, version: Version, fields: Fields, authority: Authority?,
        keepsAlive: Bool
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.version = version
        self.fields = fields
        self.body = []
        self.authority = authority
        self.peer = nil
        self.isSecure = false
        self.keepsAlive = keepsAlive
    }

    /// A request to send, or one for a test. `target` is a path with an optional query.
    package init(
        method: Method = .get, target: String, fields: [(FieldName, String)] = [], body: [UInt8] = []
    ) throws(WireError) {
        let isVisible = target.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
        guard isVisible, target == "*" || target.hasPrefix("/") else { throw .badTarget }
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var list = Fields()
        for (name, value) in fields { try list.append(name, value) }
        self.init(
            method: method, path: String(parts[0]), query: Query(raw: parts.count > 1 ? String(parts[1]) : ""),
            version: .http11, fields: list, authority: list[.host].flatMap { Authority($0) }, keepsAlive: true)
        self.body = body
    }
}

extension Request {
    package func cookie(_ name: String) -> CookieValue {
        CookieValue.find(name, in: fields)
    }
}
