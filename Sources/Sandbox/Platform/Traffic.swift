import Wire

/// The last calls, as they came and as they were answered: for assertions, for the console, and for `openapi/rid/get`.
///
/// Kept as bytes and read only when somebody looks, so that a load test pays two small copies a call. What is shown is cut:
/// `JSONValue.withoutSecrets`.
struct Traffic: Sendable {
    struct Exchange: Sendable {
        let number: Int
        /// When it came and when it was answered, in seconds since 1970 by the sandbox's own clock.
        let time: Int
        let answeredAt: Int
        let method: String
        let path: String
        let query: String
        let contentType: String
        let body: [UInt8]
        let userAgent: String
        let caller: String
        /// `nil`: the connection was cut instead.
        let status: Int?
        let location: String?
        /// Empty for what is too long to keep, or is no text of the API.
        let answer: [UInt8]
        let fault: String?
    }

    static let capacity = 500
    private static let keptBytes = 4_096

    private var exchanges: [Exchange] = []
    private(set) var lastNumber = 0

    var latest: ArraySlice<Exchange> { exchanges.suffix(Self.capacity) }

    mutating func record(_ request: Request, _ response: Response, fault: String?, since time: Int, at now: Int) {
        lastNumber += 1
        var (status, answer): (Int?, [UInt8]) = (response.status.code, [])
        switch response.body {
        case .abort: status = nil
        case .bytes(let bytes) where bytes.count <= Self.keptBytes: answer = bytes
        default: break
        }
        exchanges.append(
            Exchange(
                number: lastNumber, time: time, answeredAt: now, method: request.method.description, path: request.path,
                query: request.query.raw, contentType: request.fields[.contentType] ?? "",
                body: Array(request.body.prefix(Self.keptBytes)), userAgent: request.fields[.userAgent] ?? "",
                caller: request.peer.map { "\($0)" } ?? "", status: status, location: response.fields[.location],
                answer: answer, fault: fault))
        // Trimmed in blocks, as the journal is.
        if exchanges.count >= Self.capacity * 2 { exchanges.removeFirst(exchanges.count - Self.capacity) }
    }

    mutating func clear() { exchanges = [] }
}

extension Traffic.Exchange {
    /// What was asked: the members of the query and of the body. Not for showing as they are.
    var parameters: [String: JSONValue] {
        var parameters = Self.members(of: Query(raw: query))
        if case .object(let members) = JSONValue(parsing: body) {
            parameters.merge(members) { _, last in last }
        } else if contentType.hasPrefix("application/x-www-form-urlencoded") {
            parameters.merge(Self.members(of: parseForm(body))) { _, last in last }
        }
        // A decision on the page of consent carries the link it is about.
        if case .text(let link)? = parameters["link"] {
            parameters["link"] = nil
            parameters.merge(Self.members(of: Query(raw: link))) { first, _ in first }
        }
        return parameters
    }

    /// What was answered, when it was JSON; read leniently, as nicknames carry broken UTF-8 and control bytes.
    var answerMembers: JSONValue {
        guard answer.first == UInt8(ascii: "{") else { return .null }
        let text = String(decoding: answer.filter { $0 >= 0x20 }, as: UTF8.self)
        return JSONValue(parsing: Array(text.utf8)) ?? .null
    }

    private static func members(of query: Query) -> [String: JSONValue] {
        Dictionary(query.keys.map { ($0, .text((try? query.first($0)) ?? "")) }) { first, _ in first }
    }
}

extension JSONValue {
    /// The same value, fit to be pasted into an issue: an AppSecret, which may be a real one that was sent here by mistake,
    /// shows nothing; of tokens, tickets and codes the last six characters are left, so that two can be told apart.
    var withoutSecrets: JSONValue {
        switch self {
        case .object(let members):
            .object(
                Dictionary(
                    members.map { name, value in (name, Self.cut(value, named: name)) }, uniquingKeysWith: { $1 }))
        case .list(let items): .list(items.map(\.withoutSecrets))
        case .text(let text) where text.utf8.count > 512: .text(String(text.prefix(512)) + "…")
        default: self
        }
    }

    private static func cut(_ value: JSONValue, named name: String) -> JSONValue {
        let name = name.lowercased()
        if name.contains("secret") { return "…" }
        guard ["access_token", "refresh_token", "code", "js_code", "ticket"].contains(name) else {
            return value.withoutSecrets
        }
        guard case .text(let text) = value else { return value.withoutSecrets }
        return .text(shortened(text))
    }

    static func shortened(_ secret: String) -> String {
        secret.utf8.count < 16 ? "…" : "…" + secret.suffix(6)
    }
}
