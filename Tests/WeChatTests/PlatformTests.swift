import Foundation
import Testing

@testable import WeChat

struct PlatformTests {
    private let scene = Scene()

    private func token() async -> UpstreamError? {
        let platform = scene.platform()
        return await scene.clock.drive {
            await failure { () async throws(UpstreamError) in try await platform.accessToken() }
        }
    }

    @Test func `the token is asked for with id and secret in the query`() async throws {
        let issued = try await scene.platform().accessToken()
        #expect(issued.value == scene.weChat.token && issued.expiresIn == 7200)
        let call = try #require(scene.weChat.calls.first)
        #expect(call.method == .get && call.path == "/cgi-bin/token" && call.body == nil && call.timeout == .seconds(5))
        #expect(
            call.query.map { "\($0.name)=\($0.value)" } == [
                "grant_type=client_credential", "appid=wx0123456789abcdef", "secret=\(FakeWeChat.secret)",
            ])
    }

    @Test func `the stable token is asked for with JSON in a POST`() async throws {
        _ = try await scene.platform().stableToken(force: false)
        let call = try #require(scene.weChat.calls.first)
        #expect(call.method == .post && call.path == "/cgi-bin/stable_token" && call.query.isEmpty)
        let body = try JSONSerialization.jsonObject(with: Data(call.body ?? [])) as? NSDictionary
        #expect(
            body == [
                "grant_type": "client_credential", "appid": "wx0123456789abcdef", "secret": FakeWeChat.secret,
                "force_refresh": false,
            ])
    }

    @Test func `the ticket is asked for by type`() async throws {
        let token = Credential(
            kind: .token, issued: try await scene.platform().accessToken(), at: scene.clock.now, after: nil)
        #expect(try await scene.platform().ticket(accessToken: token).value == scene.weChat.ticket)
        let call = try #require(scene.weChat.calls.last)
        #expect(call.query.map { "\($0.name)=\($0.value)" } == ["access_token=\(token.reveal())", "type=jsapi"])
    }

    /// What used to happen: a refusal that had the wanted field, too, was taken for a success.
    @Test func `a refusal is one, whatever else stands in it`() async {
        scene.weChat.always(.token, .json(#"{"access_token":"abc","expires_in":7200,"errcode":40013}"#))
        guard case .refused(let error)? = await token() else {
            Issue.record("taken for a success")
            return
        }
        #expect(error.code == .invalidAppID)
    }

    @Test func `a success is a reply with the wanted field, with errcode 0 or without one`() async throws {
        scene.weChat.next(.token, .json(#"{"access_token":"abc","expires_in":"7200","errcode":0,"errmsg":"ok"}"#))
        #expect(try await scene.platform().accessToken().expiresIn == 7200)
        scene.weChat.next(.token, .json(#"{"access_token":"abc"}"#))
        #expect(try await scene.platform().accessToken().expiresIn == nil)
    }

    @Test(arguments: [#"{"access_token":"","expires_in":7200}"#, "{}", #"{"errcode":0,"errmsg":"ok"}"#])
    func `an empty credential is none`(reply: String) async {
        scene.weChat.always(.token, .json(reply))
        #expect(await token() == .unreadable(.missing(field: "access_token")))
    }

    @Test func `busy is asked again after 1, 2 and 4 seconds, and no oftener`() async throws {
        scene.weChat.always(.token, .error(-1, "system error"))
        let error = try #require(await token())
        #expect(error.reaction == .backOff)
        #expect(scene.clock.slept == [1, 2, 4])
        #expect(scene.weChat.tokenCalls == 4)
    }

    @Test func `a call with its repetitions ends within twice its time limit`() async {
        let platform = Platform(
            account: scene.account, fetcher: scene.weChat, timeout: .seconds(2), timing: scene.clock.timing)
        scene.weChat.always(.token, .error(-1))
        _ = await scene.clock.drive {
            await failure { () async throws(UpstreamError) in try await platform.accessToken() }
        }
        // 1 s, 2 s, and no second left for another call after the next pause.
        #expect(scene.clock.slept == [1, 2])
        #expect(scene.weChat.calls.map(\.timeout) == [.seconds(2), .seconds(2), .seconds(1)])
    }

    @Test func `one busy answer is mended within the call`() async throws {
        let scene = scene
        scene.weChat.next(.token, .error(-1))
        let issued = await scene.clock.drive { try? await scene.platform().accessToken() }
        #expect(issued?.value == scene.weChat.token)
    }

    @Test(arguments: [500, 502, 503, 429])
    func `an intermediary's failure is like busy`(status: Int) async {
        scene.weChat.always(.token, .status(status, "<html>Bad Gateway</html>"))
        #expect(await token() == .intermediate(status: status))
        #expect(scene.weChat.tokenCalls == 4)
    }

    @Test func `a page in place of JSON is an intermediary's, even with status 200`() async {
        scene.weChat.always(.token, .json("\n<!DOCTYPE html><html>captive portal</html>"))
        #expect(await token() == .intermediate(status: 200))
        #expect(scene.weChat.tokenCalls == 4)
    }

    @Test func `a status such as 404 is not repeated`() async {
        scene.weChat.always(.token, .status(404, "{}"))
        #expect(await token() == .intermediate(status: 404))
        #expect(scene.weChat.tokenCalls == 1)
    }

    @Test(arguments: [
        FetchError.timedOut, .interrupted, .unreachable(host: "api.weixin.qq.com"), .tls("self-signed"), .tooLarge,
    ])
    func `a call without an answer is not made again, be it GET or POST`(failing: FetchError) async {
        scene.weChat.down(.failure(failing))
        #expect(await token() == .unreachable(failing))
        let stable = await failure { () async throws(UpstreamError) in
            try await scene.platform().stableToken(force: false)
        }
        #expect(stable == .unreachable(failing))
        #expect(scene.weChat.calls.count == 2)
        #expect(scene.clock.slept.isEmpty)
    }

    @Test func `a forced token is asked for once, busy or not`() async {
        scene.weChat.always(.stableToken, .error(-1))
        let error = await failure { () async throws(UpstreamError) in
            try await scene.platform().stableToken(force: true)
        }
        #expect(error?.reaction == .backOff)
        #expect(scene.weChat.tokenCalls == 1)
    }

    @Test(arguments: [
        "not json", "{\"access_token\":\"a", "[]", "", "{\"access_token\":\"a\",\"access_token\":\"b\"}",
        "{\"access_token\":{}}", "{\"access_token\":\"a b\"}",
    ])
    func `garbage is an error and never a token`(reply: String) async throws {
        scene.weChat.always(.token, .json(reply))
        let error = try #require(await token())
        guard case .unreadable = error else {
            Issue.record("\(error)")
            return
        }
        #expect(scene.weChat.tokenCalls == 1)
    }

    @Test func `invalid UTF-8 beside the token does not spoil it`() async throws {
        scene.weChat.next(
            .token,
            .bytes(
                Array(#"{"access_token":"abc","note":""#.utf8) + [0xFF, 0x01, 0xE4] + Array(#"","expires_in":60}"#.utf8)
            ))
        #expect(try await scene.platform().accessToken().value == "abc")
    }

    @Test func `an error keeps WeChat's code, words and rid`() async throws {
        scene.weChat.always(.token, .error(40013, "invalid appid rid: 658cff8e-7783352d-44cb33e5"))
        guard case .refused(let error) = try #require(await token()) else { return }
        #expect(error.code == .invalidAppID && error.message == "invalid appid")
        #expect(error.rid == "658cff8e-7783352d-44cb33e5" && error.operation == .token && error.reaction == .stop)
        #expect("\(error)" == "/cgi-bin/token answered 40013 invalid appid (rid 658cff8e-7783352d-44cb33e5)")
    }

    @Test func `a follower is told from a stranger`() async throws {
        let token = Credential(
            kind: .token, issued: Issued(value: "t", expiresIn: 7200), at: scene.clock.now, after: nil)
        scene.weChat.next(
            .follower,
            .json(#"{"subscribe":1,"openid":"oA","subscribe_time":1618441997,"unionid":"oU","subscribe_scene":"S"}"#),
            .json(#"{"subscribe":0,"openid":"oA"}"#), .json(#"{"subscribe":1,"openid":"oB"}"#))
        let follower = try await scene.platform().follower(openID: "oA", accessToken: token)
        #expect(follower.isFollowing && follower.unionID == "oU" && follower.scene == "S")
        #expect(follower.followedAt == Date(timeIntervalSince1970: 1_618_441_997))
        #expect(try await !scene.platform().follower(openID: "oA", accessToken: token).isFollowing)
        await #expect(throws: UpstreamError.unreadable(.invalid(field: "openid"))) {
            try await scene.platform().follower(openID: "oA", accessToken: token)
        }
    }
}
