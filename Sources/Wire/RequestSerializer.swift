/// Turns a request into bytes, for a server to read: head and body in one buffer.
package enum RequestSerializer {
    /// Appends the request. `Host` comes first (RFC 9110 §7.2), from the authority where there is one; the length and
    /// `Connection` are decided here.
    package static func append(_ request: Request, to bytes: inout [UInt8]) {
        let (method, host) = (request.method.description, request.authority?.description)
        let line = method.utf8.count + request.path.utf8.count + request.query.raw.utf8.count
        let room = 160 + line + (host?.utf8.count ?? 0) + request.fields.byteCount + request.body.count
        bytes.append(atMost: room) { writer in
            writer.put(method.utf8Span.span)
            writer.put(0x20)
            writer.put(request.path.utf8Span.span)
            if !request.query.isEmpty {
                writer.put(UInt8(ascii: "?"))
                writer.put(request.query.raw.utf8Span.span)
            }
            writer.put(" HTTP/1.1\r\n")
            if let host {
                writer.put("Host: ")
                writer.put(host.utf8Span.span)
                writer.put("\r\n")
            }
            writer.put(request.fields, except: host == nil ? decidedHere : decidedHereAndHost)
            if !request.body.isEmpty || expectsBody(request.method) {
                writer.put("Content-Length: ")
                writer.put(decimal: request.body.count)
                writer.put("\r\n")
            }
            if !request.keepsAlive { writer.put("Connection: close\r\n") }
            writer.put("\r\n")
            writer.put(request.body.span)
        }
    }

    private static let decidedHere = KnownFieldSet(
        .contentLength, .transferEncoding, .connection, .keepAlive, .te, .trailer, .upgrade, .expect)
    private static let decidedHereAndHost = {
        var names = decidedHere
        names.formUnion(KnownFieldSet(.host))
        return names
    }()

    /// RFC 9110 §8.6: a length is sent, if only 0, where the method gives a body a meaning.
    private static func expectsBody(_ method: Method) -> Bool {
        switch method {
        case .post, .put, .patch: true
        default: false
        }
    }
}
