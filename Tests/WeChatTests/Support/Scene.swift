import Store
import Synchronization

@testable import WeChat

/// An account, a clock, a store and a scripted WeChat, put together; `keeper()` is one process of many.
struct Scene {
    let clock = FakeClock()
    let weChat: FakeWeChat
    let store: any Store
    let account: Account
    let events = EventLog()

    init(weChat: FakeWeChat = FakeWeChat(), store: (any Store)? = nil, stable: Bool = true) {
        self.weChat = weChat
        let clock = clock
        self.store = store ?? MemoryStore(now: { clock.now })
        account = Account(
            name: "main", appID: "wx0123456789abcdef", appSecret: FakeWeChat.secret, usesStableToken: stable)
    }

    func platform(timing: Timing? = nil) -> Platform {
        Platform(account: account, fetcher: weChat, timing: timing ?? clock.timing)
    }

    func keeper(timing: Timing? = nil) -> Keeper {
        let events = events
        return Keeper(platform: platform(timing: timing), store: store, onEvent: { events.note($0) })
    }
}

final class EventLog: Sendable {
    private let events = Mutex<[KeeperEvent]>([])
    func note(_ event: KeeperEvent) { events.withLock { $0.append(event) } }
    var all: [KeeperEvent] { events.withLock { $0 } }
}

/// The error that `body` throws, or `nil`.
func failure<Value, Failure: Error>(_ body: () async throws(Failure) -> Value) async -> Failure? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

extension KeeperError {
    /// Seconds until it is worth asking again.
    var wait: Double? {
        guard case .unavailable(_, let wait) = self else { return nil }
        return wait.inSeconds
    }

    var code: ErrorCode? {
        guard case .refused(let error) = upstream else { return nil }
        return error.code
    }
}
