public import FoundationEssentials
import Synchronization

/// A store in the memory of one process: for tests, demonstrations, and gateways that may forget at a restart.
///
/// `sweep` and `scan` walk all records under the lock (some 50 ns each).
public final class MemoryStore: Store {
    private struct State: ~Copyable {
        var records: [Key: Record] = [:]
        var book = ChangeBook()
    }

    private let state = Mutex(State())
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
        return Glance(state.withLock { $0.records[key] }, at: now)
    }

    public func stamp(_ key: Key) -> Stamp? {
        let place = ChangeBook.place(of: key)
        return state.withLock { $0.book.stamp(place) }
    }

    public func isCurrent(_ stamp: Stamp) -> Bool {
        state.withLock { $0.book.holds(stamp) }
    }

    public func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        let now = now.milliseconds
        return state.withLock { state in
            for condition in conditions {
                let live = state.records[condition.key].flatMap { $0.isExpired(at: now) ? nil : $0 }
                guard condition.holds(for: live) else { return false }
            }
            for change in changes {
                switch change {
                case .put(let key, let record): state.records[key] = record
                case .remove(let key): state.records[key] = nil
                }
            }
            state.book.note(changes.map { ChangeBook.place(of: $0.key) })
            return true
        }
    }

    public func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        Key.checkNamespace(namespace)
        let now = now.milliseconds
        let found = state.withLock { state in
            state.records.filter { key, record in
                key.namespace == namespace && !record.isExpired(at: now)
                    && after.map { $0.utf8.lexicographicallyPrecedes(key.name.utf8) } ?? true
            }
        }
        return found.sorted { $0.key.name.utf8.lexicographicallyPrecedes($1.key.name.utf8) }
            .prefix(max(limit, 0)).map { ($0.key.name, $0.value) }
    }

    public func sweep() async throws(StoreError) -> Int {
        let now = now.milliseconds
        return state.withLock { state in
            let expired = state.records.filter { $0.value.isExpired(at: now) }.map(\.key)
            for key in expired { state.records[key] = nil }
            state.book.note(expired.map(ChangeBook.place))
            return expired.count
        }
    }
}
