import Foundation
import Glibc
import TestSupport
import Testing

extension NeighbourTests {
    /// The proxies' configurations, in the proxies.
    @Suite struct FrontTests {
        private let platform = FakePlatform()
        private static let navigation = [("Accept", "text/html,*/*"), ("Sec-Fetch-Mode", "navigate")]

        private func start() throws -> (home: MagpieHome, magpie: MagpieProcess) {
            var settings = MagpieHome.Settings()
            settings.publicURL = "https://\(Front.site)"
            let home = MagpieHome(platform, settings)
            let magpie = try home.start()
            var client = home.operatorClient()
            #expect(try eventually { try client.get("/ready").status == 200 })
            return (home, magpie)
        }

        @Test(.needs(.nginx))
        func `nginx asks Magpie who a visitor is, and the backend reads it`() throws {
            try whoAVisitorIs(.nginx)
        }

        @Test(.needs(.caddy))
        func `Caddy asks Magpie who a visitor is, and the backend reads it`() throws {
            try whoAVisitorIs(.caddy)
        }

        private func whoAVisitorIs(_ kind: Front.Kind) throws {
            let (home, magpie) = try start()
            let front = try Front(kind, kind.example, magpie: home.port)
            var visitor = front.visitor()

            // Nobody yet: a page leads to the login, and back.
            let sent = try visitor.get("/orders?id=1&x=%E9%B9%8A", Self.navigation)
            #expect(sent.status == 302)
            let login = try #require(sent["location"])
            #expect(login == "/redirect?scope=base&to=%2Forders%3Fid%3D1%26x%3D%25E9%25B9%258A")
            // A script is told, in words that a page of the account's hosts may read.
            let origin = ("Origin", "https://app.\(Front.site)")
            for method in ["GET", "POST"] {
                let told = try visitor.send(
                    method, "/api/orders", [origin, ("Sec-Fetch-Mode", "cors")], method == "POST" ? "{}" : "")
                #expect(told.status == 401, "\(told.text)")
                #expect((told.json["error"] as? [String: Any])?["code"] as? String == "not_signed_in")
                #expect(told.json["login"] as? String == "/redirect?scope=base&to=%2Fapi%2Forders")
                #expect(told["access-control-allow-origin"] == origin.1)
                #expect(told["access-control-allow-credentials"] == "true")
            }
            let foreign = try visitor.get("/api/orders", [("Origin", "https://evil.example")])
            #expect(foreign.status == 401)
            #expect(foreign["access-control-allow-origin"] == nil)
            // A form has no address to come back to.
            #expect(try visitor.send("POST", "/orders", Self.navigation, "a=1").status == 401)

            // Signed in: the backend reads who it is, and nothing of what the visitor claims.
            let back = try visitor.logIn(platform, as: "oFrontVisitor0000000000000001", login)
            #expect(back["location"] == "/orders?id=1&x=%E9%B9%8A")
            let claims = [
                "X-WeChat-OpenID", "X-WeChat-UnionID", "X-WeChat-Account", "X-WeChat-Scope", "X-WeChat-Snapshot",
                "X-Auth-Request-User",
            ].flatMap { [($0, "forged"), ($0.replacingOccurrences(of: "-", with: "_"), "forged")] }
            let read = try visitor.get("/orders?id=1", claims + Self.navigation)
            #expect(read.status == 200)
            #expect(
                read.body == "openid=oFrontVisitor0000000000000001;unionid=;account=main;scope=base;snapshot=0;"
                    + "user=oFrontVisitor0000000000000001;uri=/orders?id=1;")
            // He cannot have the true fields dropped, either.
            let hop = try visitor.get("/orders?id=1", [("Connection", "close, X-WeChat-OpenID")] + Self.navigation)
            #expect(kind == .caddy ? hop.status == 400 : hop.body == read.body, "\(hop.text)")
            #expect(try visitor.get("/session").json["openid"] as? String == "oFrontVisitor0000000000000001")
            #expect(try visitor.get(Page.path).status == 200)
            #expect(try visitor.post("/logout").status == 204)
            #expect(try visitor.get("/orders", claims).status == 401)

            // Without Magpie nobody comes in.
            #expect(try magpie.stop() == .exited(0))
            let refused = try visitor.get("/orders", claims + Self.navigation)
            #expect((500...504).contains(refused.status))
            #expect(!refused.body.contains("openid="))
        }

        @Test(.needs(.nginx))
        func `nginx in front of the whole site lets logins and pages through`() throws {
            try wholeSite(.nginx)
        }

        @Test(.needs(.caddy))
        func `Caddy in front of the whole site lets logins and pages through`() throws {
            try wholeSite(.caddy)
        }

        private func wholeSite(_ kind: Front.Kind) throws {
            let (home, magpie) = try start()
            let front = try Front(kind, kind.plain, magpie: home.port)
            var visitor = front.visitor()
            #expect(try visitor.get("/wechat-jssdk.js").status == 200)
            #expect(try visitor.get("/", [("X-Forwarded-For", "203.0.113.9")])["strict-transport-security"] != nil)
            #expect(try visitor.logIn(platform).status == 302)
            #expect(try visitor.get("/session").status == 200)
            #expect(try visitor.get(Page.path).status == 200)
            // More than Magpie takes either stops at the proxy or at Magpie; neither falls over it.
            let large = try visitor.send("POST", "/logout", [], String(repeating: "x", count: 70_000))
            #expect(large.status == 413)
            #expect(try visitor.get("/session").status == 200)
            // Somebody else's name is nobody's.
            visitor.host = "evil.example"
            #expect(try !visitor.get("/session").body.contains("openid"))
            #expect(try magpie.stop() == .exited(0))
        }

        @Test(.needs(.nginx), arguments: [Front.Kind.nginx.example, Front.Kind.nginx.plain])
        func `nginx takes the file as it is, once it has a certificate`(_ file: String) throws {
            let authority = CertificateAuthority()
            let identity = authority.issue("DNS:\(Front.site)")
            let text = shipped(file)
                .exchanging("/etc/nginx/\(Front.site).pem", for: identity.certificateFile)
                .exchanging("/etc/nginx/\(Front.site).key", for: identity.keyFile)
            let folder = authority.directory
            writeFile("\(folder)/site.conf", text)
            writeFile(
                "\(folder)/nginx.conf",
                "pid \(folder)/nginx.pid; events {} http { access_log off; include \(folder)/site.conf; }")
            let (ending, said) = try Tool.nginx.run(
                ["-t", "-p", folder, "-c", "\(folder)/nginx.conf", "-g", "error_log stderr;"], in: folder)
            #expect(ending == .exited(0), "\(said)")
            #expect(!said.contains("[warn]"), "\(said)")
        }
    }
}
