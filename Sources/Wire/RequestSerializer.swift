/// Turns a request into bytes, for a server to read: head and body in one buffer.
package enum RequestSerializer {
    /// Appends the request. `Host` comes first (RFC 9110 §7.2), from the authority where there is one; the length and
    /// `Connection` are decided here.
    package static func append(_ request: Request, to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + 160 + request.fields.byteCount + request.body.count)
        bytes.append(contentsOf: request.method.description.utf8)
        bytes.append(0x20)
        bytes.append(contentsOf: request.path.utf8)
        if !request.query.isEmpty {
            bytes.append(UInt8(ascii: "?"))
            bytes.append(contentsOf: request.query.raw.utf8)
        }
        bytes.append(text: " HTTP/1.1\r\n")
        if let authority = request.authority { bytes.append(field: .host, text: authority.description) }
        bytes.append(request.fields, except: request.authority == nil ? decidedHere : decidedHereAndHost)
        if !request.body.isEmpty || expectsBody(request.method) {
            bytes.append(text: "Content-Length: ")
            bytes.append(decimal: request.body.count)
            bytes.append(text: "\r\n")
        }
        if !request.keepsAlive { bytes.append(text: "Connection: close\r\n") }
        bytes.append(text: "\r\n")
        bytes.append(contentsOf: request.body)
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
