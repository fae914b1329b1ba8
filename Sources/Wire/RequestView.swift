/// A request as it lies in memory that belongs to another, lent for the length of a call: as a rule in the buffer it came
/// in. Who answers at once copies nothing of it; who has to wait takes a `Request`.
///
/// Not copyable, and its parts are not sendable: the memory is somebody else's once the call is over.
package struct RequestView: ~Copyable {
    package let method: Method
    /// As `Request.path`.
    package let path: UnsafeBufferPointer<UInt8>
    package let query: QueryView
    package let version: Version
    package let fields: FieldsView
    /// As `Request.authority`.
    package let authority: Authority?
    package let peer: IPAddress?
    package let isSecure: Bool
    package let keepsAlive: Bool

    /// The same as a value of its own.
    package func copy() -> Request {
        Request(
            method: method, path: path.span.text, query: query.copy(), version: version, fields: fields.copy(),
            authority: authority, peer: peer, isSecure: isSecure, keepsAlive: keepsAlive)
    }

    /// Looks up a cookie by its exact name.
    package func cookie(_ name: String) -> CookieValue {
        CookieValue.find(name, in: fields)
    }
}

extension Request {
    /// Lends itself, without its body.
    package func lend<Result, Failure: Error>(
        _ body: (borrowing RequestView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try path.utf8Span.span.withUnsafeBufferPointer { path throws(Failure) in
            try query.lend { query throws(Failure) in
                try fields.lend { fields throws(Failure) in
                    try body(
                        RequestView(
                            method: method, path: path, query: query, version: version, fields: fields,
                            authority: authority, peer: peer, isSecure: isSecure, keepsAlive: keepsAlive))
                }
            }
        }
    }
}
