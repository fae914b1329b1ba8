import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// A login as phone and platform see it, over real sockets.
    @Suite struct LoginTests {
        private let platform = FakePlatform()

        @Test func `a visitor logs in with consent, is known to pages and proxies, and logs out`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            platform.change { world in
                world.person = .init("oVisitor-_0000000000000000001", unionID: "oUnion000000000000000000001")
                world.person.nickname = #"小鹊\" 🐦"#
            }

            let start = try visitor.get("/redirect?to=%2Forders%3Fid%3D1%23top&scope=userinfo")
            #expect(start.status == 302)
            let link = try #require(start["location"])
            let state = try #require(start.parameter("state"))
            let back = "http%3A%2F%2F127.0.0.1%3A\(home.port)%2Fredirect"
            #expect(
                link == "\(platform.origin)/connect/oauth2/authorize?appid=\(MagpieHome.appIDs[0])"
                    + "&redirect_uri=\(back)&response_type=code&scope=snsapi_userinfo&state=\(state)"
                    + "&connect_redirect=1#wechat_redirect")
            #expect(state.utf8.count == 64)
            #expect(state.allSatisfy { $0.isHexDigit && !$0.isUppercase })

            let callback = try #require(try visitor.consent(start, platform))
            let end = try visitor.get(callback)
            #expect(end.status == 302)
            #expect(end["location"] == "/orders?id=1#top")
            #expect(platform.exchanges == 1)
            #expect(platform.count("/sns/userinfo") == 1)

            let session = try visitor.get("/session")
            #expect(session.status == 200)
            #expect(session.json["openid"] as? String == "oVisitor-_0000000000000000001")
            #expect(session.json["unionid"] as? String == "oUnion000000000000000000001")
            #expect(session.json["account"] as? String == "main")
            #expect(session.json["scope"] as? String == "userinfo")
            #expect(session.json["snapshot"] as? Bool == false)
            #expect((session.json["profile"] as? [String: Any])?["nickname"] as? String == "小鹊\" 🐦")

            let claims = [("X-WeChat-OpenID", "oForged00000000000000000001"), ("X-WeChat-Scope", "admin")]
            let auth = try visitor.get("/auth?scope=userinfo", claims)
            #expect(auth.status == 200)
            #expect(auth["x-wechat-openid"] == "oVisitor-_0000000000000000001")
            #expect(auth["x-wechat-unionid"] == "oUnion000000000000000000001")
            #expect(auth["x-wechat-account"] == "main")
            #expect(auth["x-wechat-scope"] == "userinfo")
            #expect(auth["x-wechat-snapshot"] == "0")
            #expect(auth.body.isEmpty)

            // Who is known already is not sent to the platform again.
            let direct = try visitor.get("/redirect?to=/orders")
            #expect(direct.status == 302)
            #expect(direct["location"] == "/orders")

            let stolen = visitor
            #expect(try visitor.post("/logout").status == 204)
            #expect(visitor.cookies[home.cookieName] == nil)
            for var someone in [visitor, stolen] {
                let refusal = try someone.get("/session")
                #expect(refusal.status == 401)
                #expect(refusal.json["login"] as? String == "/redirect?scope=base")
                #expect(try someone.get("/auth", claims).status == 401)
            }
            #expect(platform.exchanges == 1)
            #expect(platform.count("/sns/userinfo") == 1)
            #expect(try process.stop() == .exited(0))
        }

        @Test func `on loopback without TLS the cookies carry neither Secure nor a prefix, but all the rest`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            var visitor = home.visitor()
            let start = try visitor.get("/redirect?to=/orders")
            let callback = try #require(try visitor.consent(start, platform))
            let end = try visitor.get(callback)
            let logout = try visitor.post("/logout")
            #expect(attributes(start) == ["magpie_login", "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=900"])
            #expect(attributes(end) == ["magpie_session", "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=604800"])
            #expect(attributes(logout) == ["magpie_session", "Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=0"])
            #expect(try process.stop() == .exited(0))
        }

        @Test func `behind https the cookies are Secure and bound to the host by their prefix`() throws {
            var settings = MagpieHome.Settings()
            settings.publicURL = "https://h5.example.com"
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var visitor = home.visitor()
            visitor.host = "h5.example.com"
            let start = try visitor.get("/redirect?to=/orders")
            #expect(start.parameter("redirect_uri") == "https://h5.example.com/redirect")
            let callback = try #require(try visitor.consent(start, platform))
            let end = try visitor.get(callback)
            let logout = try visitor.post("/logout", [("Origin", "https://h5.example.com")])
            let common: Set = ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]
            #expect(attributes(start) == common.union(["__Host-magpie_login", "Max-Age=900"]))
            #expect(attributes(end) == common.union(["__Host-magpie_session", "Max-Age=604800"]))
            #expect(attributes(logout) == common.union(["__Host-magpie_session", "Max-Age=0"]))
            #expect(try process.stop() == .exited(0))
        }

        @Test func `one account's visitor is unknown to the other, in one and the same session`() throws {
            var settings = MagpieHome.Settings()
            settings.accounts = ["main", "second"]
            let home = MagpieHome(platform, settings)
            let process = try home.start()
            var visitor = home.visitor()
            _ = try visitor.logIn(platform, as: "oMain00000000000000000000001")
            #expect(try visitor.get("/session?account=second").status == 401)
            #expect(try visitor.get("/auth?account=second").status == 401)
            let end = try visitor.logIn(platform, as: "oSecond000000000000000000001", "/redirect/second?to=/orders")
            #expect(end["location"] == "/orders")
            #expect(try visitor.get("/session").json["openid"] as? String == "oMain00000000000000000000001")
            let second = try visitor.get("/session?account=second")
            #expect(second.json["openid"] as? String == "oSecond000000000000000000001")
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a menu's link logs in with its own target, and its state is good again and again`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            for number in 1...2 {
                let code = platform.change {
                    $0.issueCode(MagpieHome.appIDs[0], .init("oMenu0000000000000000000000\(number)"))
                }
                var visitor = home.visitor()
                let end = try visitor.get("/redirect?code=\(code)&state=orders")
                #expect(end.status == 302)
                #expect(end["location"] == "/orders")
                #expect(try visitor.get("/session").json["openid"] as? String == "oMenu0000000000000000000000\(number)")
            }
            #expect(platform.exchanges == 2)
            #expect(try process.stop() == .exited(0))
        }

        @Test func `a visitor who refuses comes back with the refusal, and no code is asked for`() throws {
            let home = MagpieHome(platform)
            let process = try home.start()
            platform.change { $0.person.refuses = true }
            var visitor = home.visitor()
            let end = try visitor.logIn(platform, "/redirect?to=/orders?id=1&scope=userinfo")
            #expect(end.status == 302)
            #expect(end["location"] == "/orders?id=1&wechat_error=access_denied")
            #expect(platform.exchanges == 0)
            #expect(try visitor.get("/session").status == 401)
            #expect(try process.stop() == .exited(0))
        }
    }
}

/// Name and attributes of the one cookie that is set, as a set: their order means nothing.
private func attributes(_ response: RawResponse) -> Set<String> {
    guard response.setCookies.count == 1, let line = response.setCookies.first else {
        return ["\(response.setCookies.count) cookies"]
    }
    let parts = line.components(separatedBy: "; ")
    let pair = parts[0].components(separatedBy: "=")
    return Set(parts.dropFirst()).union([pair[0]])
}
