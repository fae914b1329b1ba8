import Foundation
import Store
import Synchronization

/// A store of one's own: four functions. This one keeps everything in a dictionary; yours may ask Redis or Postgres, as
/// long as a `commit` is all or nothing.
final class DictionaryStore: Store {
    private let records = Mutex<[Key: Record]>([:])

    func read(_ key: Key) async throws(StoreError) -> Record? {
        let now = now
        return records.withLock { $0[key] }.flatMap { $0.isExpired(at: now) ? nil : $0 }
    }

    func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        let now = now
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

    func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        let now = now
        let live = records.withLock { $0 }.filter { $0.key.namespace == namespace && !$0.value.isExpired(at: now) }
        let names = live.map { (name: $0.key.name, record: $0.value) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        guard let after else { return Array(names.prefix(limit)) }
        return Array(names.filter { after.utf8.lexicographicallyPrecedes($0.name.utf8) }.prefix(limit))
    }

    func sweep() async throws(StoreError) -> Int {
        let now = now
        return records.withLock { records in
            let before = records.count
            records = records.filter { !$0.value.isExpired(at: now) }
            return before - records.count
        }
    }
}
