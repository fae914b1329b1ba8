import Foundation
import TestSupport
import Testing

@testable import Store

extension TortureTests {
    /// Processes that do everything a store can do, at once, to the same records.
    @Suite struct ManyProcessesTests {
        @Test(arguments: MagpieHome.StoreKind.allCases)
        func `eight processes lose no update, tear no value, share no lease and use nothing twice`(
            _ kind: MagpieHome.StoreKind
        ) async throws {
            try await mix(kind, processes: 8, operations: Torture.count(short: 304, long: 10_000))
        }

        /// What is done with SQLite 3.51.3 or later: transactions without a lock of ours. Under an older library as many
        /// writes as fit into one write-ahead log, since two who copy it into the database at once could destroy it
        /// there (the WAL-reset bug), and that is SQLite's matter, not ours.
        @Test func `four processes do so without our lock, too`() async throws {
            let isSafe = !SQLiteEngine.libraryNeedsLock
            try await mix(
                .sqlite, processes: 4, operations: isSafe ? Torture.count(short: 304, long: 10_000) : 96,
                locksEveryWrite: false)
            Torture.figure(
                "sqlite without flock",
                "SQLite \(SQLiteStore.libraryVersion), \(isSafe ? "with" : "without") checkpoints")
        }

        private func mix(
            _ kind: MagpieHome.StoreKind, processes: Int, operations: Int, locksEveryWrite: Bool = true
        ) async throws {
            let folder = StoreFolder(kind)
            let once = (0..<512).map { "\($0)" }
            try await folder.inspect { store in
                let changes = once.map { Change.put(Key(namespace: "once", name: $0), Record(value: [1])) }
                let isThere = try await store.commit(changes, if: [])
                #expect(isThere)
            }
            var random = Torture.random("mix \(kind) \(locksEveryWrite)")
            let start = ContinuousClock.now
            let workers = try (0..<processes).map { number in
                try folder.worker(
                    "mix", "p\(number)", "\(UInt64.random(in: 0 ... .max, using: &random))", "\(operations)",
                    locksEveryWrite: locksEveryWrite)
            }
            for worker in workers {
                #expect(try worker.wait(seconds: 900) == .exited(0), "\(worker.errors)")
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)

            let lines = workers.flatMap { $0.output.split(separator: "\n").map { $0.split(separator: " ") } }
            func said(_ word: String) -> [[Substring]] { lines.filter { $0.first == Substring(word) } }
            #expect(said("torn") == [])
            var counted: [String: Int] = [:]
            for line in said("counted") { counted[String(line[1]), default: 0] += Int(line[2]) ?? 0 }
            let guarded = said("guarded").reduce(0) { $0 + (Int($1[1]) ?? 0) }
            let taken = said("took").map { String($0[1]) }
            let made = said("operations").reduce(0) { $0 + (Int($1[1]) ?? 0) }
            #expect(made == processes * operations)
            #expect(guarded > 0 && !taken.isEmpty && counted.count == 16)
            #expect(Set(taken).count == taken.count, "something was used twice")

            try await folder.inspect { store in
                for (name, count) in counted {
                    let found = try await number(Key(namespace: "counter", name: name), in: store)
                    #expect(found == count, "counter \(name)")
                }
                var underLease = 0
                for lease in 0..<3 {
                    underLease += try await number(Key(namespace: "guarded", name: "\(lease)"), in: store)
                }
                #expect(underLease == guarded)
                let left = try await store.scan(namespace: "once", after: nil, limit: 5000).map(\.name)
                #expect(Set(left) == Set(once).subtracting(taken))
            }
            #expect(folder.leftovers == [])
            Torture.figure(
                "\(processes) processes x \(operations) mixed operations, \(kind)",
                String(format: "%.0f s, %.0f operations/s", seconds, Double(made) / seconds))
        }

        private func number(_ key: Key, in store: any Store) async throws -> Int {
            let text = try await store.text(key) ?? "0"
            return Int(text.prefix { $0 != " " }) ?? -1
        }
    }
}
