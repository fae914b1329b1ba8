import Foundation
import Testing

@testable import WeChat

struct KeeperOutageTests {
    private let scene = Scene()

    private func ask(_ keeper: Keeper) async -> KeeperError? {
        await scene.clock.drive { await failure { () async throws(KeeperError) in try await keeper.ticket() } }
    }

    @Test func `while WeChat is down a valid ticket serves, and it is asked again with growing pauses`() async throws {
        let keeper = scene.keeper()
        let ticket = try await keeper.ticket()
        scene.clock.advance(by: 3450)
        scene.weChat.down(.failure(.timedOut))
        for _ in 0..<60 {
            await keeper.lookAround()
            #expect(try await keeper.ticket() == ticket)
            scene.clock.advance(by: 1)
        }
        // After 0, 1, 3, 7, 15, 30 and 45 seconds.
        #expect(scene.weChat.ticketCalls == 1 + 7)
        #expect(keeper.status().ticket.failures == 7 && keeper.status().ticket.isUsable)
        scene.weChat.down(nil)
        scene.clock.advance(by: 60)
        await keeper.lookAround()
        #expect(keeper.status().ticket.failures == 0 && keeper.currentTicket() != nil)
    }

    @Test func `a ticket past its margin still serves while WeChat is down, to the end of its validity`() async throws {
        let keeper = scene.keeper()
        let ticket = try await keeper.ticket()
        scene.weChat.down(.failure(.timedOut))
        scene.clock.advance(by: 6950)
        #expect(try await keeper.ticket() == ticket)
        #expect(keeper.currentTicket() == ticket)
        scene.clock.advance(by: 240)
        #expect(keeper.currentTicket() == nil)
        #expect(await ask(keeper) != nil)
    }

