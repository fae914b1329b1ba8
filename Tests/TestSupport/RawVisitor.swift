/// A browser, as far as cookies go: one connection per request, and it follows nothing by itself.
package struct RawVisitor {
    package let port: UInt16
    package var host: String
    package var cookies: [String: String] = [:]
    /// Fields of every request.
    package var standing: [(String, String)] = []

    package init(port: UInt16, host: String) {
        self.port = port
        self.host = host
    }

    @discardableResult
    package mutating func get(_ target: String, _ fields: [(String, String)] = []) throws -> RawResponse {
        try send("GET", target, fields)
    }

    @discardableResult
    package mutating func post(
        _ target: String, _ fields: [(String, String)] = [], json: String? = nil
    ) throws -> RawResponse {
        try send("POST", target, fields + (json == nil ? [] : [("Content-Type", "application/json")]), json ?? "")
    }

    @discardableResult
    package mutating func send(
        _ method: String, _ target: String, _ fields: [(String, String)] = [], _ body: String = ""
    ) throws -> RawResponse {
        let client = try RawClient(port: port)
        try client.send(request(method, target, fields + [("Connection", "close")], body))
        let response = try client.receiveResponse(toHead: method == "HEAD")
        keep(response)
        return response
    }

    /// The bytes of a request, for those who send several at a time.
    package func request(
        _ method: String, _ target: String, _ fields: [(String, String)] = [], _ body: String = ""
    ) -> String {
        var text = "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
        for (name, value) in standing + fields { text += "\(name): \(value)\r\n" }
        if !cookies.isEmpty {
            text += "Cookie: \(cookies.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: "; "))\r\n"
        }
        if method == "POST" { text += "Content-Length: \(body.utf8.count)\r\n" }
        return text + "\r\n" + body
    }

    package mutating func keep(_ response: RawResponse) {
        for (name, line) in response.fields where name == "set-cookie" {
            let pair = line.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2 else { continue }
            cookies[String(pair[0])] = line.contains("Max-Age=0") ? nil : String(pair[1])
        }
    }
}

extension RawVisitor {
    /// Opens a link, and goes to the platform and back as a phone would: start, consent, callback. The answer is the
    /// callback's.
    package mutating func logIn(
        _ platform: FakePlatform, as openID: String? = nil, _ target: String = "/redirect?to=/orders"
    ) throws -> RawResponse {
        if let openID { platform.change { $0.person.openID = openID } }
        let start = try get(target)
        guard let callback = try consent(start, platform) else { return start }
        return try get(callback)
    }

    /// What the platform makes of the redirect to it: the callback's target on this server. Nil when `start` does not
    /// lead to the platform.
    package func consent(_ start: RawResponse, _ platform: FakePlatform) throws -> String? {
        guard let location = start["location"], location.hasPrefix(platform.origin) else { return nil }
        // A browser does not send the fragment.
        let link = location.dropFirst(platform.origin.utf8.count).prefix { $0 != "#" }
        var phone = RawVisitor(port: platform.port, host: "127.0.0.1:\(platform.port)")
        let page = try phone.get(String(link))
        guard page.status == 302, let way = page["location"], let path = Self.path(of: way) else {
            throw ChildProcess.Failure("the platform refuses \(link): \(page.text)")
        }
        return path
    }

    /// `/path?query` of an absolute URL.
    package static func path(of url: String) -> String? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let rest = url[scheme.upperBound...]
        guard let slash = rest.firstIndex(of: "/") else { return "/" }
        return String(rest[slash...])
    }
}

extension RawResponse {
    /// A parameter of the query of `Location`.
    package func parameter(_ name: String) -> String? {
        guard let location = self["location"], let start = location.firstIndex(of: "?") else { return nil }
        return parseQuery(String(location[location.index(after: start)...].prefix { $0 != "#" }))[name]
    }

    /// The lines that set cookies.
    package var setCookies: [String] { fields.filter { $0.name == "set-cookie" }.map(\.value) }
}
