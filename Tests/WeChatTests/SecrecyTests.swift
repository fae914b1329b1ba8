import Foundation
import Testing

@testable import WeChat

/// Whatever happens, nothing that can be printed holds a secret, token, ticket or code.
struct SecrecyTests {
    private static let code = "041CanaryCodeCanaryCodeCanaryCo1"
    private static let canaries = ["Canary", FakeWeChat.secret, String(FakeWeChat.secret.prefix(12))]

    private func expectClean(_ value: Any, _ what: String) {
        var dumped = ""
        dump(value, to: &dumped)
        for text in ["\(value)", String(reflecting: value), dumped] {
            for canary in Self.canaries where text.contains(canary) {
                Issue.record("\(what) shows a secret: \(text)")
            }
        }
    }

    /// WeChat, or a proxy, that repeats all it was told.
    private func parrot(_ code: Int, _ token: String) -> FakeWeChat.Answer {
        let short = FakeWeChat.secret.prefix(12)
        return .json(
            #"{"errcode":\#(code),"errmsg":"invalid \#(FakeWeChat.secret) \#(short) \#(token) \#(Self.code) 73_CanaryGrantTokenCanaryGrantToken rid: 658cff8e-7783352d-44cb33e5"}"#
        )
    }

    @Test func `calls, replies and accounts print without their secrets`() async throws {
        let scene = Scene()
        let keeper = scene.keeper()
        expectClean(try await keeper.ticket(), "ticket")
        expectClean(try await keeper.token(), "token")
        expectClean(scene.account, "account")
        for call in scene.weChat.calls { expectClean(call, "call") }
        expectClean(Reply(status: 200, body: Array("Canary".utf8)), "reply")
    }

    @Test(arguments: [-1, 40001, 40013, 40014, 40029, 40125, 40164, 42001, 45009, 48001, 99999])
    func `no error, status or event repeats what WeChat repeats`(code: Int) async throws {
        let scene = Scene()
        let keeper = scene.keeper()
        let token = try await keeper.token().reveal()
        scene.weChat.down(parrot(code, token))
        let error = await scene.clock.drive {
            await failure { () async throws(KeeperError) in try await keeper.ticket() }
        }
        expectClean(try #require(error), "error")
        expectClean(try #require(error).upstream?.hint as Any, "hint")
        expectClean(keeper.status(), "status")
        expectClean(String(decoding: try JSONEncoder().encode(keeper.status()), as: UTF8.self), "status as JSON")
        for event in scene.events.all { expectClean(event, "event") }

        let login = OAuth(platform: scene.platform())
        let refused = await failure { () async throws(OAuthError) in try await login.exchange(code: Self.code) }
        expectClean(try #require(refused), "refused code")
    }

    @Test func `grants and profiles' errors print without tokens`() async throws {
        let scene = Scene()
        scene.weChat.next(
            .exchange,
            .json(
                #"{"access_token":"73_CanaryGrantTokenCanaryGrantToken","refresh_token":"73_CanaryRefreshToken","openid":"oCanaryOpenID","scope":"snsapi_userinfo"}"#
            ))
        let login = OAuth(platform: scene.platform())
        let grant = try await login.exchange(code: Self.code)
        expectClean(grant, "grant")
        scene.weChat.down(parrot(40001, "73_CanaryGrantTokenCanaryGrantToken"))
        expectClean(
            try #require(await failure { () async throws(OAuthError) in try await login.profile(grant) }), "profile")
        expectClean(
            try #require(await failure { () async throws(OAuthError) in try await login.refresh(grant) }), "refresh")
    }

    @Test func `the keeper itself prints no secret`() async throws {
        let scene = Scene()
        let keeper = scene.keeper()
        _ = try await keeper.ticket()
        expectClean(keeper, "keeper")
        expectClean(JSSDK(keeper: keeper), "jssdk")
        expectClean(try await keeper.records.read(.ticket).credential as Any, "record")
    }
}
