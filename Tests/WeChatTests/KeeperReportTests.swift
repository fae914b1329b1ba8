import Foundation
import Testing

@testable import WeChat

/// Tokens that WeChat refuses.
struct KeeperReportTests {
    private func ask(_ scene: Scene, _ keeper: Keeper) async -> KeeperError? {
        await scene.clock.drive { await failure { () async throws(KeeperError) in try await keeper.ticket() } }
    }

    @Test(arguments: [true, false]) func `a killed token heals with one refresh and one retry`(stable: Bool)
        async throws
    {
        let scene = Scene(stable: stable)
        let keeper = scene.keeper()
        _ = try await keeper.token()
        scene.weChat.killToken()
        #expect(try await keeper.ticket().reveal() == scene.weChat.ticket)
        #expect(scene.weChat.tokenCalls == 2 && scene.weChat.ticketCalls == 2 && scene.weChat.forces == 0)
        #expect(try await keeper.token().reveal() == scene.weChat.token)
    }

    @Test(arguments: [40001, 40014, 42001]) func `a token refused for ever is two attempts and a clean error`(
        code: Int
    ) async throws {
        let scene = Scene()
        scene.weChat.always(.ticket, .error(code))
        let keeper = scene.keeper()
        #expect(await ask(scene, keeper)?.code?.rawValue == code)
        #expect(scene.weChat.ticketCalls == 2 && scene.weChat.tokenCalls == 2 && scene.weChat.forces == 0)
        #expect(await ask(scene, keeper)?.code?.rawValue == code)
        #expect(scene.weChat.ticketCalls == 2, "the error is kept for a while")
        // A day of it: forces and calls stay within WeChat's limits.
        for _ in 0..<(86_400 / 30) {
            scene.clock.advance(by: 30)
            _ = await ask(scene, keeper)
        }
        #expect(scene.weChat.forces <= 2 * 20)
        #expect(scene.weChat.ticketCalls < 4000 && scene.weChat.tokenCalls < 4000)
    }

    @Test func `the older kind of token refused for ever does not burn the daily quota`() async throws {
        let scene = Scene(stable: false)
        scene.weChat.always(.ticket, .error(40001))
        let keeper = scene.keeper()
        for _ in 0..<(86_400 / 30) {
            _ = await ask(scene, keeper)
            scene.clock.advance(by: 30)
        }
        #expect(scene.weChat.tokenCalls < 300)
    }

    @Test func `the same token that comes back and fails again is replaced by force`() async throws {
        let scene = Scene()
        let keeper = scene.keeper()
        let dead = try await keeper.token()
        // WeChat refuses it, and yet hands it out again.
        scene.weChat.next(.ticket, .error(40001), .error(40001))
        #expect(await ask(scene, keeper)?.code == .invalidCredential)
        #expect(scene.weChat.forces == 0 && scene.weChat.tokenCalls == 2)
        scene.clock.advance(by: 2)
        #expect(await ask(scene, keeper) == nil)
        #expect(scene.weChat.forces == 1 && scene.weChat.ticketCalls == 3)
        #expect(try await keeper.token() != dead)
        #expect(keeper.status().forcedToday == 1)
    }

    @Test func `a report of a token that is no longer current asks nothing`() async throws {
        let scene = Scene()
        let keeper = scene.keeper()
        let token = try await keeper.token()
        #expect(try await keeper.report(failedToken: "some older token") == token)
        #expect(scene.weChat.tokenCalls == 1)
    }

    @Test func `many reports of one token are one question`() async throws {
        let scene = Scene()
        let keeper = scene.keeper()
        let dead = try await keeper.token()
        scene.weChat.killToken()
        let tokens = try await withThrowingTaskGroup(of: AccessToken.self) { group in
            for _ in 0..<100 { group.addTask { try await keeper.report(failedToken: dead.reveal()) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(tokens.map { $0.reveal() }) == [scene.weChat.token])
        #expect(scene.weChat.tokenCalls == 2 && scene.weChat.forces == 0)
    }

    @Test func `a program that reports every token it gets cannot burn the quota, nor spoil it for others`()
        async throws
    {
        let scene = Scene()
        let keeper = scene.keeper()
        var token = try await keeper.token().reveal()
        for _ in 0..<86_400 {
            scene.clock.advance(by: 1)
            let answer = await failure { () async throws(KeeperError) in
                token = try await keeper.report(failedToken: token).reveal()
            }
            if answer != nil { #expect(try await keeper.token().reveal() == token) }
        }
        // WeChat's days and ours may overlap.
        #expect(scene.weChat.forces <= 40 && scene.weChat.forces >= 20)
        #expect(scene.weChat.tokenCalls < 500)
    }

    @Test func `a forced refresh that WeChat denies today is said so`() async throws {
        let scene = Scene()
        let keeper = scene.keeper()
        let token = try await keeper.token().reveal()
        scene.weChat.always(.stableToken, .json(#"{"access_token":"\#(token)","expires_in":7200}"#))
        // Asked again, then forced, and still the same.
        for _ in 0..<2 {
            #expect(try await keeper.report(failedToken: token).reveal() == token)
            scene.clock.advance(by: 2)
        }
        let error = await failure { () async throws(KeeperError) in try await keeper.report(failedToken: token) }
        #expect((20...30).contains(error?.wait ?? 0))
        #expect(try await keeper.token().reveal() == token)
    }

    @Test func `forces are counted for all processes together`() async throws {
        let scene = Scene()
        let keeper = scene.keeper()
        let dead = try await keeper.token()
        _ = try await keeper.report(failedToken: dead.reveal())
        scene.clock.advance(by: 2)
        let fresh = try await keeper.report(failedToken: dead.reveal())
        #expect(fresh != dead && scene.weChat.forces == 1)
        scene.clock.advance(by: 2)
        // The other process finds this one just as useless, asks, and may not force yet.
        let other = scene.keeper()
        _ = try await other.report(failedToken: fresh.reveal())
        scene.clock.advance(by: 2)
        let error = await failure { () async throws(KeeperError) in
            try await other.report(failedToken: fresh.reveal())
        }
        #expect(error?.wait == 26 && scene.weChat.forces == 1)
    }
}
