/// Turns a response into bytes, as the answer to one request: head and body in one buffer, for one `send`.
///
/// The framing is decided here and nowhere else. `Content-Length`, `Transfer-Encoding`, `Connection` and `Date` in a
/// response's fields are left out, so that no handler can contradict the body it returns.
package struct ResponseSerializer: Sendable {
    /// What is still to be sent after the appended bytes.
    package enum Remainder: Hashable, Sendable {
        case none
        /// A stream of exactly so many bytes.
        case length(Int)
        /// A stream in chunks: `append(chunk:)` each, then `appendLastChunk`.
        case chunked
        /// A stream which the end of the connection ends.
        case untilClose
    }

    package struct Outcome: Hashable, Sendable {
        package var remainder: Remainder
        /// Whether another request may follow on the connection.
        package var keepsAlive: Bool
    }

    private let method: Method
    private let version: Version
    private let keepsAlive: Bool

    /// Answers this request; `mayKeepAlive` is false when the server wants the connection to end.
    package init(to request: borrowing Request, mayKeepAlive: Bool = true) {
        method = request.method
        version = request.version
        keepsAlive = request.keepsAlive && mayKeepAlive
    }

    /// The same for one that was lent.
    package init(to request: borrowing RequestView, mayKeepAlive: Bool = true) {
        method = request.method
        version = request.version
        keepsAlive = request.keepsAlive && mayKeepAlive
    }

    /// Answers what was no request, but perhaps the beginning of a HEAD; the connection ends.
    package init(toHead isToHead: Bool = false) {
        method = isToHead ? .head : .get
        version = .http11
        keepsAlive = false
    }

    /// Appends the head and what is at hand of the body. `date` is the text of the `Date` field, which RFC 9110 §6.6.1
    /// asks of a server with a clock. Nothing is appended for `.abort`.
    package func append(_ response: Response, date: [UInt8], to bytes: inout [UInt8]) -> Outcome {
        if case .abort = response.body { return Outcome(remainder: .none, keepsAlive: false) }
        let (length, streamed) = framing(of: response)
        let keepsAlive = keepsAlive && !response.closesConnection && streamed != .untilClose

        var room = Self.frame + date.count + response.status.reason.utf8.count + response.fields.byteCount
        if case .bytes(let body) = response.body { room += body.count }
        bytes.append(atMost: room) { writer in
            Self.open(response.status, date, &writer)
            writer.put(response.fields, except: Self.decidedHere)
            if streamed == .chunked { writer.put("Transfer-Encoding: chunked\r\n") }
            close(length, keepsAlive, &writer)
            if case .bytes(let body) = response.body, !forbidsBody(response.status) { writer.put(body.span) }
        }
        return Outcome(remainder: streamed, keepsAlive: keepsAlive)
    }

    /// The same for an answer that is not put together before: fields that many have in common, one more whose value is
    /// copied from the request if it has it, and a body that is lent. Throws as `Fields.append`, and nothing is appended.
    ///
    /// - Parameter fields: as they go out, with none that is decided here.
    /// - Returns: whether another request may follow on the connection.
    package func append(
        _ status: Status, _ fields: Fields, _ name: FieldName, copying other: FieldName?, of request: FieldsView,
        body: UnsafeBufferPointer<UInt8>, date: [UInt8], to bytes: inout [UInt8]
    ) throws(WireError) -> Bool {
        precondition(fields.isSerialized && !status.forbidsBody, "such an answer has fields of ours and a body")
        let value = other.flatMap { request.first($0) }
        if let value { try Fields.check(value.span) }
        let room =
            Self.frame + date.count + status.reason.utf8.count + fields.byteCount + name.withBytes(\.count)
            + (value?.count ?? 0) + body.count
        bytes.append(atMost: room) { writer in
            Self.open(status, date, &writer)
            writer.put(fields, except: Self.decidedHere)
            if let value {
                name.withBytes { writer.put($0) }
                writer.put(": ")
                writer.put(value)
                writer.put("\r\n")
            }
            close(body.count, keepsAlive, &writer)
            if !forbidsBody(status) { writer.put(body) }
        }
        return keepsAlive
    }

    /// More than what is written around the fields and the body, but for the date and the reason.
    private static let frame = 160

    @inline(__always)
    private static func open(_ status: Status, _ date: [UInt8], _ writer: inout ByteWriter) {
        // §2.5 of RFC 9112: the version is the server's own, also towards 1.0.
        if status == .ok {
            writer.put("HTTP/1.1 200 OK\r\nDate: ")
        } else {
            writer.put("HTTP/1.1 ")
            writer.put(decimal: status.code)
            writer.put(0x20)
            writer.put(status.reason.utf8Span.span)
            writer.put("\r\nDate: ")
        }
        writer.put(date.span)
        writer.put("\r\n")
    }

    @inline(__always)
    private func close(_ length: Int?, _ keepsAlive: Bool, _ writer: inout ByteWriter) {
        if let length {
            writer.put("Content-Length: ")
            writer.put(decimal: length)
            writer.put("\r\n")
        }
        if !keepsAlive {
            writer.put("Connection: close\r\n")
        } else if version == .http10 {
            writer.put("Connection: keep-alive\r\n")
        }
        writer.put("\r\n")
    }

    /// Appends one chunk; none for no bytes, since an empty chunk would end the body (RFC 9112 §7.1).
    package static func append(chunk: [UInt8], to bytes: inout [UInt8]) {
        guard !chunk.isEmpty else { return }
        bytes.append(contentsOf: String(chunk.count, radix: 16).utf8)
        bytes.append(text: "\r\n")
        bytes.append(contentsOf: chunk)
        bytes.append(text: "\r\n")
    }

    package static func appendLastChunk(to bytes: inout [UInt8]) {
        bytes.append(text: "0\r\n\r\n")
    }

    /// RFC 9112 §6.3: HEAD, 1xx, 204 and 304 end with the head.
    private func forbidsBody(_ status: Status) -> Bool {
        method == .head || status.forbidsBody
    }

    /// The `Content-Length`, if there is one, and what follows the appended bytes. To HEAD the length is told that GET
    /// would have (RFC 9110 §8.6); a 1xx or 204 must not have one, and a 304 need not.
    private func framing(of response: Response) -> (length: Int?, remainder: Remainder) {
        guard !response.status.forbidsBody else { return (nil, .none) }
        switch response.body {
        case .empty, .abort:
            return (0, .none)
        case .bytes(let body):
            return (body.count, .none)
        case .stream(let length?, _):
            return (length, method == .head ? .none : .length(length))
        case .stream(nil, _):
            guard method != .head else { return (nil, .none) }
            return (nil, version == .http11 ? .chunked : .untilClose)
        }
    }

    private static let decidedHere = KnownFieldSet(
        .contentLength, .transferEncoding, .connection, .keepAlive, .trailer, .upgrade, .date)
}
