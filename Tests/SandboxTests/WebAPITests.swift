import Testing
import Wire

@testable import Sandbox

struct WebAPITests {
    @Test func `a code is exchanged once, for a grant without errcode, as text`() async throws {
        let bench = SandboxBench()
        let code = try await bench.code()
        #expect(code.wholeMatch(of: /[0-9A-Za-z]{32}/) != nil)
        let grant = try await bench.exchange(code)
        #expect(grant.response.fields[.contentType] == "text/plain")
        #expect(grant.errcode == nil)
        #expect(grant["scope"] == "snsapi_userinfo")
        #expect(grant["expires_in"] == 7_200)
        #expect(grant["unionid"]?.string?.utf8.count == 28)
        #expect(grant["is_snapshotuser"] == nil)
        #expect(grant["access_token"]?.string?.utf8.count == 110)
        #expect(try await bench.exchange(code).errcode == 40163)
    }

    @Test func `what is wrong with an exchange is said`() async throws {
        let bench = SandboxBench()
        let code = try await bench.code()
        let path = "/sns/oauth2/access_token"
        let id = bench.account.appID
        let key = bench.account.appSecret
        let cases: [(String, Int)] = [
            ("?appid=\(id)&secret=\(key)&code=\(code)", 40002),
            ("?secret=\(key)&code=\(code)&grant_type=authorization_code", 41002),
            ("?appid=\(id)&code=\(code)&grant_type=authorization_code", 41004),
            ("?appid=\(id)&secret=\(key)&grant_type=authorization_code", 41008),
            ("?appid=wx1&secret=\(key)&code=\(code)&grant_type=authorization_code", 40013),
            ("?appid=\(id)&secret=1&code=\(code)&grant_type=authorization_code", 40125),
            ("?appid=\(id)&secret=\(key)&code=1&grant_type=authorization_code", 40029),
        ]
        for (query, errcode) in cases { #expect(try await bench.send(.get, path + query).errcode == errcode) }
        // None of these used the code up.
        #expect(try await bench.exchange(code).errcode == nil)
    }

    @Test func `another account's code is no code`() async throws {
        let bench = SandboxBench()
        let code = try await bench.code()
        #expect(try await bench.exchange(code, website: true).errcode == 40029)
        #expect(try await bench.exchange(code).errcode == nil)
    }

    @Test func `a code lives five minutes and a website's ten`() async throws {
        let bench = SandboxBench()
        let code = try await bench.code()
        let late = try await bench.code()
        let website = try await bench.code(scope: "snsapi_login", website: true)
        bench.advance(299)
        #expect(try await bench.exchange(code).errcode == nil)
        bench.advance(1)
        #expect(try await bench.exchange(late).errcode == 40029)
        bench.advance(299)
        #expect(try await bench.exchange(website, website: true).errcode == nil)
    }

    @Test func `an expired code may also get 42003`() async throws {
        var knobs = Knobs()
        knobs.expiredCodeErrcode = 42003
        let bench = SandboxBench(knobs)
        let code = try await bench.code()
        bench.advance(300)
        #expect(try await bench.exchange(code).errcode == 42003)
    }

    @Test func `base scope gives no unionid and no profile`() async throws {
        let bench = SandboxBench()
        let grant = try await bench.exchange(try await bench.code("follower", scope: "snsapi_base"))
        #expect(grant["unionid"] == nil)
        #expect(grant["scope"] == "snsapi_base")
        #expect(try await bench.profile(grant).errcode == 48001)
    }

    @Test func `a profile has every field, empty where the platform has emptied it`() async throws {
        let bench = SandboxBench()
        let grant = try await bench.exchange(try await bench.code())
        let profile = try await bench.profile(grant)
        #expect(profile["nickname"] == "林小满")
        #expect(profile["sex"] == 0)
        #expect(profile["country"] == "")
        #expect(profile["privilege"] == [])
        #expect(profile["unionid"] == grant["unionid"])
        let picture = profile["headimgurl"]?.string ?? ""
        #expect(profile.text.contains(#""headimgurl":"http:\/\/127.0.0.1:8090\/mmopen\/vi_32\/"#))
        let path = String(picture.dropFirst("http://127.0.0.1:8090".count))
        let file = try await bench.send(.get, path)
        #expect(file.response.fields[.contentType] == "image/svg+xml")
        #expect(file.text.hasPrefix("<svg "))
        #expect(try await bench.send(.get, "/mmopen/vi_32/o1/132").status == 404)
    }

    @Test func `the person without a unionid has none anywhere`() async throws {
        let bench = SandboxBench()
        let grant = try await bench.exchange(try await bench.code("nounion"))
        #expect(grant["unionid"] == nil)
        #expect(try await bench.profile(grant)["unionid"] == nil)
    }

    @Test func `a snapshot is marked in the grant and never in the profile`() async throws {
        let bench = SandboxBench()
        let grant = try await bench.exchange(try await bench.code("snapshot"))
        #expect(grant["is_snapshotuser"] == 1)
        let profile = try await bench.profile(grant)
        #expect(profile["is_snapshotuser"] == nil)
        #expect(profile["nickname"] == "微信用户")
        _ = try await bench.control("settings", ["snapshotProfile": "unauthorized"])
        #expect(try await bench.profile(grant).errcode == 48001)
    }

    @Test func `the hostile name reaches the client with its raw bytes`() async throws {
        let bench = SandboxBench()
        let grant = try await bench.exchange(try await bench.code("hostile"))
        let bytes = try await bench.profile(grant).bytes
        #expect(String(validating: bytes, as: UTF8.self) == nil)
        #expect(bytes.contains(0x01))
        #expect(bytes.contains(0xFF))
        #expect(bytes.firstRange(of: Array(#"<\/script><b>\"O'Neil\" \\ & "#.utf8)) != nil)
        #expect(bytes.firstRange(of: Array(#""headimgurl":"""#.utf8)) != nil)
    }

    @Test func `a restricted person is refused with 50002`() async throws {
        let bench = SandboxBench()
        #expect(try await bench.exchange(try await bench.code("restricted")).errcode == 50002)
    }

    @Test func `a profile is asked with the right token of the right person`() async throws {
        let bench = SandboxBench()
        let grant = try await bench.exchange(try await bench.code())
        let token = grant["access_token"]?.string ?? ""
        let openID = grant["openid"]?.string ?? ""
        let accountToken = try await bench.token()["access_token"]?.string ?? ""
        let cases: [(String, Int)] = [
            ("?openid=\(openID)", 41001), ("?access_token=\(token)", 41009),
            ("?access_token=\(token)&openid=o1", 40003),
            ("?access_token=73_x&openid=\(openID)", 40014), ("?access_token=\(accountToken)&openid=\(openID)", 40001),
        ]
        for path in ["/sns/userinfo", "/sns/auth"] {
            for (query, errcode) in cases { #expect(try await bench.send(.get, path + query).errcode == errcode) }
        }
        #expect(try await bench.ticket(token).errcode == 40001)
        let check = try await bench.send(.get, "/sns/auth?access_token=\(token)&openid=\(openID)")
        #expect(check.text == #"{"errcode":0,"errmsg":"ok"}"#)
        bench.advance(7_200)
        #expect(try await bench.profile(grant).errcode == 42001)
    }

    @Test func `a refresh prolongs a living token and replaces a dead one`() async throws {
        let bench = SandboxBench()
        let grant = try await bench.exchange(try await bench.code("snapshot"))
        bench.advance(7_000)
        let prolonged = try await bench.refresh(grant)
        #expect(prolonged["access_token"] == grant["access_token"])
        #expect(prolonged["expires_in"] == 7_200)
        #expect(prolonged["refresh_token"] == grant["refresh_token"])
        #expect(prolonged["is_snapshotuser"] == nil)
        #expect(prolonged["unionid"] == nil)
        bench.advance(7_200)
        let replaced = try await bench.refresh(grant)
        #expect(replaced["access_token"] != grant["access_token"])
        #expect(try await bench.profile(replaced).errcode == nil)
        #expect(try await bench.profile(grant).errcode == 42001)
    }

    @Test func `a refresh token lives thirty days from the login, not from its last use`() async throws {
        let bench = SandboxBench()
        let grant = try await bench.exchange(try await bench.code())
        bench.advance(29 * 86_400)
        #expect(try await bench.refresh(grant).errcode == nil)
        bench.advance(86_400)
        #expect(try await bench.refresh(grant).errcode == 42002)
    }

    @Test func `what is wrong with a refresh is said`() async throws {
        let bench = SandboxBench()
        let path = "/sns/oauth2/refresh_token"
        let id = bench.account.appID
        #expect(try await bench.send(.get, "\(path)?appid=\(id)&refresh_token=x").errcode == 40002)
        #expect(try await bench.send(.get, "\(path)?grant_type=refresh_token&refresh_token=x").errcode == 41002)
        #expect(try await bench.send(.get, "\(path)?grant_type=refresh_token&appid=\(id)").errcode == 41003)
        #expect(
            try await bench.send(.get, "\(path)?grant_type=refresh_token&appid=\(id)&refresh_token=x").errcode == 40030)
    }

    @Test func `a changed password ends what was granted before`() async throws {
        let bench = SandboxBench()
        let grant = try await bench.exchange(try await bench.code())
        _ = try await bench.control("users", ["key": "plain", "passwordChanged": true])
        #expect(try await bench.refresh(grant).errcode == 42007)
        #expect(try await bench.profile(grant).errcode == 40001)
        bench.advance(1)
        #expect(try await bench.refresh(try await bench.exchange(try await bench.code())).errcode == nil)
    }

    @Test func `web calls have a quota by the minute`() async throws {
        let bench = SandboxBench()
        let code = try await bench.code()
        _ = try await bench.control("settings", ["webCallsPerMinute": 0])
        #expect(try await bench.exchange(code).errcode == 45011)
        _ = try await bench.control("settings", ["webCallsPerMinute": 10])
        #expect(try await bench.exchange(code).errcode == nil)
    }
}

extension SandboxBench {
    func refresh(_ grant: Answer) async throws -> Answer {
        try await send(
            .get,
            "/sns/oauth2/refresh_token?appid=\(account.appID)&grant_type=refresh_token"
                + "&refresh_token=\(grant["refresh_token"]?.string ?? "")")
    }
}
