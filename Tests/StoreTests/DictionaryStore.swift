import Foundation
import Store

/// A store as a user of the library would write one: everything but these four functions comes with the protocol.
actor DictionaryStore: Store {
    private var records: [Key: Record] = [:]
    private let clock: @Sendable () -> Date

    init(clock: @escaping @Sendable () -> Date) { self.clock = clock }

    nonisolated var now: Date { clock() }

    func read(_ key: Key) async throws(StoreError) -> Record? {
        records[key].flatMap { $0.isExpired(at: now) ? nil : $0 }
    }

    func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        for condition in conditions {
            let record = records[condition.key].flatMap { $0.isExpired(at: now) ? nil : $0 }
            guard condition.holds(for: record) else { return false }
        }
        for change in changes {
            switch change {
            case .put(let key, let record): records[key] = record
            case .remove(let key): records[key] = nil
            }
        }
        return true
    }

    func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        records.filter { $0.key.namespace == namespace && !$0.value.isExpired(at: now) }
            .map { (name: $0.key.name, record: $0.value) }
            .filter { entry in after.map { $0.utf8.lexicographicallyPrecedes(entry.name.utf8) } ?? true }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            .prefix(limit).map { $0 }
    }

    func sweep() async throws(StoreError) -> Int {
        let expired = records.filter { $0.value.isExpired(at: now) }.map(\.key)
        for key in expired { records[key] = nil }
        return expired.count
    }
}
