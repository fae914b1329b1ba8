import Gateway
import Wire

/// What an `AccessRecord` tells, with a path and a query of its own.
struct LoggedRequest {
    var listener = Metrics.Listener.public
    var method: Wire.Method
    var path: String
    var query = Query(raw: "")
    var status: Int
    var bytes: Int
    var took: Duration
    var requestID: RequestID
    var peer: IPAddress?

    func write(to log: EventLog) {
        path.utf8Span.span.withUnsafeBufferPointer { path in
            query.lend { query in
                log.access(
                    AccessRecord(
                        listener: listener, method: method, path: path, query: query, status: status, bytes: bytes,
                        took: took, requestID: requestID, peer: peer))
            }
        }
    }
}
