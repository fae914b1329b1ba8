/// One named value of a log line.
///
/// The set is closed on purpose: the initializer is private, so a field exists only as one of the constructors here,
/// and there is none for a secret, a token, a ticket, a code, a cookie, a query value or a body.
package struct LogField: Sendable {
    enum Value: Sendable {
        case text(String)
        /// Of a URL, as it came, percent-encoded; a query in it is cut off.
        case path(String)
        case integer(Int)
    }

    let name: StaticString
    let value: Value

    private init(_ name: StaticString, _ value: Value) {
        self.name = name
        self.value = value
    }

    // Who and what
    package static func account(_ name: String) -> Self { Self("account", .text(name)) }
    /// A site of the configuration, never a name from a request.
    package static func site(_ name: String) -> Self { Self("site", .text(name)) }
    package static func appID(_ id: String) -> Self { Self("appId", .text(id)) }
    /// The first six characters only: enough to follow a complaint, too few to address a person.
    package static func openID(_ id: String) -> Self { Self("openid", .text(redactedOpenID(id))) }
    /// The beginning of the name under which the store knows the session, never of the id itself.
    package static func session(_ id: SessionID) -> Self { Self("session", .text(id.logReference)) }
    package static func scope(_ scope: String) -> Self { Self("scope", .text(scope)) }

    // Where
    package static func requestID(_ id: String) -> Self { Self("request", .text(id)) }
    package static func peer(_ address: String) -> Self { Self("peer", .text(address)) }
    package static func listener(_ name: String) -> Self { Self("listener", .text(name)) }
    package static func address(_ address: String) -> Self { Self("address", .text(address)) }
    package static func host(_ host: String) -> Self { Self("host", .text(host)) }
    package static func path(_ path: String) -> Self { Self("path", .path(path)) }
    package static func file(_ path: String) -> Self { Self("file", .text(path)) }
    package static func setting(_ keyPath: String) -> Self { Self("setting", .text(keyPath)) }

    // How it went
    package static func method(_ method: String) -> Self { Self("method", .text(method)) }
    package static func status(_ code: Int) -> Self { Self("status", .integer(code)) }
    /// A reason code out of a closed set, such as `bad_binding`.
    package static func outcome(_ code: String) -> Self { Self("outcome", .text(code)) }
    /// A sentence for people. The caller's promise: built from facts, never from a request or a reply's body.
    package static func reason(_ sentence: String) -> Self { Self("reason", .text(sentence)) }
    package static func errcode(_ code: Int) -> Self { Self("errcode", .integer(code)) }
    /// WeChat's `errmsg`, already cleaned by the WeChat room.
    package static func errmsg(_ message: String) -> Self { Self("errmsg", .text(message)) }
    package static func rid(_ id: String) -> Self { Self("rid", .text(id)) }
    package static func kind(_ kind: String) -> Self { Self("kind", .text(kind)) }

    // How many, and when
    package static func count(_ count: Int) -> Self { Self("count", .integer(count)) }
    package static func limit(_ limit: Int) -> Self { Self("limit", .integer(limit)) }
    package static func attempt(_ number: Int) -> Self { Self("attempt", .integer(number)) }
    package static func seconds(in duration: Duration) -> Self { Self("in_s", .integer(Int(duration / .seconds(1)))) }
    package static func version(_ version: String) -> Self { Self("version", .text(version)) }
    package static func signal(_ name: String) -> Self { Self("signal", .text(name)) }
}

/// `oABCDE…`: what a log may say about a person.
package func redactedOpenID(_ id: String) -> String {
    "\(id.prefix(6))…"
}
