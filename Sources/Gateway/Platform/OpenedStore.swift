import FoundationEssentials
package import Store

/// The store that the configuration names.
package enum OpenedStore {
    package static func open(_ kind: Configuration.StoreKind, log: EventLog) throws(StoreError) -> any Store {
        let onIncident: @Sendable (StoreIncident) -> Void = { incident in
            log.error("store", [.outcome("damaged"), .reason(incident.description)])
        }
        switch kind {
        case .memory: return MemoryStore()
        case .file(let path): return try FileStore(directory: path, onIncident: onIncident)
        case .sqlite(let path): return try SQLiteStore(path: path, onIncident: onIncident)
        }
    }

    /// Finishes what was begun; what was acknowledged is durable already.
    package static func close(_ store: any Store) async {
        switch store {
        case let store as FileStore: await store.close()
        case let store as SQLiteStore: await store.close()
        default: break
        }
    }
}
