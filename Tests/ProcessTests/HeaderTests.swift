import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// The fields of every kind of answer are exactly the planned ones, whatever a request holds.
    @Suite struct HeaderTests {
        private let platform = FakePlatform()
        private let home: MagpieHome
        private let process: MagpieProcess

        /// What protects every answer that is made for the occasion. `connection` is the test's own wish.
        private static let guarded: Set = [
            "date", "connection", "cache-control", "x-content-type-options", "referrer-policy",
            "content-security-policy", "cross-origin-resource-policy",
        ]
        private static let content: Set = ["content-type", "content-length"]
        private static let error = guarded.union(content).union(["x-request-id"])
        private static let file: Set = [
            "date", "connection", "cache-control", "x-content-type-options", "referrer-policy", "etag", "content-type",
            "content-length",
        ]

        /// What WeChat's console asks, signed with the account's token.
        private static let verification: String = {
            let signature = sha1(["1700000000", "42", "consoletoken"].sorted().joined())
            return "/api/wechat?signature=\(signature)&timestamp=1700000000&nonce=42&echostr=4711"
        }()

        init() throws {
            home = MagpieHome(platform)
            process = try home.start()
            var visitor = home.visitor()
            #expect(try eventually { try visitor.get(Page.path).status == 200 })
        }

        private func names(_ response: RawResponse) -> Set<String> { Set(response.fields.map(\.name)) }

        private func expectProtection(_ response: RawResponse, _ what: String) {
            #expect(response["cache-control"] == "no-store", "\(what)")
            #expect(response["x-content-type-options"] == "nosniff", "\(what)")
            #expect(response["referrer-policy"] == "no-referrer", "\(what)")
            #expect(response["cross-origin-resource-policy"] == "same-origin", "\(what)")
            let policy = response["content-security-policy"] ?? ""
            #expect(policy.hasPrefix("default-src 'none'"), "\(what)")
            for directive in ["frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
                #expect(policy.contains(directive), "\(what)")
            }
            #expect(!policy.contains("unsafe"), "\(what)")
        }

        private func expectDate(_ response: RawResponse, _ what: String) {
            let pattern = #/[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT/#
            #expect((response["date"] ?? "").wholeMatch(of: pattern) != nil, "\(what)")
        }

        @Test func `every public answer carries the planned fields, each of them once`() throws {
            var visitor = home.visitor()
            let start = try visitor.get("/redirect?to=/orders")
            let callback = try #require(try visitor.consent(start, platform))
            let end = try visitor.get(callback)
            let signedIn = visitor
            let page = [("Accept", "text/html"), ("Sec-Fetch-Mode", "navigate")]
            let own = [("Origin", "https://h5.example.com")]
            let error = Self.error
            let empty = Self.guarded.union(["content-length"])
            var cases: [(String, RawResponse, Int, Set<String>)] = [
                ("start", start, 302, empty.union(["location", "set-cookie"])),
                ("callback", end, 302, empty.union(["location", "set-cookie"])),
                ("known visitor", try visitor.get("/redirect?to=/orders"), 302, empty.union(["location"])),
                ("session", try visitor.get("/session"), 200, Self.guarded.union(Self.content).union(["vary"])),
                (
                    "auth", try visitor.get("/auth"), 200,
                    empty.union([
                        "vary", "x-wechat-openid", "x-wechat-account", "x-wechat-scope", "x-wechat-snapshot",
                        "x-auth-request-user",
                    ])
                ),
                ("logout", try visitor.post("/logout"), 204, Self.guarded.union(["set-cookie"])),
                ("signature", try visitor.get(Page.path), 200, Self.guarded.union(Self.content).union(["vary"])),
                (
                    "signature for a page", try visitor.get(Page.path, own), 200,
                    Self.guarded.union(Self.content).union(["vary", "access-control-allow-origin"])
                ),
                (
                    "preflight",
                    try visitor.send("OPTIONS", "/get-signature", own + [("Access-Control-Request-Method", "GET")]),
                    204,
                    Self.guarded.union([
                        "vary", "access-control-allow-origin", "access-control-allow-methods", "access-control-max-age",
                    ])
                ),
                ("unsigned", try visitor.get("/get-signature"), 400, error.union(["vary"])),
                ("foreign page", try visitor.get(Page.path, [("Origin", "https://evil.example")]), 403, error),
                ("no session", try visitor.get("/session"), 401, error.union(["www-authenticate"])),
                ("no session, for a person", try visitor.get("/session", page), 401, error.union(["www-authenticate"])),
                ("no auth", try visitor.get("/auth"), 401, error.union(["www-authenticate", "vary"])),
                (
                    "no auth, for a page's script", try visitor.get("/auth", own), 401,
                    error.union([
                        "www-authenticate", "vary", "access-control-allow-origin", "access-control-allow-credentials",
                    ])
                ),
                ("to the login", try visitor.get("/auth?login=redirect", page), 302, empty.union(["location"])),
                ("bad target", try visitor.get("/redirect?to=//evil"), 400, error),
                ("bad target, for a person", try visitor.get("/redirect?to=//evil", page), 400, error),
                ("bad state", try visitor.get("/redirect?code=x&state=y", page), 400, error),
                ("verification", try visitor.get("/api/wechat?signature=x"), 403, error),
                ("verified", try visitor.get(Self.verification), 200, Self.guarded.union(Self.content)),
                ("facts", try visitor.get("/magpie.json"), 200, Self.guarded.union(Self.content)),
                ("nothing", try visitor.get("/nothing"), 404, error),
                ("nothing, for a person", try visitor.get("/nothing", page), 404, error),
                ("wrong method", try visitor.post("/session"), 405, error.union(["allow"])),
                ("unknown method", try visitor.send("BREW", "/session"), 501, error),
                ("options", try visitor.send("OPTIONS", "/session"), 204, Self.guarded.union(["allow"])),
                ("foreign host", try visitor.foreign("/"), 421, error),
                ("bad path", try visitor.get("/%2e%2e/etc/passwd"), 400, error),
            ]
            visitor = signedIn
            cases.append(
                ("head", try visitor.send("HEAD", Page.path), 200, Self.guarded.union(Self.content).union(["vary"])))
            for (what, response, status, planned) in cases {
                #expect(response.status == status, "\(what): \(response.text)")
                #expect(names(response) == planned, "\(what)")
                #expect(names(response).count == response.fields.count, "\(what): \(response.text)")
                expectProtection(response, what)
                expectDate(response, what)
                if let type = response["content-type"] {
                    #expect(type.hasSuffix("; charset=utf-8"), "\(what)")
                    #expect((response.body.isEmpty && what != "head") == false, "\(what)")
                }
            }
        }

        @Test func `files may be kept and asked for again, and are never sniffed`() throws {
            var visitor = home.visitor()
            for path in [
                "/", "/wechat-jssdk.js", "/wechat-jssdk.mjs", "/wechat-jssdk.d.ts", "/demo.css", "/favicon.svg",
            ] {
                let response = try visitor.get(path)
                #expect(response.status == 200)
                let planned = Self.file.union(path == "/" ? ["content-security-policy"] : [])
                #expect(names(response) == planned, "\(path)")
                #expect(response["x-content-type-options"] == "nosniff")
                #expect(response["referrer-policy"] != nil)
                expectDate(response, path)
                let tag = try #require(response["etag"])
                let again = try visitor.get(path, [("If-None-Match", tag)])
                #expect(again.status == 304)
                #expect(again["etag"] == tag)
                #expect(again.body.isEmpty)
                #expect(names(again) == planned.subtracting(Self.content), "\(path)")
                let head = try visitor.send("HEAD", path)
                #expect(head["content-length"] == response["content-length"])
            }
        }

        /// Texts that end a line, or would in a careless reader.
        private static let splitters = [
            "%0d%0a", "%0D%0A%20", "%0a", "%0d", "%250d%250a", "%E5%98%8A%E5%98%8D", "%c4%8d%c4%8a", "%00", "%e2%80%a8",
            "\\r\\n", "%5cr%5cn", "%u000d%u000a", "%0d%0a%0d%0a%3Chtml%3E",
        ]

        @Test func `no parameter, path or header puts a line into an answer`() throws {
            var visitor = home.visitor()
            let allowed = Self.error.union([
                "location", "set-cookie", "vary", "www-authenticate", "allow", "access-control-allow-origin",
                "retry-after",
            ])
            var count = 0
            for splitter in Self.splitters {
                let lie = "x\(splitter)X-Injected:%201\(splitter)Set-Cookie:%20a=b"
                for target in [
                    "/redirect?to=/\(lie)", "/redirect?to=\(lie)", "/redirect?scope=\(lie)",
                    "/redirect?code=\(lie)&state=a",
                    "/redirect?code=a&state=\(lie)", "/redirect?\(lie)=1", "/redirect/\(lie)?to=/orders", "/\(lie)",
                    "/get-signature?url=https://h5.example.com/\(lie)", "/get-signature?url=\(lie)&account=\(lie)",
                    "/get-signature?url=https://h5.example.com/&entry=\(lie)&callback=\(lie)",
                    "/session?account=\(lie)",
                    "/auth?account=\(lie)&scope=\(lie)",
                    "/api/wechat?signature=\(lie)&timestamp=1&nonce=2&echostr=\(lie)",
                    "/api/wechat/\(lie)", "/magpie.json?\(lie)",
                ] {
                    let response = try visitor.get(target)
                    #expect(names(response).isSubset(of: allowed), "\(target): \(response.text)")
                    #expect(!names(response).contains("x-injected"))
                    #expect(response.setCookies.allSatisfy { $0.hasPrefix("magpie_") })
                    #expect(response.statusLine.hasPrefix("HTTP/1.1 "))
                    count += 1
                }
                let header =
                    lie.removingPercentEncoding.map {
                        $0.filter { $0 != "\r\n" && $0 != "\n" && $0 != "\r" && $0 != "\0" }
                    } ?? ""
                let response = try visitor.get(
                    "/session", [("X-Request-ID", header), ("Origin", header), ("X-Forwarded-For", header)])
                #expect(names(response).isSubset(of: allowed))
                #expect(response["x-request-id"]?.contains("njected") == false)
            }
            #expect(count == Self.splitters.count * 16)
        }

        @Test func `no parameter, path or header is written into a page as it came`() throws {
            let attack = #""'><svg/onload=alert(1)>"#
            let escaped = attack.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
            var visitor = home.visitor()
            let page = [("Accept", "text/html"), ("User-Agent", attack), ("Referer", attack), ("X-Request-ID", attack)]
            for target in [
                "/redirect?to=\(escaped)", "/redirect?to=/\(escaped)", "/redirect?scope=\(escaped)",
                "/redirect/\(escaped)",
                "/redirect?code=\(escaped)&state=\(escaped)", "/session?account=\(escaped)", "/auth?scope=\(escaped)",
                "/get-signature?url=\(escaped)", "/get-signature?account=\(escaped)", "/\(escaped)",
                "/api/wechat?echostr=\(escaped)",
                "/?\(escaped)", "/index.html%3Csvg",
            ] {
                let response = try visitor.get(target, page)
                #expect(!response.text.contains("<svg/onload"), "\(target)")
                #expect(!response.text.contains("onload=alert"), "\(target)")
            }
        }

        @Test func `admin answers are protected like the public ones`() throws {
            var client = home.operatorClient()
            for (path, status) in [
                ("/health", 200), ("/ready", 200), ("/metrics", 200), ("/status", 200), ("/sessions", 200),
                ("/access-token", 200),
                ("/nothing", 404), ("/access-token?account=nobody", 404), ("/access-token/report", 405),
            ] {
                let response = try client.get(path)
                #expect(response.status == status)
                expectProtection(response, path)
                let planned = Self.guarded.union(Self.content)
                #expect(names(response).subtracting(["x-request-id", "allow"]) == planned, "\(path)")
            }
        }
    }
}

extension RawVisitor {
    /// A request for a host that is not ours.
    fileprivate func foreign(_ target: String) throws -> RawResponse {
        var other = self
        other.host = "evil.example"
        return try other.get(target)
    }
}
