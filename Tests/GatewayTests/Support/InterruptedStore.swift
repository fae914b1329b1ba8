import Foundation
import Store
import Synchronization

/// A memory store in which something happens right before a session is next opened, which may fail by it.
final class InterruptedStore: Store {
    private let store = MemoryStore(now: { Date(timeIntervalSince1970: 1_760_000_000) })
    private let interruption = Mutex<(@Sendable () async throws(StoreError) -> Void)?>(nil)
    private let interrupted = Atomic(false)

    var wasInterrupted: Bool { interrupted.load(ordering: .relaxed) }
    var now: Date { store.now }

    func beforeNextSession(_ work: @escaping @Sendable () async throws(StoreError) -> Void) {
        interruption.withLock { $0 = work }
    }

    func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        let opensSession = changes.contains {
            if case .put(let key, _) = $0 { key.namespace == "session" } else { false }
        }
        if opensSession, let work = interruption.withLock({ $0.take() }) {
            interrupted.store(true, ordering: .relaxed)
            try await work()
        }
        return try await store.commit(changes, if: conditions)
    }

    func read(_ key: Key) async throws(StoreError) -> Record? { try await store.read(key) }
    func sweep() async throws(StoreError) -> Int { try await store.sweep() }
    func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        try await store.scan(namespace: namespace, after: after, limit: limit)
    }
}
