package import Wire

/// One answered request as the access log tells it: never a query value, a cookie, a header or a body.
///
/// The path and the query are lent, so a record lives no longer than the call in which its line is written.
package struct AccessRecord {
    package var listener: Metrics.Listener
    package var method: Method
    /// As it came, percent-encoded; cut at 256 bytes.
    package var path: UnsafeBufferPointer<UInt8>
    /// Of which the names are told.
    package var query: QueryView
    package var status: Int
    /// Bytes of the answer, its head included.
    package var bytes: Int
    package var took: Duration
    package var requestID: RequestID
    /// The visitor's address, nil on a Unix socket.
    package var peer: IPAddress?

    package init(
        listener: Metrics.Listener = .public, method: Method, path: UnsafeBufferPointer<UInt8>, query: QueryView,
        status: Int, bytes: Int, took: Duration, requestID: RequestID, peer: IPAddress?
    ) {
        self.listener = listener
        self.method = method
        self.path = path
        self.query = query
        self.status = status
        self.bytes = bytes
        self.took = took
        self.requestID = requestID
        self.peer = peer
    }

    static let pathLimit = 256
    /// More than the methods of RFC 9110 need, and those of WebDAV that have one word.
    static let methodLimit = 16

    /// More bytes than its fields take in a line. For most requests it is less than 1,024, which a stack has.
    var room: Int {
        var room = Self.fixedRoom + LogLine.room(forTextOf: shownMethod.utf8.count)
        room += LogLine.room(forTextOf: path.count, limit: Self.pathLimit)
        if !query.isEmpty { room += QueryNames.room }
        if case .given(let text) = requestID { room += LogLine.room(forTextOf: text.utf8.count) }
        return room
    }

    /// More than the names, the numbers and the addresses need: 217 bytes in JSON.
    private static let fixedRoom = 256

    private var shownMethod: String {
        let name = method.description
        return name.utf8.count <= Self.methodLimit ? name : "other"
    }

    func put(to line: inout LogLine) {
        line.put("method", shownMethod.utf8Span.span)
        line.put("path", path: path.span, limit: Self.pathLimit)
        if !query.isEmpty {
            let names = QueryNames(query)
            // "&" alone names nothing.
            if !names.isEmpty { line.put("query", names) }
        }
        line.put("status", status)
        line.put("bytes", bytes)
        line.put("ms", took)
        switch requestID {
        case .given(let text): line.put("request", text.utf8Span.span)
        case .drawn(let number): line.put("request", hexadecimal: number)
        }
        if let peer { line.put("peer", peer) }
        if listener != .public { line.put("listener", listener.rawValue.utf8Span.span) }
    }
}
