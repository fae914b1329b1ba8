/// A request for one of the public addresses, of bytes that end a line, or would in a careless reader, in every place
/// that a visitor may fill: query, path, cookies, fields, body.
package struct HostileRequest: CustomStringConvertible {
    package var method: String
    /// The address that is meant, without what was put behind it; nil where the bytes are no request.
    package var path: String?
    package var bytes: [UInt8]

    package var description: String { String(decoding: bytes, as: UTF8.self).debugDescription }

    /// The same request with another method.
    package func with(_ method: String) -> HostileRequest {
        HostileRequest(
            method: method, path: path, bytes: Array(method.utf8) + bytes.dropFirst(self.method.utf8.count))
    }

    private static let methods = [
        "GET", "GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "BREW",
    ]

    /// Addresses, and the parameters they read.
    private static let addresses: [(String, [String])] = [
        ("/get-signature", ["url", "account", "entry", "force", "callback"]),
        ("/redirect", ["to", "scope", "code", "state", "openid"]), ("/session", ["account", "access_token"]),
        ("/auth", ["account", "scope"]), ("/logout", ["to"]),
        ("/api/wechat", ["signature", "timestamp", "nonce", "echostr"]), ("/magpie.json", ["a"]), ("/", ["a"]),
        ("/wechat-jssdk.js", ["v"]), ("/favicon.svg", ["v"]), ("/nothing", ["a"]),
    ]

    /// Parameters with which an address goes further than its first refusal.
    private static let beginnings = [
        "/get-signature": ["url=https://h5.example.com/x"], "/redirect": ["to=/orders", "to=/orders&scope=userinfo"],
    ]

    /// In characters that stand for bytes.
    private static let splinters = [
        "\r\n", "\r", "\n", "\0", "\r\n\r\n", "\n\n", "\u{E5}\u{98}\u{8A}\u{E5}\u{98}\u{8D}",
        "\u{C4}\u{8D}\u{C4}\u{8A}",
        "\u{85}", "\u{E2}\u{80}\u{A8}", "\u{B}", "\u{C}", "\t", "\u{7F}", "\u{FF}", "\u{C0}\u{8D}", "\"",
        "<svg/onload=1>",
        "\\r\\n", ";", ",", " ", "%0d%0a", "%", "\u{1B}[31m",
    ]
    private static let lies = [
        "X-Injected: 1", "Set-Cookie: a=b", "Location: https://evil.example/", "HTTP/1.1 200 OK", "Content-Length: 0",
        "Access-Control-Allow-Origin: *", "<html>",
    ]

    /// Fields that the product reads, or might say again.
    private static let fields = [
        "X-Request-ID", "Origin", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Referer",
        "User-Agent", "Accept", "Accept-Language", "Cookie", "If-None-Match", "Authorization", "Content-Type",
        "X-WeChat-OpenID", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Access-Control-Request-Method",
        "Access-Control-Request-Headers", "Range",
    ]

    private static let plainFields = [
        "Accept: text/html", "Sec-Fetch-Mode: navigate", "Origin: https://h5.example.com", "If-None-Match: *",
        "Access-Control-Request-Method: GET",
    ]

    /// - Parameter cookies: of a visitor who is logged in; sent now and then.
    package static func make(
        port: UInt16, cookies: String, using generator: inout some RandomNumberGenerator
    ) -> HostileRequest {
        func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: values.indices, using: &generator)] }
        func chance(_ count: Int) -> Bool { Int.random(in: 1...count, using: &generator) == 1 }
        func lie() -> String {
            (0..<Int.random(in: 1...3, using: &generator)).map { _ in "x" + pick(splinters) + pick(lies) }.joined()
        }
        let method = pick(methods)
        let (path, parameters) = pick(addresses)
        var meant: String? = path
        var target = path
        // Below a name that takes one, and beside the others, is nothing.
        if chance(6) {
            target += "/" + escaped(lie(), twice: chance(3))
            meant = path == "/redirect" || path == "/api/wechat" ? path : "/nothing"
        }
        var query = chance(2) ? beginnings[path].map(pick).map { [$0] } ?? [] : []
        for name in parameters where chance(2) {
            // Raw where the grammar of a query lets it through, so that it gets as far as it can.
            query.append(name + "=" + (chance(8) ? lie() : escaped(lie(), twice: chance(4))))
        }
        if !query.isEmpty { target += "?" + query.joined(separator: "&") }
        var lines = ["\(method) \(target) HTTP/1.1", "Host: 127.0.0.1:\(port)", "Connection: close"]
        for name in fields where chance(10) {
            // A control byte is refused at once; what is without gets further.
            let isPlain = !chance(12)
            let value = lie().unicodeScalars.filter { !isPlain || ($0.value >= 32 && $0.value != 127) }
            lines.append("\(name): \(String(String.UnicodeScalarView(value)))")
        }
        for line in plainFields where chance(4) { lines.append(line) }
        if chance(3) { lines.append("Cookie: \(cookies)") }
        let body = chance(3) ? lie() : ""
        if !body.isEmpty || method == "POST" { lines.append("Content-Length: \(body.unicodeScalars.count)") }
        let text = lines.joined(separator: "\r\n") + "\r\n\r\n" + body
        return HostileRequest(
            method: method, path: meant, bytes: text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    }

    private static func escaped(_ text: String, twice: Bool) -> String {
        let once = text.unicodeScalars.map { "%" + String($0.value + 256, radix: 16).dropFirst() }.joined()
        return twice ? once.replacing("%", with: "%25") : once
    }
}

extension HostileRequest {
    /// Sends it on a connection of its own, and holds the answer against the plan.
    package func send(port: UInt16) throws -> (RawResponse, complaints: [String]) {
        let client = try RawClient(port: port)
        try client.send(bytes)
        let response = try client.receiveResponse(toHead: method == "HEAD")
        // A refusal of the parser has no request id: for it there is no address.
        let isRefused = response["x-request-id"] == nil && [400, 413, 417, 431, 501].contains(response.status)
        var complaints = AnswerPlan.complaints(about: response, to: method, isRefused ? nil : path)
        if try !client.receiveToEnd().isEmpty { complaints.append("something follows") }
        client.reset()
        return (response, complaints)
    }
}
