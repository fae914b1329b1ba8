import Foundation
import Testing

@testable import WeChat

struct OAuthTests {
    private let scene = Scene()
    private var oauth: OAuth { OAuth(platform: scene.platform()) }
    private static let code = "041cQ8ll2nWy5c42enol2R2DZX2cQ8ly"

    private static let base =
        #"{"access_token":"73_CanaryGrantToken","expires_in":7200,"refresh_token":"73_CanaryRefreshToken","#
        + #""openid":"oA","scope":"snsapi_base"}"#
    private static let userinfo =
        #"{"access_token":"73_CanaryGrantToken","expires_in":"7200","refresh_token":"73_CanaryRefreshToken","#
        + #""openid":"oA","scope":"snsapi_userinfo","is_snapshotuser":1,"unionid":"oU"}"#

    private func grant(_ reply: String = userinfo) async throws -> Grant {
        scene.weChat.next(.exchange, .json(reply))
        return try await oauth.exchange(code: Self.code)
    }

    @Test func `the address has its parameters in WeChat's order, the redirect encoded once`() throws {
        let url = try oauth.authorizeURL(
            redirectURI: "https://h5.example.com/redirect/main?a=1&b=鞋", scope: .userinfo, state: "abcDEF123")
        #expect(
            url == "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcdef"
                + "&redirect_uri=https%3A%2F%2Fh5.example.com%2Fredirect%2Fmain%3Fa%3D1%26b%3D%E9%9E%8B"
                + "&response_type=code&scope=snsapi_userinfo&state=abcDEF123&connect_redirect=1#wechat_redirect")
        let forced = try OAuth(platform: scene.platform(), openBase: "http://127.0.0.1:8090").authorizeURL(
            redirectURI: "https://h5.example.com/", scope: .base, state: "s", forcesPopup: true, forcesSnapshot: true)
        #expect(
            forced == "http://127.0.0.1:8090/connect/oauth2/authorize?appid=wx0123456789abcdef"
                + "&redirect_uri=https%3A%2F%2Fh5.example.com%2F&response_type=code&scope=snsapi_base&state=s"
                + "&forcePopup=true&forceSnapShot=true&connect_redirect=1#wechat_redirect")
    }

    @Test(arguments: ["", "a b", "a-b", "a&b=c", "é", "١", String(repeating: "a", count: 129)])
    func `a state that WeChat would not carry is refused`(state: String) {
        #expect(throws: OAuthError.unusableState) {
            try oauth.authorizeURL(redirectURI: "https://h5.example.com/", scope: .base, state: state)
        }
        #expect(OAuth.isState(String(repeating: "a", count: 128)))
    }

    @Test func `scopes are read by both their names`() {
        #expect(Scope(name: "base") == .base && Scope(name: "snsapi_base") == .base)
        #expect(Scope(name: "userinfo") == .userinfo && Scope(name: "snsapi_userinfo") == .userinfo)
        #expect(Scope(name: "snsapi_login") == nil && Scope(name: "") == nil)
        #expect(
            Scope.userinfo.satisfies(.base) && !Scope.base.satisfies(.userinfo) && Scope.userinfo.name == "userinfo")
    }

    @Test func `a code becomes a grant`() async throws {
        let grant = try await grant(Self.base)
        #expect(grant.openID == "oA" && grant.unionID == nil && grant.scope == .base && !grant.isSnapshot)
        #expect(grant.isFresh(at: FakeClock.start + 6899) && !grant.isFresh(at: FakeClock.start + 6900))
        #expect(grant.refreshExpiresAt == FakeClock.start + 30 * 86_400)
        let call = try #require(scene.weChat.calls.last)
        #expect(
            call.query.map { "\($0.name)=\($0.value)" } == [
                "appid=wx0123456789abcdef", "secret=\(FakeWeChat.secret)", "code=\(Self.code)",
                "grant_type=authorization_code",
            ])
    }

    @Test func `a snapshot user and the unionid are told`() async throws {
        let grant = try await grant()
        #expect(grant.isSnapshot && grant.unionID == "oU" && grant.scope == .userinfo)
    }

    @Test func `several scopes in one text are understood`() async throws {
        let reply = Self.base.replacingOccurrences(of: "snsapi_base", with: "snsapi_base,snsapi_userinfo")
        #expect(try await grant(reply).scope == .userinfo)
    }

    @Test(arguments: [FakeWeChat.Answer.error(-1), .failure(.timedOut), .failure(.interrupted), .status(502, "")])
    func `a code is never exchanged twice`(answer: FakeWeChat.Answer) async {
        scene.weChat.always(.exchange, answer)
        let error = await failure { () async throws(OAuthError) in try await oauth.exchange(code: Self.code) }
        #expect(error?.reaction == .backOff)
        #expect(scene.weChat.count(.exchange) == 1 && scene.clock.slept.isEmpty)
    }

    @Test(arguments: [40029, 40163, 42003, 41008, 42007]) func `a spent code restarts the login`(code: Int) async {
        scene.weChat.always(.exchange, .error(code, "invalid code, hint: [1684833894235730688668522]"))
        let error = await failure { () async throws(OAuthError) in try await oauth.exchange(code: Self.code) }
        #expect(error?.reaction == .restartLogin)
    }

    @Test(arguments: ["", "a b", "a\r\nb", "鞋", String(repeating: "a", count: 513)])
    func `what cannot be a code is not sent`(code: String) async {
        await #expect(throws: OAuthError.unusableCode) { try await oauth.exchange(code: code) }
        #expect(scene.weChat.calls.isEmpty)
    }

    @Test(arguments: [
        #"{"access_token":"a"}"#, #"{"access_token":"a","openid":""}"#, #"{"openid":"oA"}"#, "garbage",
        #"{"access_token":"a","openid":"o A"}"#,
    ])
    func `half a grant is none`(reply: String) async {
        scene.weChat.next(.exchange, .json(reply))
        let error = await failure { () async throws(OAuthError) in try await oauth.exchange(code: Self.code) }
        guard case .upstream(.unreadable) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `a refreshed grant keeps what the refresh does not tell`() async throws {
        let grant = try await grant()
        scene.clock.advance(by: 8000)
        scene.weChat.next(
            .refreshGrant,
            .json(
                #"{"access_token":"new","expires_in":7200,"refresh_token":"r2","openid":"oA","scope":"snsapi_userinfo"}"#
            ))
        let fresh = try await oauth.refresh(grant)
        #expect(fresh.unionID == "oU" && fresh.isSnapshot && fresh.scope == .userinfo)
        #expect(fresh.isFresh(at: scene.clock.now) && fresh.refreshExpiresAt == grant.refreshExpiresAt)
        #expect(scene.weChat.calls.last?.query.map(\.name) == ["appid", "grant_type", "refresh_token"])
        #expect(scene.weChat.calls.last?.query.last?.value == "73_CanaryRefreshToken")
    }

    @Test func `a grant is refreshed for thirty days and no longer`() async throws {
        let grant = try await grant()
        scene.clock.advance(by: 30 * 86_400)
        await #expect(throws: OAuthError.notRefreshable) { try await oauth.refresh(grant) }
        #expect(OAuthError.notRefreshable.reaction == .restartLogin)
        #expect(scene.weChat.count(.refreshGrant) == 0)
    }

    @Test func `what is told of another visitor is not taken for this one's`() async throws {
        let grant = try await grant()
        scene.weChat.next(.refreshGrant, .json(#"{"access_token":"x","openid":"oB"}"#))
        scene.weChat.next(.profile, .json(#"{"openid":"oB","nickname":"somebody else"}"#))
        let wrong = OAuthError.upstream(.unreadable(.invalid(field: "openid")))
        await #expect(throws: wrong) { try await oauth.refresh(grant) }
        await #expect(throws: wrong) { try await oauth.profile(grant) }
    }

    @Test func `a profile is asked for with the visitor's token`() async throws {
        let grant = try await grant()
        scene.weChat.next(.profile, .json(#"{"openid":"oA","nickname":"鹊桥","sex":0,"privilege":[],"headimgurl":""}"#))
        #expect(try await oauth.profile(grant).nickname == "鹊桥")
        #expect(
            scene.weChat.calls.last?.query.map { "\($0.name)=\($0.value)" }
                == ["access_token=73_CanaryGrantToken", "openid=oA", "lang=zh_CN"])
    }

    @Test func `a profile of a silent login is not asked for`() async throws {
        let grant = try await grant(Self.base)
        await #expect(throws: OAuthError.scopeTooSmall) { try await oauth.profile(grant) }
        #expect(scene.weChat.count(.profile) == 0)
    }

    @Test(arguments: [(40001, Reaction.refreshToken), (42001, .refreshToken), (48001, .callerBug), (40003, .callerBug)])
    func `a refused profile says whether a refresh may help`(code: Int, reaction: Reaction) async throws {
        let grant = try await grant()
        scene.weChat.next(.profile, .error(code))
        #expect(await failure { () async throws(OAuthError) in try await oauth.profile(grant) }?.reaction == reaction)
    }

    @Test func `a grant is checked`() async throws {
        let grant = try await grant()
        scene.weChat.next(
            .checkGrant, .json(#"{"errcode":0,"errmsg":"ok"}"#), .error(40003), .error(42001), .error(40001),
            .error(48004), .json("{}"))
        #expect(try await oauth.check(grant))
        for _ in 0..<3 { #expect(try await !oauth.check(grant)) }
        #expect(await failure { () async throws(OAuthError) in try await oauth.check(grant) }?.reaction == .stop)
        await #expect(throws: OAuthError.upstream(.unreadable(.missing(field: "errcode")))) {
            try await oauth.check(grant)
        }
    }
}
