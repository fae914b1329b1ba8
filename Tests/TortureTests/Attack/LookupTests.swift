import Foundation
import Secure
import Store
import Synchronization
import TestSupport
import Testing
import Wire

@testable import Gateway
@testable import GatewayTests

extension TortureTests {
    /// Whether anything about an id that is nearly right can be learned (session-security S11).
    @Suite struct LookupTests {
        @Test func `no store is ever asked for an id, a state, a code or a binding itself`() async throws {
            let folder = makeTemporaryDirectory()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let clock = Date(timeIntervalSince1970: 1_760_000_000)
            let stores: [any Store] = [
                MemoryStore(now: { clock }), try FileStore(directory: folder + "/files", now: { clock }),
                try SQLiteStore(path: folder + "/store.sqlite", now: { clock }),
            ]
            for store in stores {
                let spy = SpyStore(store)
                let bench = Bench(store: spy)
                var visitor = Visitor()
                let state = try await visitor.start(bench)
                bench.weChat.expect(code: "CODE_CANARY", openID: "oVisitor")
                _ = try await visitor.get(bench, "/redirect?code=CODE_CANARY&state=\(state)")
                #expect(try await visitor.get(bench, "/auth").status == .ok)
                let session = try #require(visitor.cookies[Prey.sessionName])
                let binding = try #require(visitor.cookies[Prey.bindingName])
                _ = try await visitor.start(bench, "/redirect?to=/cart&scope=userinfo")
                let keys = spy.keys
                #expect(keys.contains(Key(namespace: "session", name: sha256(session))))
                #expect(keys.contains(Key(namespace: "binding", name: sha256(binding))))
                for (key, value) in spy.written.map({ ($0, $1) }) + keys.map({ ($0, []) }) {
                    let text = String(decoding: value, as: UTF8.self)
                    // Names are digests, so a wrong id that shares all but a bit with a right one shares nothing with it here.
                    for secret in [session, binding, state, "CODE_CANARY"] {
                        #expect(!key.name.contains(secret) && !text.contains(secret), "\(key.namespace)")
                    }
                    if ["session", "login", "code", "binding"].contains(key.namespace) {
                        #expect(key.name.wholeMatch(of: /[0-9a-f]{64}/) != nil)
                    }
                }
            }
        }

        private func sha256(_ text: String) -> String { hex(Digest.sha256(Array(text.utf8))) }

        /// A figure, not a proof; the proof is the test above.
        @Test func `how long a wrong id takes does not tell how wrong it is`() async throws {
            let prey = try await Prey()
            let near = String(prey.session.dropLast()) + (prey.session.hasSuffix("A") ? "B" : "A")
            let far = String(repeating: "x", count: 43)
            var times: [String: [Duration]] = ["near": [], "far": []]
            for round in 0..<Torture.count(short: 1_000, long: 50_000) {
                for name in round % 2 == 0 ? ["near", "far"] : ["far", "near"] {
                    let cookie = "\(Prey.sessionName)=\(name == "near" ? near : far)"
                    let start = ContinuousClock.now
                    let response = await prey.ask("/auth", [(.cookie, cookie)])
                    times[name]?.append(ContinuousClock.now - start)
                    #expect(response?.status == .unauthorized)
                }
            }
            let medians = times.mapValues { $0.sorted()[$0.count / 2] }
            for (name, median) in medians.sorted(by: { $0.key < $1.key }) {
                Torture.figure("median time of a wrong id that is \(name)", "\(median)")
            }
        }
    }
}

/// Notes what a store is asked for and given.
private final class SpyStore: Store {
    private let store: any Store
    private let seen = Mutex<(keys: Set<Key>, written: [Key: [UInt8]])>(([], [:]))

    init(_ store: any Store) { self.store = store }

    var keys: Set<Key> { seen.withLock { $0.keys } }
    var written: [Key: [UInt8]] { seen.withLock { $0.written } }
    var now: Date { store.now }

    func read(_ key: Key) async throws(StoreError) -> Record? {
        seen.withLock { _ = $0.keys.insert(key) }
        return try await store.read(key)
    }

    func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        seen.withLock { seen in
            seen.keys.formUnion(conditions.map(\.key))
            for change in changes {
                seen.keys.insert(change.key)
                if case .put(let key, let record) = change { seen.written[key] = record.value }
            }
        }
        return try await store.commit(changes, if: conditions)
    }

    func sweep() async throws(StoreError) -> Int { try await store.sweep() }
    func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        try await store.scan(namespace: namespace, after: after, limit: limit)
    }
}
