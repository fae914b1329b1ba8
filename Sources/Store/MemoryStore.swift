public import FoundationEssentials
import Synchronization

/// A store in the memory of one process: for tests, demonstrations, and gateways that may forget at a restart.
///
/// `sweep` and `scan` walk all records under the lock (some 50 ns each).
public final class MemoryStore: Store {
    private let records = Mutex<[Key: Record]>([:])
    private let clock: @Sendable () -> Date

    /// - Parameter now: The clock by which records expire.
    public init(now: @escaping @Sendable () -> Date = { Date() }) {
        clock = now
    }

    public var now: Date { clock() }

    public func read(_ key: Key) async throws(StoreError) -> Record? {
        guard case .record(let record) = readNow(key) else { return nil }
        return record
    }

    public func readNow(_ key: Key) -> Glance {
        let now = now.milliseconds
        return Glance(records.withLock { $0[key] }, at: now)
    }

    public func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        let now = now.milliseconds
        return records.withLock { records in
            for condition in conditions {
                let live = records[condition.key].flatMap { $0.isExpired(at: now) ? nil : $0 }
                guard condition.holds(for: live) else { return false }
            }
            for change in changes {
                switch change {
                case .put(let key, let record): records[key] = record
                case .remove(let key): records[key] = nil
                }
            }
            return true
        }
    }

    public func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        Key.checkNamespace(namespace)
        let now = now.milliseconds
        let found = records.withLock { records in
            records.filter { key, record in
                key.namespace == namespace && !record.isExpired(at: now)
                    && after.map { $0.utf8.lexicographicallyPrecedes(key.name.utf8) } ?? true
            }
        }
        return found.sorted { $0.key.name.utf8.lexicographicallyPrecedes($1.key.name.utf8) }
            .prefix(max(limit, 0)).map { ($0.key.name, $0.value) }
    }

    public func sweep() async throws(StoreError) -> Int {
        let now = now.milliseconds
        return records.withLock { records in
            let before = records.count
            records = records.filter { !$0.value.isExpired(at: now) }
            return before - records.count
        }
    }
}
