import Store
import Testing

@testable import WeChat

struct KeeperEndTests {
    @Test func `whoever waits for a keeper's end has its last credential in the store`() async throws {
        let scene = Scene(weChat: FakeWeChat(latency: .milliseconds(50)))
        let keeper = scene.keeper()
        let asking = Task { try? await keeper.ticket() }
        while scene.weChat.calls.isEmpty { await Task.yield() }
        await keeper.finish()
        // The store may be closed now: nobody goes there any more.
        let count = scene.weChat.calls.count
        #expect(keeper.currentTicket() != nil)
        #expect(try await scene.keeper().ticket().reveal() == scene.weChat.ticket)
        #expect(scene.weChat.calls.count == count)
        _ = await asking.value
    }

    @Test func `a call that takes too long is given up, and its lease given back`() async throws {
        let scene = Scene(weChat: FakeWeChat(latency: .seconds(3_600)))
        let keeper = scene.keeper()
        let asking = Task { await failure { () async throws(KeeperError) in _ = try await keeper.token() } }
        while try await scene.store.scan(namespace: "lease", after: nil, limit: 1).isEmpty { await Task.yield() }
        keeper.abandon()
        await keeper.finish()
        _ = await asking.value
        #expect(try await scene.store.acquireLease("\(scene.account.appID).token", owner: "x", for: .seconds(1)) != nil)
    }

    @Test func `a loop that was told to end begins nothing new`() async throws {
        let scene = Scene()
        let keeper = scene.keeper()
        let loop = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            await keeper.run()
        }
        await loop.value
        #expect(scene.weChat.calls.isEmpty)
    }
}
