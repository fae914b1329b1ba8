/// What a handler returns; the server adds `Date`, the framing fields and `Connection`.
package struct Response: Sendable {
    package var status: Status
    package var fields: Fields
    package var body: Body
    /// Whether the server must close the connection after this response.
    package var closesConnection: Bool

    package enum Body: Sendable {
        case empty
        case bytes([UInt8])
        /// Written piece by piece. Without a length it is chunked, or ends with the connection in HTTP/1.0. An error
        /// thrown after the head is out aborts the connection, so that the client sees a truncated body as such.
        case stream(length: Int?, @Sendable (any BodySink) async throws -> Void)
        /// No answer at all: the connection is reset, as with nginx's `return 444`.
        case abort
    }

    package init(_ status: Status, fields: Fields = Fields(), body: Body = .empty) {
        self.status = status
        self.fields = fields
        self.body = body
        self.closesConnection = false
    }

    /// A value which may not go over the wire turns the whole answer into a bare 500: nothing of a response that someone
    /// tried to split is worth sending (RFC 9112 §11.1).
    package init(_ status: Status, _ fields: [(FieldName, String)], body: Body = .empty) {
        self.init(status, body: body)
        do throws(WireError) {
            for (name, value) in fields { try self.fields.append(name, value) }
        } catch {
            self.init(.internalError)
        }
    }

    package static func text(_ text: String, status: Status = .ok) -> Response {
        Response(status, [(.contentType, "text/plain; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }

    package static func html(_ text: String, status: Status = .ok) -> Response {
        Response(status, [(.contentType, "text/html; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }

    package static func json(_ bytes: [UInt8], status: Status = .ok) -> Response {
        Response(status, fields: jsonFields, body: .bytes(bytes))
    }

    private static let jsonFields = Response(.ok, [(.contentType, "application/json; charset=utf-8")]).fields

    /// 302, or 303 after a POST; never 307 or 308, which make the browser send its body on (RFC 9700 §4.12).
    package static func redirect(to location: String, status: Status = .found) -> Response {
        Response(status, [(.location, location)])
    }
}

/// Where a streamed body is written.
package protocol BodySink: Sendable {
    /// Returns when the bytes are on their way; throws when the client has gone.
    func write(_ bytes: [UInt8]) async throws
}
