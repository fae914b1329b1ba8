import Foundation
import Store
import Testing

@testable import WeChat

struct KeeperTests {
    private let scene = Scene()

    @Test func `two hundred cold calls make one token call and one ticket call`() async throws {
        let keeper = scene.keeper()
        let tickets = try await withThrowingTaskGroup(of: Ticket.self) { group in
            for _ in 0..<200 { group.addTask { try await keeper.ticket() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(tickets.count == 200 && Set(tickets.map { $0.reveal() }) == [scene.weChat.ticket])
        #expect(scene.weChat.tokenCalls == 1 && scene.weChat.ticketCalls == 1)
    }

    @Test func `the ticket in memory is there without waiting`() async throws {
        let keeper = scene.keeper()
        #expect(keeper.currentTicket() == nil)
        let ticket = try await keeper.ticket()
        #expect(keeper.currentTicket() == ticket)
        #expect(ticket.kind == .ticket && ticket.expiresAt == FakeClock.start + 6900)
        scene.clock.advance(by: 6901)
        #expect(keeper.currentTicket() == nil)
    }

    @Test func `the stable token is the default, the older one on request`() async throws {
        _ = try await scene.keeper().token()
        #expect(scene.weChat.count(.stableToken) == 1 && scene.weChat.count(.token) == 0)
        let old = Scene(stable: false)
        _ = try await old.keeper().token()
        #expect(old.weChat.count(.stableToken) == 0 && old.weChat.count(.token) == 1)
    }

    @Test func `a waiter who is cancelled does not end the flight`() async throws {
        let scene = Scene(weChat: FakeWeChat(latency: .milliseconds(20)))
        let keeper = scene.keeper()
        let first = Task { try await keeper.ticket() }
        while scene.weChat.calls.isEmpty { await Task.yield() }
        first.cancel()
        let second = try await keeper.ticket()
        #expect(second.reveal() == scene.weChat.ticket)
        _ = await first.result
        #expect(scene.weChat.tokenCalls == 1 && scene.weChat.ticketCalls == 1)
    }

    @Test func `after a restart nothing is asked`() async throws {
        let before = try await scene.keeper().ticket()
        let restarted = scene.keeper()
        #expect(try await restarted.ticket() == before)
        #expect(try await restarted.token().reveal() == scene.weChat.token)
        #expect(scene.weChat.calls.count == 2)
    }

    @Test func `the ticket is renewed at half its life, while the old one serves`() async throws {
        let keeper = scene.keeper()
        let old = try await keeper.ticket()
        await keeper.lookAround()
        #expect(scene.weChat.calls.count == 2)
        scene.clock.advance(by: 3449)
        await keeper.lookAround()
        #expect(scene.weChat.ticketCalls == 1)
        scene.clock.advance(by: 1)
        scene.weChat.replaceTicket()
        #expect(keeper.currentTicket() == old)
        await keeper.lookAround()
        #expect(scene.weChat.tokenCalls == 1 && scene.weChat.ticketCalls == 2)
        #expect(keeper.currentTicket()?.reveal() == scene.weChat.ticket)
        #expect(keeper.currentTicket()?.generation == 2)
        #expect(await keeper.previousTicket() == ReplacedTicket(ticket: old, replacedAt: scene.clock.now))
    }

    @Test func `the token is renewed shortly before its end`() async throws {
        let keeper = scene.keeper()
        _ = try await keeper.token()
        scene.clock.advance(by: 6780)
        scene.weChat.killToken()
        await keeper.lookAround()
        #expect(scene.weChat.tokenCalls == 2)
        #expect(try await keeper.token().reveal() == scene.weChat.token)
    }

    @Test func `the loop fetches at start, renews in the background and ends when it is cancelled`() async throws {
        let keeper = scene.keeper()
        let loop = Task { await keeper.run() }
        await scene.clock.untilSomebodySleeps()
        #expect(keeper.currentTicket() != nil && scene.weChat.calls.count == 2)
        scene.weChat.replaceTicket()
        var elapsed = 0.0
        while elapsed < 3480 {
            scene.clock.advance(by: 15)
            elapsed += 15
            await scene.clock.untilSomebodySleeps()
            #expect(keeper.currentTicket() != nil)
        }
        #expect(scene.weChat.ticketCalls == 2)
        #expect(keeper.currentTicket()?.reveal() == scene.weChat.ticket)
        loop.cancel()
        await loop.value
    }

    @Test func `the ticket before the last restart is remembered, too`() async throws {
        let old = try await scene.keeper().ticket()
        scene.weChat.replaceTicket()
        scene.clock.advance(by: 3450)
        let keeper = scene.keeper()
        await keeper.lookAround()
        let replacedAt = scene.clock.now
        // Asked again, WeChat gives the same one: the former was replaced no later for that.
        scene.clock.advance(by: 3450)
        await keeper.lookAround()
        for keeper in [keeper, scene.keeper()] {
            #expect(await keeper.previousTicket()?.ticket.reveal() == old.reveal())
            #expect(await keeper.previousTicket()?.replacedAt == replacedAt)
        }
    }

    @Test func `a page may have the ticket checked, at most once in thirty seconds, whoever asks`() async throws {
        let keeper = scene.keeper()
        _ = try await keeper.ticket()
        scene.clock.advance(by: 31)
        scene.weChat.replaceTicket()
        let tickets = try await withThrowingTaskGroup(of: Ticket.self) { group in
            for _ in 0..<50 { group.addTask { try await keeper.revalidateTicket() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(tickets.count == 50 && scene.weChat.ticketCalls == 2)
        #expect(keeper.currentTicket()?.reveal() == scene.weChat.ticket)
        scene.clock.advance(by: 29)
        _ = try await keeper.revalidateTicket()
        #expect(scene.weChat.ticketCalls == 2)
        // Another process is bound by the same thirty seconds.
        _ = try await scene.keeper().revalidateTicket()
        #expect(scene.weChat.ticketCalls == 2)
        scene.clock.advance(by: 2)
        _ = try await keeper.revalidateTicket()
        #expect(scene.weChat.ticketCalls == 3)
    }

    @Test func `a check right after a fetch asks nothing, and does not put off the next one`() async throws {
        let keeper = scene.keeper()
        _ = try await keeper.ticket()
        scene.weChat.replaceTicket()
        scene.clock.advance(by: 14)
        _ = try await keeper.revalidateTicket()
        #expect(scene.weChat.ticketCalls == 1)
        scene.clock.advance(by: 17)
        _ = try await keeper.revalidateTicket()
        #expect(scene.weChat.ticketCalls == 2)
        #expect(keeper.currentTicket()?.reveal() == scene.weChat.ticket)
    }

    @Test func `a check while WeChat is down gives the ticket at hand`() async throws {
        let keeper = scene.keeper()
        let ticket = try await keeper.ticket()
        scene.clock.advance(by: 31)
        scene.weChat.down(.failure(.timedOut))
        #expect(try await keeper.revalidateTicket() == ticket)
    }

    @Test(arguments: [
        (#""expires_in":0"#, 45.0), (#""expires_in":-5"#, 45), (#""expires_in":"7200""#, 6900),
        (#""expires_in":1e30"#, 6900), (#""expires_in":"soon""#, 45), (#""expires_in":null"#, 45),
        (#""x":1"#, 45), (#""expires_in":300"#, 225), (#""expires_in":4"#, 10),
    ])
    func `whatever lifetime WeChat tells, it becomes a sane one`(field: String, life: Double) async throws {
        scene.weChat.always(.ticket, .json(#"{"errcode":0,"ticket":"abc",\#(field)}"#))
        let ticket = try await scene.keeper().ticket()
        #expect(ticket.expiresAt.timeIntervalSince(ticket.obtainedAt) == life)
    }

    @Test func `an empty ticket is never kept`() async throws {
        scene.weChat.always(.ticket, .json(#"{"errcode":0,"errmsg":"ok","ticket":"","expires_in":7200}"#))
        let keeper = scene.keeper()
        let error = await failure { () async throws(KeeperError) in try await keeper.ticket() }
        #expect(error?.upstream == .unreadable(.missing(field: "ticket")))
        #expect(keeper.currentTicket() == nil)
        #expect(try await scene.store.read(Key(namespace: "credential", name: "wx0123456789abcdef.ticket")) == nil)
    }

    @Test func `a user is looked up with the token, and once more with another when it is refused`() async throws {
        scene.weChat.next(.follower, .error(42001, "access_token expired"), .json(#"{"subscribe":1,"openid":"oA"}"#))
        let keeper = scene.keeper()
        _ = try await keeper.token()
        scene.weChat.killToken()
        #expect(try await keeper.follower(openID: "oA").isFollowing)
        #expect(scene.weChat.count(.follower) == 2 && scene.weChat.tokenCalls == 2)
        scene.weChat.next(.follower, .error(40003, "invalid openid"))
        let error = await failure { () async throws(KeeperError) in try await keeper.follower(openID: "oB") }
        guard case .failed(.refused(let refusal)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(refusal.reaction == .outcome)
    }

    @Test func `the status tells ages and never a value`() async throws {
        let keeper = scene.keeper()
        #expect(!keeper.status().isReady && keeper.status().ticket.obtainedAt == nil)
        _ = try await keeper.ticket()
        scene.clock.advance(by: 100)
        let status = keeper.status()
        #expect(status.isReady && status.account == "main" && status.appID == "wx0123456789abcdef")
        #expect(status.ticket.age == 100 && status.ticket.generation == 1 && status.ticket.failures == 0)
        #expect(status.ticket.nextRefresh == FakeClock.start + 3450)
        #expect(status.token.expiresAt == FakeClock.start + 6900)
        #expect(status.storeError == nil && status.forcedToday == 0)
    }
}
