import TestSupport
import Testing

extension ProcessTests {
    /// Answers held against the plan of their fields: refusals of the parser, HEAD beside GET, and a sample of hostile
    /// requests, which `TortureTests` send in quantity.
    @Suite struct AnswerTests {
        private let platform = FakePlatform()

        private func complaints(_ bytes: [UInt8], to method: String = "", _ path: String? = nil, port: UInt16) throws
            -> (RawResponse, [String])
        {
            let client = try RawClient(port: port)
            try client.send(bytes)
            let response = try client.receiveResponse(toHead: method == "HEAD")
            var complaints = AnswerPlan.complaints(about: response, to: method, path)
            if try !client.receiveToEnd().isEmpty { complaints.append("something follows") }
            return (response, complaints)
        }

        @Test func `bytes that are no request are refused with the fields of every other error`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            let head = "POST /logout HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            for (text, status) in [
                ("nonsense\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505),
                ("GET /\(String(repeating: "a", count: 9_000)) HTTP/1.1\r\n", 414),
                (head + "Content-Length: 999999\r\n\r\n", 413), (head + "Expect: a-miracle\r\n\r\n", 417),
                (head + "X-Test: \(String(repeating: "a", count: 9_000))\r\n", 431),
                (head + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
                (head + "X-Test: a\u{0}\r\nX-Injected: 1\r\n\r\n", 400),
            ] {
                let (response, complaints) = try complaints(Array(text.utf8), port: home.port)
                #expect(response.status == status)
                #expect(complaints == [], "\(status): \(response.text)")
                #expect(response["connection"] == "close")
            }
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a request that takes too long is refused with the fields of every other error`() throws {
            var settings = MagpieHome.Settings()
            settings.limits = #"headerTimeout: "1s", bodyTimeout: "1s""#
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            let head = "POST /logout HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            for text in ["G", head, head + "Content-Length: 5\r\n\r\nhell"] {
                let (response, complaints) = try complaints(Array(text.utf8), port: home.port)
                #expect(response.status == 408)
                #expect(complaints == [], "\(response.text)")
            }
            #expect(try process.stop() == .exited(0))
        }

        @Test func `HEAD has the status and the fields of GET, and its length`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            for (path, target) in [
                ("/", "/"), ("/wechat-jssdk.js", "/wechat-jssdk.js"), ("/favicon.svg", "/favicon.svg"),
                ("/magpie.json", "/magpie.json"), ("/session", "/session"), ("/auth", "/auth"), ("/logout", "/logout"),
                ("/get-signature", Page.path), ("/get-signature", "/get-signature"),
                ("/api/wechat", "/api/wechat?signature=x"),
                ("/nothing", "/nothing"), ("/nothing", "/%2e%2e/x"), ("/nothing", "/a/b/c/"),
            ] {
                let rest = " \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                let (get, getComplaints) = try complaints(Array("GET\(rest)".utf8), to: "GET", path, port: home.port)
                let (head, headComplaints) = try complaints(
                    Array("HEAD\(rest)".utf8), to: "HEAD", path, port: home.port)
                #expect(getComplaints == [] && headComplaints == [], "\(target): \(get.text)\(head.text)")
                #expect(head.status == get.status, "\(target)")
                #expect(head.fields.map(\.name) == get.fields.map(\.name), "\(target)")
                #expect(head["content-length"] == get["content-length"], "\(target)")
                #expect(head.body.isEmpty)
            }
            #expect(try process.stop() == .exited(0))
        }

        @Test func `HEAD begins no login and is told so`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            for target in ["/redirect?to=/orders", "/redirect?code=a&state=b", "/redirect/main?to=/orders"] {
                let rest = " \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                let (head, complaints) = try complaints(
                    Array("HEAD\(rest)".utf8), to: "HEAD", "/redirect", port: home.port)
                #expect(head.status == 405)
                #expect(head["allow"] == "GET, OPTIONS")
                #expect(complaints == [], "\(head.text)")
            }
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a HEAD that is refused gets no content either`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            for text in [
                "HEAD / HTTP/1.1\r\n\r\n", "HEAD /a b HTTP/1.1\r\n", "HEAD / HTTP/3.0\r\n",
                "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n",
                "HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
                "HEAD /\(String(repeating: "a", count: 9_000))",
            ] {
                let (response, complaints) = try complaints(Array(text.utf8), to: "HEAD", port: home.port)
                #expect(response.status >= 400)
                #expect(complaints == [], "\(response.text)")
            }
            #expect(try process.stop() == .exited(0))
        }

        @Test func `nothing that a hostile request holds becomes a field of its answer`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            #expect(try visitor.logIn(platform).status == 302)
            let cookies = visitor.cookies.map { "\($0)=\($1)" }.joined(separator: "; ")
            var generator = SystemRandomNumberGenerator()
            // Some are rare among them: 300 requests, and more until each has come.
            let expected: Set = [200, 400, 401, 404, 405]
            var statuses: Set<Int> = []
            for number in 0..<3_000 where number < 300 || !statuses.isSuperset(of: expected) {
                let request = HostileRequest.make(port: home.port, cookies: cookies, using: &generator)
                let (response, complaints) = try request.send(port: home.port)
                #expect(complaints == [], "\(request)\n\(response.text)")
                statuses.insert(response.status)
            }
            #expect(statuses.isSuperset(of: expected))
            #expect(try process.stop() == .exited(0))
            #expect(process.child.errors.isEmpty)
        }
    }
}
