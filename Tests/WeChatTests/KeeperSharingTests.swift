import Foundation
import Store
import Synchronization
import Testing

@testable import WeChat

/// Several keepers on one store are several processes, each with a memory of its own.
struct KeeperSharingTests {
    @Test(arguments: [true, false])
    func `two processes with two hundred cold calls make one token call and one ticket call`(stable: Bool) async throws
    {
        // In real time, with real overlap: the process without the lease polls the store.
        let scene = Scene(weChat: FakeWeChat(latency: .milliseconds(30)), store: MemoryStore(), stable: stable)
        let keepers = [scene.keeper(timing: .system), scene.keeper(timing: .system)]
        let tickets = try await withThrowingTaskGroup(of: Ticket.self) { group in
            for index in 0..<200 { group.addTask { try await keepers[index % 2].ticket() } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(tickets.count == 200 && Set(tickets.map { $0.reveal() }) == [scene.weChat.ticket])
        #expect(scene.weChat.tokenCalls == 1 && scene.weChat.ticketCalls == 1)
    }

    @Test func `when the holder of the lease dies, another takes over once it has run out`() async throws {
        let scene = Scene()
        let dead = try await scene.store.acquireLease("wx0123456789abcdef.token", owner: "dead", for: .seconds(15))
        #expect(dead != nil)
        let keeper = scene.keeper()
        let ticket = await scene.clock.drive { try? await keeper.ticket() }
        #expect(ticket?.reveal() == scene.weChat.ticket)
        let waited = scene.clock.now.timeIntervalSince(FakeClock.start)
        #expect((15...15.2).contains(waited))
        #expect(scene.clock.slept.allSatisfy { (0.05...0.1).contains($0) })
        #expect(scene.weChat.calls.count == 2)
    }

    /// A holder was killed, and the clock set back: the lease would last for a day, and the account be without a ticket.
    @Test func `a lease that ends tomorrow is taken over after the time that leases last`() async throws {
        let scene = Scene()
        _ = try await scene.store.acquireLease("wx0123456789abcdef.token", owner: "dead", for: .seconds(86_400))
        let keeper = scene.keeper()
        let ticket = await scene.clock.drive { try? await keeper.ticket() }
        #expect(ticket?.reveal() == scene.weChat.ticket)
        let waited = scene.clock.now.timeIntervalSince(FakeClock.start)
        #expect((15...15.4).contains(waited))
        #expect(scene.weChat.calls.count == 2)
    }

    @Test func `a lease that others renew again and again is not waited for without end`() async throws {
        let scene = Scene()
        let timing = scene.clock.timing
        let taken = try await scene.store.acquireLease("wx0123456789abcdef.token", owner: "busy", for: .seconds(15))
        let lease = try #require(taken)
        let renewing = Timing(
            now: timing.now,
            sleep: { (duration) async throws(CancellationError) in
                _ = try? await scene.store.renew(lease, for: .seconds(15))
                try await timing.sleep(duration)
            })
        let keeper = scene.keeper(timing: renewing)
        let error = await scene.clock.drive {
            await failure { () async throws(KeeperError) in try await keeper.ticket() }
        }
        #expect(error == .unavailable(last: nil, retryAfter: .seconds(1)))
        #expect(scene.clock.now.timeIntervalSince(FakeClock.start) < 17)
        #expect(scene.weChat.calls.isEmpty)
    }

    @Test func `what another process renewed is noticed and adopted without a call`() async throws {
        let scene = Scene()
        let ours = scene.keeper()
        _ = try await ours.ticket()
        scene.clock.advance(by: 3450)
        scene.weChat.replaceTicket()
        await scene.keeper().lookAround()
        #expect(scene.weChat.ticketCalls == 2)
        await ours.lookAround()
        #expect(ours.currentTicket()?.reveal() == scene.weChat.ticket)
        #expect(scene.weChat.ticketCalls == 2)
        #expect(await ours.previousTicket() != nil)
    }

    @Test func `a token that failed here and was replaced there is taken from the store`() async throws {
        let scene = Scene()
        let (ours, theirs) = (scene.keeper(), scene.keeper())
        let dead = try await ours.token()
        _ = try await theirs.token()
        scene.weChat.killToken()
        scene.clock.advance(by: 5)
        let fresh = try await theirs.report(failedToken: dead.reveal())
        #expect(fresh.reveal() == scene.weChat.token && scene.weChat.tokenCalls == 2)
        #expect(try await ours.report(failedToken: dead.reveal()) == fresh)
        #expect(scene.weChat.tokenCalls == 2)
    }

    @Test func `a changed AppSecret does not read what the old one sealed`() async throws {
        let scene = Scene()
        _ = try await scene.keeper().ticket()
        let changed = Account(name: "main", appID: scene.account.appID, appSecret: "another secret")
        let keeper = Keeper(
            platform: Platform(account: changed, fetcher: scene.weChat, timing: scene.clock.timing), store: scene.store)
        _ = try await keeper.ticket()
        #expect(scene.weChat.tokenCalls == 2 && scene.weChat.ticketCalls == 2)
        #expect(try await keeper.ticket() == keeper.currentTicket())
    }

    @Test func `another AppID has records of its own`() async throws {
        let scene = Scene()
        _ = try await scene.keeper().token()
        let other = Account(name: "other", appID: "wxfedcba9876543210", appSecret: FakeWeChat.secret)
        let keeper = Keeper(
            platform: Platform(account: other, fetcher: scene.weChat, timing: scene.clock.timing), store: scene.store)
        _ = try await keeper.token()
        #expect(scene.weChat.tokenCalls == 2)
        #expect(try await scene.store.scan(namespace: "credential", after: nil, limit: 10).count == 2)
    }

    @Test func `a record is readable but for its value, and a changed record is a miss`() async throws {
        let scene = Scene()
        let ticket = try await scene.keeper().ticket()
        let key = Key(namespace: "credential", name: "wx0123456789abcdef.ticket")
        let record = try #require(try await scene.store.read(key))
        let text = String(decoding: record.value, as: UTF8.self)
        #expect(text.contains(#""kind" : "ticket""#) && text.contains(#""generation" : 1"#))
        #expect(text.contains(#""obtainedAt" : "2026-11-21T"#) && text.contains(#""appId" : "wx0123456789abcdef""#))
        #expect(!text.contains(ticket.reveal()))
        for (old, new) in [
            (#""generation" : 1"#, #""generation" : 9"#), (#""kind" : "ticket""#, #""kind" : "token""#),
            (#""expiresAt" : "2026"#, #""expiresAt" : "2036"#), (#""sealed" : ""#, #""sealed" : "AAAA"#),
            (#""expiresAt" : "2026"#, #""expiresAt" : "x"#),
        ] {
            #expect(text.contains(old))
            let changed = text.replacingOccurrences(of: old, with: new)
            try await scene.store.put(key, Record(value: Array(changed.utf8)))
            let calls = scene.weChat.ticketCalls
            #expect(try await scene.keeper().ticket().reveal() == ticket.reveal())
            #expect(scene.weChat.ticketCalls == calls + 1, "\(old) → \(new)")
        }
    }

    @Test func `a store that fails does not stop the signing`() async throws {
        let store = FailingStore()
        let scene = Scene(store: store)
        let keeper = scene.keeper()
        #expect(try await keeper.ticket().reveal() == scene.weChat.ticket)
        #expect(scene.weChat.calls.count == 2)
        #expect(keeper.status().storeError == "no space is left for the store")
        let isTold = scene.events.all.contains { if case .storeFailed(.full) = $0 { true } else { false } }
        #expect(isTold)
        store.heal()
        scene.clock.advance(by: 3450)
        await keeper.lookAround()
        #expect(keeper.status().storeError == nil)
        #expect(try await store.read(Key(namespace: "credential", name: "wx0123456789abcdef.ticket")) != nil)
    }

    @Test func `whoever gets the lease looks again before calling`() async throws {
        let scene = Scene()
        let fast = scene.keeper()
        // Between the slow one's look into the store and its lease, the fast one does all the work.
        let store = HesitantStore(scene.store) { _ = try? await fast.token() }
        let slow = Keeper(platform: scene.platform(), store: store)
        let token = try await slow.token()
        #expect(try await fast.token() == token)
        #expect(scene.weChat.tokenCalls == 1)
    }

    @Test func `whoever outlived the lease takes what its next holder wrote`() async throws {
        let scene = Scene(stable: false)
        let fast = scene.keeper()
        // The slow one's call takes longer than its lease, and meanwhile the fast one does the work.
        let fetcher = DawdlingFetcher(scene.weChat) {
            scene.clock.advance(by: 20)
            _ = try? await fast.token()
        }
        let slow = Keeper(
            platform: Platform(account: scene.account, fetcher: fetcher, timing: scene.clock.timing),
            store: scene.store)
        let token = try await slow.token()
        #expect(scene.weChat.tokenCalls == 2)
        #expect(try await fast.token() == token)
        #expect(token.reveal() != scene.weChat.token)
        #expect(try await scene.keeper().token() == token)
    }
}

/// Lets something happen just before the first lease is taken.
private final class HesitantStore: Store {
    private let inner: any Store
    private let meanwhile: @Sendable () async -> Void
    private let hasHesitated = Atomic(false)

    init(_ inner: any Store, meanwhile: @escaping @Sendable () async -> Void) {
        self.inner = inner
        self.meanwhile = meanwhile
    }

    var now: Date { inner.now }

    func read(_ key: Key) async throws(StoreError) -> Record? { try await inner.read(key) }

    func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        if changes.contains(where: { $0.key.namespace == "lease" }),
            !hasHesitated.exchange(true, ordering: .relaxed)
        {
            await meanwhile()
        }
        return try await inner.commit(changes, if: conditions)
    }

    func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        try await inner.scan(namespace: namespace, after: after, limit: limit)
    }

    func sweep() async throws(StoreError) -> Int { try await inner.sweep() }
}

/// Does something before it calls.
private struct DawdlingFetcher: Fetcher {
    let inner: FakeWeChat
    let meanwhile: @Sendable () async -> Void

    init(_ inner: FakeWeChat, meanwhile: @escaping @Sendable () async -> Void) {
        self.inner = inner
        self.meanwhile = meanwhile
    }

    func fetch(_ call: Call) async throws(FetchError) -> Reply {
        await meanwhile()
        return try await inner.fetch(call)
    }
}

/// A store on a full disk.
private final class FailingStore: Store {
    private let inner = MemoryStore(now: { FakeClock.start })
    private let isHealthy = Atomic(false)

    func heal() { isHealthy.store(true, ordering: .relaxed) }

    private func check() throws(StoreError) {
        if !isHealthy.load(ordering: .relaxed) { throw .full }
    }

    func read(_ key: Key) async throws(StoreError) -> Record? {
        try check()
        return try await inner.read(key)
    }

    func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        try check()
        return try await inner.commit(changes, if: conditions)
    }

    func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        try check()
        return try await inner.scan(namespace: namespace, after: after, limit: limit)
    }

    func sweep() async throws(StoreError) -> Int { 0 }
}
