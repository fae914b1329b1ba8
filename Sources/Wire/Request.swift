/// A request as a value: what `RequestParser` yields, what handlers take, what a client sends.
///
/// Wire is HTTP without input or output. `HTTP` feeds its parsers and sends what its serializers append; the rooms above
/// read and make its values. It imports nothing, so that everything in it can be tested with bytes alone.
package struct Request: Sendable {
    package var method: Method
    /// Still percent-encoded. Begins with "/", or is "*": for `OPTIONS *`, and for `CONNECT`, which names no path.
    package var path: String
    package var query: Query
    package var version: Version
    package var fields: Fields
    package var body: [UInt8] = []
    /// Whom the client asked for: the authority of an absolute target, else the `Host` field. Nil only in HTTP/1.0.
    package var authority: Authority?
    /// The other end of the connection; nil on a Unix socket.
    package var peer: IPAddress?
    /// Whether it came over this server's own TLS.
    package var isSecure: Bool
    /// Whether the client lets the connection live on after the response (RFC 9112 §9.3).
    package var keepsAlive: Bool

    /// Looks up a cookie by its exact name.
    package func cookie(_ name: String) -> CookieValue {
        fields.lend { CookieValue.find(name, in: $0) }
    }
}

// Apart, so that the parser has the memberwise initialiser: one that is written out puts the request together in one
// place and copies it to another.
extension Request {
    /// A request to send, or one for a test. Throws `.badTarget`, `.badHost` and `.badFieldValue` for what the parser of
    /// the other side would refuse.
    package init(
        method: Method = .get, target: String, fields: [(FieldName, String)] = [], body: [UInt8] = []
    ) throws(WireError) {
        let bytes = target.utf8Span.span
        var authority: Authority?
        let parsed = try RequestTarget(bytes, method: method, authority: &authority)
        let (path, query) = bytes.withUnsafeBufferPointer {
            (parsed.path(in: $0).span.text, parsed.query(in: $0).copy())
        }
        var list = Fields()
        for (name, value) in fields { try list.append(name, value) }
        if authority == nil, let host = list[.host] {
            authority = Authority(host)
            guard authority != nil else { throw .badHost }
        }
        self.init(
            method: method, path: path, query: query, version: .http11, fields: list, body: body,
            authority: authority, isSecure: false, keepsAlive: true)
    }
}
