/// One answered request as the access log tells it: never a query value, a cookie, a header or a body.
package struct AccessRecord: Sendable {
    package var method: String
    /// As it came, percent-encoded; cut at 256 bytes.
    package var path: String
    /// The names of the query's parameters; logged sorted, each once.
    package var queryKeys: [String]
    package var status: Int
    /// Bytes of the body.
    package var bytes: Int
    package var took: Duration
    package var requestID: String
    /// The visitor's address, nil on a Unix socket.
    package var peer: String?
    package var listener: StaticString

    package init(
        listener: StaticString = "public", method: String, path: String, queryKeys: [String] = [], status: Int,
        bytes: Int, took: Duration, requestID: String, peer: String?
    ) {
        self.listener = listener
        self.method = method
        self.path = path
        self.queryKeys = queryKeys
        self.status = status
        self.bytes = bytes
        self.took = took
        self.requestID = requestID
        self.peer = peer
    }

    static let pathLimit = 256
    /// More names than any route of ours takes.
    static let keyCountLimit = 16

    var fields: [LogField] {
        var fields: [LogField] = []
        fields.reserveCapacity(9)
        fields.append(.method(shownMethod))
        fields.append(.path(shownPath))
        if !queryKeys.isEmpty { fields.append(.queryKeys(shownKeys)) }
        fields.append(.status(status))
        fields.append(.bytes(bytes))
        fields.append(.took(took))
        fields.append(.requestID(requestID))
        if let peer { fields.append(.peer(peer)) }
        if listener.description != "public" {
            fields.append(.listener(listener.description))
        }
        return fields
    }

    private var shownMethod: String { method.utf8.count <= 16 ? method : "other" }

    private var shownPath: String {
        path.utf8.count <= Self.pathLimit
            ? path : String(decoding: path.utf8.prefix(Self.pathLimit), as: UTF8.self) + "…"
    }

    /// A "name" may be a value in disguise (`?SECRET` has no `=`). The names Magpie and WeChat use are short words;
    /// codes, states, tickets and session ids are all longer than that, so longer names are not shown.
    private var shownKeys: [String] {
        // The common case, without a set.
        if queryKeys.count == 1, Self.isShortWord(queryKeys[0]) { return queryKeys }
        let names = Set(queryKeys.map { Self.isShortWord($0) ? $0 : "(other)" }).sorted()
        return names.count <= Self.keyCountLimit ? names : names.prefix(Self.keyCountLimit) + ["…"]
    }

    private static func isShortWord(_ name: String) -> Bool {
        (1...20).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}

extension EventLog {
    /// The line of one answered request, when requests are logged at all.
    package func access(_ record: @autoclosure () -> AccessRecord) {
        guard logsAccess, level <= .info else { return }
        log(.info, "request", record().fields)
    }
}
