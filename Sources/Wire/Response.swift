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

    /// Fields from the source itself. A literal that cannot be a field value is a bug.
    package init(_ status: Status, _ fields: [(FieldName, String)], body: Body = .empty) {
        self.init(status, body: body)
        for (name, value) in fields {
            do {
                try self.fields.append(name, value)
            } catch {
                preconditionFailure("a field value holds a control byte")
            }
        }
    }

    package static func text(_ text: String, status: Status = .ok) -> Response {
        Response(status, [(.contentType, "text/plain; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }

    package static func html(_ text: String, status: Status = .ok) -> Response {
        Response(status, [(.contentType, "text/html; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }

    package static func json(_ bytes: [UInt8], status: Status = .ok) -> Response {
        Response(status, [(.contentType, "application/json; charset=utf-8")], body: .bytes(bytes))
    }

    /// Throws `.badFieldValue` when the location holds bytes that have no place in a field.
    package static func redirect(to location: String, status: Status = .found) throws(WireError) -> Response {
        var response = Response(status)
        try response.fields.append(.location, location)
        return response
    }
}

/// Where a streamed body is written.
package protocol BodySink: Sendable {
    /// Returns when the bytes are on their way; throws when the client has gone.
    func write(_ bytes: [UInt8]) async throws
}
