/// The one way out: whatever carries a call to WeChat's API host and brings the reply back.
///
/// The room has no sockets of its own. A host program conforms its HTTP client; tests conform a script.
public protocol Fetcher: Sendable {
    /// Sends `call` to the API host (`https://api.weixin.qq.com`, or what stands in for it) and returns its reply.
    ///
    /// What a conforming type must do, because every promise of this room rests on it:
    /// - verify the server's certificate; a call carries the AppSecret;
    /// - percent-encode the query's values (a visitor's `code` is among them, and must not add a parameter);
    /// - return or throw within `call.timeout`, and never send the same call twice;
    /// - keep replies small (64 KiB is plenty), and follow no redirect;
    /// - log `call.description` and nothing else of it.
    func fetch(_ call: Call) async throws(FetchError) -> Reply
}

/// One call to WeChat's API host. It carries secrets, so it prints as its method and path only.
public struct Call: Sendable {
    public enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
    }

    public let method: Method
    /// Absolute path below the API host, such as `/cgi-bin/token`.
    public let path: String
    /// Names and values as they are, **not** percent-encoded, in the order to be sent.
    public let query: [(name: String, value: String)]
    /// A JSON text in UTF-8, to be sent as `application/json`; `nil` for GET.
    public let body: [UInt8]?
    /// For the whole exchange: resolve, connect, TLS, request, reply.
    public internal(set) var timeout: Duration

    public init(
        method: Method, path: String, query: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        timeout: Duration
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.timeout = timeout
    }
}

extension Call: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(method.rawValue) \(path)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["method": method, "path": path]) }
}

/// What came back. It may carry a token, so it prints as its status and size only.
public struct Reply: Sendable {
    /// The HTTP status. WeChat itself always says 200; anything else was said by something in between.
    public let status: Int
    public let body: [UInt8]

    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

extension Reply: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "\(status), \(body.count) bytes" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["status": status, "bytes": body.count]) }
}

/// Why no reply came back. The texts name hosts and nothing else: a URL of WeChat's API holds secrets.
public enum FetchError: Error, Hashable, Sendable {
    /// `Call.timeout` passed. Whether WeChat acted on the call is unknown.
    case timedOut
    /// The host could not be resolved or connected to; nothing was sent.
    case unreachable(host: String)
    /// The connection could not be secured, for this reason; nothing was sent.
    case tls(String)
    /// The connection broke before the reply was whole. Whether WeChat acted on the call is unknown.
    case interrupted
    /// The reply was larger than the fetcher takes.
    case tooLarge
    /// What came back was not HTTP.
    case malformed
    /// The task that asked was cancelled.
    case cancelled
}

extension FetchError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .timedOut: "WeChat did not answer in time"
        case .unreachable(let host): "\(host) cannot be reached"
        case .tls(let reason): "the connection to WeChat could not be secured: \(reason)"
        case .interrupted: "the connection to WeChat broke"
        case .tooLarge: "WeChat's reply is too large"
        case .malformed: "WeChat's reply is not HTTP"
        case .cancelled: "the call was cancelled"
        }
    }
}
