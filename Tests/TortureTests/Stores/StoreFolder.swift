import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Store

/// A folder with one store in it, for worker processes and for the test itself.
final class StoreFolder: Sendable {
    let kind: MagpieHome.StoreKind
    let place = makeTemporaryDirectory()
    private let workers = Atomic(0)

    init(_ kind: MagpieHome.StoreKind) {
        self.kind = kind
    }

    deinit { try? FileManager.default.removeItem(atPath: place) }

    var path: String { place + (kind == .file ? "/store" : "/store.sqlite") }

    /// A `store-worker` on this store.
    func worker(
        _ script: String..., environment: [String: String] = [:], locksEveryWrite: Bool = true
    ) throws -> ChildProcess {
        let number = workers.add(1, ordering: .relaxed).oldValue
        let word = kind == .file ? "file" : locksEveryWrite ? "sqlite" : "sqlite-unlocked"
        return try ChildProcess(
            try MagpieProcess.built("store-worker"), [word, path] + script, in: place, name: "worker\(number)",
            environment: environment)
    }

    /// Opens the store as the next start of the program would, and expects that nothing is found damaged.
    func inspect<Value>(_ body: (any Store) async throws -> Value) async throws -> Value {
        let incidents = Mutex<[String]>([])
        let value: Value
        switch kind {
        case .file:
            let store = try FileStore(
                directory: path, onIncident: { incident in incidents.withLock { $0.append("\(incident)") } })
            value = try await body(store)
            await store.close()
        case .sqlite:
            let store = try SQLiteStore(
                path: path, onIncident: { incident in incidents.withLock { $0.append("\(incident)") } })
            value = try await body(store)
            let verdict = try await store.committer.perform { engine throws(StoreError) in
                try engine.withConnection { connection throws(StoreError) in try connection.pragma("integrity_check") }
            }
            #expect(verdict == "ok")
            await store.close()
        }
        #expect(incidents.withLock { $0 } == [])
        return value
    }

    /// Whatever writers leave behind only while they write.
    var leftovers: [String] {
        let names = FileManager.default.enumerator(atPath: place)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".tmp") || $0.contains("corrupt") || $0.contains("journal") }
    }
}

extension Store {
    func text(_ key: Key) async throws -> String? {
        try await read(key).map { String(decoding: $0.value, as: UTF8.self) }
    }
}

extension MagpieHome {
    /// Returns when the account has a ticket, so that only the store can keep the server from being ready.
    func waitForTicket() throws {
        var visitor = visitor()
        let answer = try visitor.get(Page.path)
        guard answer.status == 200 else { throw ChildProcess.Failure(answer.text) }
    }

    /// `/ready`, as an orchestrator asks it.
    func ready() throws -> RawResponse {
        var client = operatorClient()
        return try client.get("/ready")
    }
}
