import Foundation
import Store

/// A store that has to be waited for, as one of the disk or an embedder's: it can say nothing at once.
struct PatientStore: Store {
    private let store: MemoryStore
    private let delayed: String?

    /// - Parameter delayed: a namespace in which everybody reads before anybody writes.
    init(_ store: MemoryStore, delaying delayed: String? = nil) {
        self.store = store
        self.delayed = delayed
    }

    var now: Date { store.now }

    func read(_ key: Key) async throws(StoreError) -> Record? {
        let record = try await store.read(key)
        if key.namespace == delayed { try? await Task.sleep(for: .milliseconds(20)) }
        return record
    }

    func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        try await store.commit(changes, if: conditions)
    }

    func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        try await store.scan(namespace: namespace, after: after, limit: limit)
    }

    func sweep() async throws(StoreError) -> Int { try await store.sweep() }
}