    @Test func `a cold start in an outage gives everybody the same error, with few calls`() async throws {
        scene.weChat.down(.failure(.unreachable(host: "api.weixin.qq.com")))
        let keeper = scene.keeper()
        let errors = await withTaskGroup(of: KeeperError?.self) { group in
            for _ in 0..<200 {
                group.addTask { await failure { () async throws(KeeperError) in try await keeper.ticket() } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(errors.allSatisfy { $0?.upstream == .unreachable(.unreachable(host: "api.weixin.qq.com")) })
        #expect(errors.allSatisfy { ($0?.wait ?? 0) > 0 })
        #expect(scene.weChat.calls.count == 1)
        for _ in 0..<600 {
            _ = await ask(keeper)
            scene.clock.advance(by: 1)
        }
        // 1, 2, 4, 8 and then 15 seconds apart.
        #expect((38...46).contains(scene.weChat.calls.count))
    }

    @Test func `WeChat being busy is waited out within one call, and the outage after it is not prolonged`()
        async throws
    {
        scene.weChat.next(.stableToken, .error(-1), .error(-1))
        let keeper = scene.keeper()
        #expect(await ask(keeper) == nil)
        #expect(scene.weChat.tokenCalls == 3)
    }

    @Test func `busy for ever is bounded`() async throws {
        scene.weChat.down(.error(-1, "system error"))
        let keeper = scene.keeper()
        #expect(await ask(keeper)?.code == .systemBusy)
        #expect(scene.weChat.calls.count == 4)
        #expect(await ask(keeper)?.code == .systemBusy)
        #expect(scene.weChat.calls.count == 4)
    }

    @Test(arguments: [40013, 40125, 40164, 40243, 45009, 61004, 89503, 40001])
    func `what the operator must mend stops the calls, and is looked at slowly`(code: Int) async throws {
        scene.weChat.always(.stableToken, .error(code))
        let keeper = scene.keeper()
        for _ in 0..<3600 {
            let error = await failure { () async throws(KeeperError) in try await keeper.ticket() }
            #expect(error?.code?.rawValue == code)
            scene.clock.advance(by: 1)
        }
        #expect((1...17).contains(scene.weChat.calls.count), "in an hour")
        let status = keeper.status().ticket
        #expect(status.lastErrorCode?.rawValue == code && status.hint?.chinese.isEmpty == false && !status.isUsable)
    }

    @Test func `a missing permission is never answered with a new token`() async throws {
        scene.weChat.always(.ticket, .error(48001, "api unauthorized"))
        let keeper = scene.keeper()
        let token = try await keeper.token()
        for _ in 0..<600 {
            #expect(await failure { () async throws(KeeperError) in try await keeper.ticket() }?.code == .unauthorized)
            scene.clock.advance(by: 1)
        }
        #expect(scene.weChat.tokenCalls == 1 && scene.weChat.ticketCalls <= 5)
        #expect(try await keeper.token() == token)
    }

    @Test(arguments: ["not json", "<html></html>", "{}", "", "{\"ticket\":[]}"])
    func `garbage is an outage like another`(reply: String) async throws {
        scene.weChat.always(.ticket, .json(reply))
        let keeper = scene.keeper()
        #expect(await ask(keeper) != nil)
        let calls = scene.weChat.calls.count
        #expect(await ask(keeper) != nil)
        #expect(scene.weChat.calls.count == calls)
        scene.weChat.always(.ticket, nil)
        scene.clock.advance(by: 2)
        #expect(await ask(keeper) == nil)
    }

    @Test func `after the operator mended it, signing goes on by itself`() async throws {
        scene.weChat.always(.stableToken, .error(40164, "invalid ip 101.45.43.1, not in whitelist"))
        let keeper = scene.keeper()
        await keeper.lookAround()
        #expect(keeper.status().token.hint?.english.contains("101.45.43.1") == true)
        scene.weChat.always(.stableToken, nil)
        scene.clock.advance(by: 40)
        await keeper.lookAround()
        #expect(keeper.status().isReady)
    }

    /// All who ask at one moment cost one round, whatever protects WeChat besides the pause: a keeper without it made
    /// two, and was only stopped by the count of forced tokens.
    @Test(arguments: [40001, 40014, 42001])
    func `a platform that refuses every token is asked one round, and after each pause another`(code: Int) async {
        scene.weChat.always(.ticket, .error(code))
        let keeper = scene.keeper()
        for _ in 0..<50 { #expect(await ask(keeper)?.code?.rawValue == code) }
        #expect(scene.weChat.ticketCalls == 2 && scene.weChat.tokenCalls == 2 && scene.weChat.forces == 0)

        var rounds: [Double] = []
        var calls = scene.weChat.ticketCalls
        for second in 1...600 {
            scene.clock.advance(by: 1)
            for _ in 0..<5 { #expect(await ask(keeper)?.code?.rawValue == code) }
            if scene.weChat.ticketCalls > calls { rounds.append(Double(second)) }
            #expect(scene.weChat.ticketCalls - calls <= 2, "in one second")
            calls = scene.weChat.ticketCalls
        }
        // 1, 2, 4 … seconds apart, and 30 where the count of forced tokens asks for it.
        let gaps = zip(rounds.dropFirst(), rounds).map { $0 - $1 }
        #expect(rounds.first == 1 && (6...14).contains(rounds.count), "\(rounds)")
        #expect(gaps.suffix(3).allSatisfy { $0 >= 30 }, "\(gaps)")
        #expect(scene.weChat.forces <= 20)
    }

    /// What used to happen: a token that WeChat refused twice and gave again even when forced was never used again.
    @Test func `a token that WeChat refuses and insists on is good again as soon as WeChat takes it`() async throws {
        scene.weChat.always(.stableToken, .json(#"{"access_token":"Stubborn","expires_in":7200}"#))
        scene.weChat.always(.ticket, .error(40001))
        let keeper = scene.keeper()
        for _ in 0..<300 {
            #expect(await ask(keeper) != nil)
            scene.clock.advance(by: 1)
        }
        scene.weChat.always(.ticket, .json(#"{"ticket":"T","expires_in":7200}"#))
        scene.clock.advance(by: 60)
        #expect(await ask(keeper) == nil)
    }

    /// What used to happen: with the day's forced tokens used up, nothing was signed until the last one expired.
    @Test func `after a day of refused tokens signing goes on within a minute`() async throws {
        scene.weChat.always(.ticket, .error(40001))
        let keeper = scene.keeper()
        for _ in 0..<3600 {
            await keeper.lookAround()
            scene.clock.advance(by: 1)
        }
        #expect(keeper.status().forcedToday == 20 && scene.weChat.forces == 20)
        scene.weChat.always(.ticket, nil)
        for _ in 0...61 {
            await keeper.lookAround()
            scene.clock.advance(by: 1)
        }
        #expect(keeper.status().isReady)
    }
}
