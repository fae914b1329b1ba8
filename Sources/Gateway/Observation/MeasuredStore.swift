import FoundationEssentials
import Reactor
import Store

/// A store whose answers are timed and whose failures are counted; it changes nothing else.
struct MeasuredStore: Store {
    let store: any Store
    let metrics: Metrics

    var now: Date { store.now }

    func read(_ key: Key) async throws(StoreError) -> Record? {
        try await measured(.read) { () async throws(StoreError) in try await store.read(key) }
    }

    func readNow(_ key: Key) throws(StoreError) -> Glance {
        let start = Deadline.now()
        do throws(StoreError) {
            let glance = try store.readNow(key)
            // What is left to `read` is measured there.
            if case .later = glance { return .later }
            metrics.observe(.read, took: Deadline.now().since(start))
            return glance
        } catch {
            metrics.observe(.read, took: Deadline.now().since(start))
            metrics.count(.storeFailed(.read))
            throw error
        }
    }

    func stamp(_ key: Key) -> Stamp? { store.stamp(key) }

    func isCurrent(_ stamp: Stamp) -> Bool { store.isCurrent(stamp) }

    func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        let operation: Metrics.StoreOperation = changes.first?.key.namespace == "lease" ? .lease : .commit
        return try await measured(operation) { () async throws(StoreError) in
            try await store.commit(changes, if: conditions)
        }
    }

    func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        try await measured(.scan) { () async throws(StoreError) in
            try await store.scan(namespace: namespace, after: after, limit: limit)
        }
    }

    func sweep() async throws(StoreError) -> Int {
        try await measured(.sweep) { () async throws(StoreError) in try await store.sweep() }
    }

    private func measured<Value>(
        _ operation: Metrics.StoreOperation, _ work: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let start = Deadline.now()
        defer { metrics.observe(operation, took: Deadline.now().since(start)) }
        do throws(StoreError) {
            return try await work()
        } catch {
            metrics.count(.storeFailed(operation))
            throw error
        }
    }
}
