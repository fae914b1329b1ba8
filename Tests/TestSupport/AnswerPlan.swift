/// Which fields an answer has, by whom it comes from, the path, the method and the status: exactly these, each once, and
/// with no value that a visitor could have written. Holds the answers of the public listener against it.
package enum AnswerPlan {
    private static let guarded: Set = [
        "date", "connection", "cache-control", "x-content-type-options", "referrer-policy", "content-security-policy",
        "cross-origin-resource-policy",
    ]
    private static let content: Set = ["content-type", "content-length"]
    private static let file: Set = [
        "date", "connection", "cache-control", "x-content-type-options", "referrer-policy", "etag",
    ]

    private struct Fields {
        var needed: Set<String>
        /// Those that depend on more of the request than its address.
        var possible: Set<String> = []
    }

    /// For the answer to a request with `Connection: close`. `path` is the one that was meant, nil for bytes that are no
    /// request.
    private static func fields(_ status: Int, _ method: String, _ path: String?) -> Fields? {
        guard let path else { return Fields(needed: guarded.union(content)) }
        switch (status, path) {
        case (200, "*"): return Fields(needed: guarded.union(["content-length", "allow"]))
        case (200, "/get-signature"):
            return Fields(needed: guarded.union(content).union(["vary"]), possible: ["access-control-allow-origin"])
        case (200, "/session"): return Fields(needed: guarded.union(content).union(["vary"]))
        case (200, "/auth"):
            let names = ["openid", "account", "scope", "snapshot"].map { "x-wechat-\($0)" }
            return Fields(
                needed: guarded.union(names + ["x-auth-request-user", "content-length", "vary"]),
                possible: ["x-wechat-unionid"])
        case (302, "/auth"): return Fields(needed: guarded.union(["content-length", "location"]))
        case (200, "/api/wechat"), (200, "/magpie.json"), (200, "/health"):
            return Fields(needed: guarded.union(content))
        case (200, _) where isFile(path):
            return Fields(needed: file.union(content), possible: path == "/" ? ["content-security-policy"] : [])
        case (304, _) where isFile(path):
            return Fields(needed: file, possible: path == "/" ? ["content-security-policy"] : [])
        case (302, "/redirect"):
            return Fields(needed: guarded.union(["content-length", "location"]), possible: ["set-cookie"])
        case (204, "/logout") where method == "POST": return Fields(needed: guarded, possible: ["set-cookie"])
        case (204, "/get-signature") where method == "OPTIONS":
            return Fields(
                needed: guarded.union(["vary"]),
                possible: ["access-control-allow-origin", "access-control-allow-methods", "access-control-max-age"])
        case (204, _) where method == "OPTIONS": return Fields(needed: guarded.union(["allow"]))
        case (400..., _):
            var fields = Fields(needed: guarded.union(content).union(["x-request-id"]))
            if status == 401 { fields.needed.insert("www-authenticate") }
            if status == 405 { fields.needed.insert("allow") }
            if status == 429 || status == 503 { fields.possible.insert("retry-after") }
            // What CORS says of a refusal, for the page that asked.
            if path == "/get-signature" { fields.possible.formUnion(["vary", "access-control-allow-origin"]) }
            if status == 401, path == "/auth" {
                fields.possible.formUnion(["vary", "access-control-allow-origin", "access-control-allow-credentials"])
            }
            return fields
        default: return nil
        }
    }

    private static func isFile(_ path: String) -> Bool {
        path == "/" || path.hasPrefix("/wechat-jssdk.") || path.hasPrefix("/demo.") || path.hasSuffix(".svg")
    }

    /// What is wrong with an answer; empty when nothing is.
    package static func complaints(about response: RawResponse, to method: String, _ path: String?) -> [String] {
        var complaints: [String] = []
        func expect(_ isRight: Bool, _ complaint: String) {
            if !isRight { complaints.append(complaint) }
        }
        let names = response.fields.map(\.name)
        guard let planned = fields(response.status, method, path) else {
            return ["nobody planned a \(response.status) to \(method) \(path ?? "garbage")"]
        }
        expect(Set(names).isSuperset(of: planned.needed), "lacks \(planned.needed.subtracting(names))")
        let foreign = Set(names).subtracting(planned.needed).subtracting(planned.possible)
        expect(foreign.isEmpty, "has \(foreign)")
        expect(
            Set(names).count == names.filter { $0 != "set-cookie" }.count + (response.setCookies.isEmpty ? 0 : 1),
            "has a field twice")
        expect(isWellFormed(response.text), "its head is not well formed")

        expect((response["date"] ?? "").wholeMatch(of: date) != nil, "no date")
        expect(response["x-content-type-options"] == "nosniff", "may be sniffed")
        // A file of the public folder is a page that may say where its reader comes from, but not with which query.
        let referrer = names.contains("etag")
        expect(
            response["referrer-policy"] == (referrer ? "strict-origin-when-cross-origin" : "no-referrer"),
            "another Referrer-Policy")
        if let policy = response["cross-origin-resource-policy"] { expect(policy == "same-origin", "may be embedded") }
        if let policy = response["content-security-policy"] {
            expect(policy.hasPrefix("default-src 'none'; ") || path == "/", "another Content-Security-Policy")
            expect(!policy.contains("unsafe"), "an unsafe Content-Security-Policy")
        }
        if let type = response["content-type"] { expect(type.hasSuffix("; charset=utf-8"), "a type without charset") }
        let hasBody = method != "HEAD" && response.status != 204 && response.status != 304
        if hasBody { expect(response["content-length"] == String(response.body.utf8.count), "another length") }
        if let allow = response["allow"] {
            expect(allow.wholeMatch(of: #/[A-Z]+(?:, [A-Z]+)+/#) != nil, "Allow: \(allow)")
        }
        if let challenge = response["www-authenticate"] { expect(challenge.hasSuffix(#" realm="magpie""#), challenge) }
        if let id = response["x-request-id"] { expect(id.wholeMatch(of: #/[A-Za-z0-9._-]{1,64}/#) != nil, "id \(id)") }
        if let origin = response["access-control-allow-origin"] {
            expect(origin.hasPrefix("https://h5.example.com"), "lets \(origin) read")
        }
        for cookie in response.setCookies {
            expect(cookie.wholeMatch(of: cookieLine) != nil, "Set-Cookie: \(cookie)")
        }
        expect(
            Set(response.setCookies.map { $0.prefix { $0 != "=" } }).count == response.setCookies.count,
            "a cookie twice")
        return complaints
    }

    private static var date: Regex<Substring> {
        #/[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT/#
    }

    private static var cookieLine: Regex<Substring> {
        #/magpie_[a-z]+=[A-Za-z0-9_-]*; Path=/[a-z]*; (?:Max-Age=[0-9]+; )?HttpOnly; SameSite=Lax(?:; Max-Age=[0-9]+)?/#
    }

    /// RFC 9112 §4 and §5 without their leniency, with values of printable ASCII alone (RFC 9110 §5.5).
    private static func isWellFormed(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        var lines: [[UInt8]] = [[]]
        var at = 0
        while at < bytes.count,
            !(lines.count > 1 && lines[lines.count - 1].isEmpty && bytes[at...].starts(with: [13, 10]))
        {
            if bytes[at...].starts(with: [13, 10]) {
                lines.append([])
                at += 2
            } else {
                lines[lines.count - 1].append(bytes[at])
                at += 1
            }
        }
        lines.removeLast()
        let heads = lines.map { String(decoding: $0, as: UTF8.self) }
        return lines.joined().allSatisfy { (32...126).contains($0) }
            && heads.first?.wholeMatch(of: #/HTTP/1\.1 [1-5][0-9]{2} [A-Za-z ]+/#) != nil
            && heads.dropFirst().allSatisfy { $0.wholeMatch(of: #/[A-Za-z][A-Za-z-]*: [!-~](?:[ -~]*[!-~])?/#) != nil }
    }
}
