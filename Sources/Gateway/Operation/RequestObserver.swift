import HTTP
import Reactor
import Secure
import Wire

/// Turns what a server tells into log lines and figures. A class, since every request takes it in hand.
final class RequestObserver: ServerObserver {
    let listener: Metrics.Listener
    let log: EventLog
    let metrics: Metrics
    let addresses: ClientAddress
    /// The patterns of the route table, and at the same place what is counted for each; every other path counts as a
    /// file. To compare with a few costs less than to hash one.
    private let patterns: [[UInt8]]
    private let routes: [RouteMetrics]
    private let files: RouteMetrics

    init(
        listener: Metrics.Listener, log: EventLog, metrics: Metrics, addresses: ClientAddress, paths: [String]
    ) {
        self.listener = listener
        self.log = log
        self.metrics = metrics
        self.addresses = addresses
        patterns = paths.map { Array($0.utf8) }
        routes = paths.map { metrics.route($0) }
        files = metrics.route("files")
    }

    func note(_ event: ServerEvent) {
        switch event {
        case .opened: metrics.count(.connectionOpened(listener))
        case .closed: metrics.count(.connectionClosed(listener))
        case .refused(let error, let peer): refused(error, peer)
        case .stalled(let peer): fault(.writeTimeout, peer, "a client took no byte of its answer")
        case .overloaded(let peer): fault(.overLimit, peer, "more connections than limits.connections allows")
        case .turnedAway(let error): fault(.broken, nil, error.description)
        case .handshakeFailed(_, let peer): fault(.tls, peer, "no TLS was agreed upon")
        case .acceptingFailed(let error):
            log.error("listener broken", [.listener(listener.rawValue), .reason(error.description)])
        }
    }

    func answered(
        _ request: borrowing RequestView, with status: Status, requestID: String?, bytes: Int, from start: Deadline,
        to end: Deadline, wasCut: Bool
    ) {
        route(of: request.path).note(request.method, status, nanoseconds: end.nanoseconds(since: start))
        // Whoever is refused for asking too often must not fill the disk by it: `RateLimit` tells of him now and then.
        guard status != .tooManyRequests, log.logsAccess else { return }
        log.access(
            AccessRecord(
                listener: listener, method: request.method, path: request.path, query: request.query,
                status: status.code, bytes: bytes, took: end.since(start),
                requestID: requestID.map { .given($0) } ?? RequestID.of(request), peer: addresses.of(request)))
    }

    private func refused(_ error: WireError, _ peer: IPAddress?) {
        let kind: Metrics.ConnectionFault =
            switch error.status {
            case .requestTimeout: .requestTimeout
            case .payloadTooLarge, .uriTooLong, .headerFieldsTooLarge: .tooLarge
            default: .malformed
            }
        fault(kind, peer, "answered \(error.status)")
    }

    /// Faults of strangers, by the thousand in an attack: counted always, logged only for whoever looks closely.
    private func fault(_ kind: Metrics.ConnectionFault, _ peer: IPAddress?, _ reason: String) {
        metrics.count(.connectionFault(listener, kind))
        log.debug(
            "connection",
            [.listener(listener.rawValue), .outcome(kind.rawValue), .reason(reason)]
                + (peer.map { [.peer($0.description)] } ?? []))
    }

    private func route(of path: UnsafeBufferPointer<UInt8>) -> RouteMetrics {
        for place in patterns.indices where path.isEqual(to: patterns[place]) { return routes[place] }
        for (prefix, pattern) in Self.patternsOfAccounts where path.starts(with: prefix) {
            if let place = patterns.firstIndex(of: pattern) { return routes[place] }
        }
        return files
    }

    private static let patternsOfAccounts = ["/redirect/", "/api/wechat/"].map { prefix in
        (prefix: Array(prefix.utf8), pattern: Array("\(prefix){account}".utf8))
    }
}
