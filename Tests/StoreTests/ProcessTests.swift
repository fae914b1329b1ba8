import Foundation
import Testing

@testable import Store

/// Several processes on one store, and processes that die.
@Suite(.serialized) struct ProcessTests {
    @Test(arguments: StoreKind.onDisk) func `four processes that count by compare-and-swap lose no update`(
        _ kind: StoreKind
    ) async throws {
        let folder = try Scratch()
        let workers = try (0..<4).map { _ in try Worker(kind, folder.store, "increment", "100") }
        for worker in workers { #expect(await worker.finish().status == 0) }
        try await reopened(kind, folder) { store in
            let counted = try await store.text(Key("counter"))
            #expect(counted == "400")
        }
    }

    @Test(arguments: StoreKind.onDisk) func `of four processes that take the same records, one gets each`(
        _ kind: StoreKind
    ) async throws {
        let folder = try Scratch()
        let store = try kind.open(folder.store)
        #expect(try await store.commit((0..<100).map { .put(Key("once-\($0)"), Record("x")) }, if: []))
        let workers = try (0..<4).map { _ in try Worker(kind, folder.store, "take", "100") }
        var taken: [String] = []
        for worker in workers { taken += await worker.finish().lines }
        #expect(taken.compactMap { Int($0) }.sorted() == Array(0..<100))
        #expect(try await store.scan(namespace: "test", after: nil, limit: 1).isEmpty)
        await store.close()
    }

    @Test(arguments: StoreKind.onDisk) func `a process killed while it writes loses nothing that was acknowledged`(
        _ kind: StoreKind
    ) async throws {
        let folder = try Scratch()
        for round in 0..<20 {
            let worker = try Worker(kind, folder.store, "write", "\(round)")
            // A different number of commits each time; the signal then strikes wherever the next one happens to be.
            var lines: [String] = []
            for _ in 0..<(1 + round * 7 % 23) { lines += await [worker.line()].compactMap { $0 } }
            worker.kill()
            lines += await worker.finish().lines
            #expect(!lines.isEmpty)
            let acknowledged = Set(lines)
            try await reopened(kind, folder) { store in
                for index in 0...(lines.count + 1) {
                    let a = try await store.text(Key("\(round)-a-\(index)"))
                    let b = try await store.text(Key(namespace: "pair", name: "\(round)-b-\(index)"))
                    #expect(a == b, "round \(round): half of pair \(index)")
                    let isRemoved = acknowledged.contains("-\(index)")
                    if isRemoved {
                        #expect(a == nil, "round \(round): removed pair \(index) is back")
                    } else if acknowledged.contains("+\(index)") {
                        // Of an odd pair the removal may have been under way, unacknowledged.
                        #expect(a == "\(index)" || index % 2 == 1, "round \(round): pair \(index) is lost")
                    }
                }
            }
        }
        #expect(folder.files.filter { $0.hasSuffix(".tmp") || $0.contains("corrupt") || $0.contains("journal") } == [])
    }

    @Test(arguments: StoreKind.onDisk) func `a lease excludes other processes while they change what it guards`(
        _ kind: StoreKind
    ) async throws {
        let folder = try Scratch()
        let workers = try (0..<3).map { _ in try Worker(kind, folder.store, "guarded", "15") }
        for worker in workers { #expect(await worker.finish().status == 0) }
        try await reopened(kind, folder) { store in
            let counted = try await store.text(Key("counter"))
            #expect(counted == "45")
        }
    }

    @Test(arguments: StoreKind.onDisk) func `the lease of a killed process can be taken when it runs out, not before`(
        _ kind: StoreKind
    ) async throws {
        let folder = try Scratch()
        let holder = try Worker(kind, folder.store, "hold", "60")
        #expect(await holder.line() == "held")
        let clock = ManualClock(Date())
        let store = try kind.open(folder.store, clock: clock)
        #expect(try await store.acquireLease("token", owner: "other", for: .seconds(5)) == nil)
        holder.kill()
        _ = await holder.finish()
        #expect(try await store.acquireLease("token", owner: "other", for: .seconds(5)) == nil)
        clock.advance(by: 61)
        #expect(try await store.acquireLease("token", owner: "other", for: .seconds(5)) != nil)
        await store.close()
    }

    /// Opens the store as the next start of the program would, and checks that nothing was found damaged.
    private func reopened(
        _ kind: StoreKind, _ folder: Scratch, _ body: (any Store) async throws -> Void
    ) async throws {
        let incidents = Incidents()
        let store = try kind.open(folder.store, incidents: incidents)
        try await body(store)
        if let store = store as? SQLiteStore {
            let verdict = try await store.committer.perform { engine throws(StoreError) in
                try engine.withConnection { connection throws(StoreError) in try connection.pragma("integrity_check") }
            }
            #expect(verdict == "ok")
        }
        await store.close()
        #expect(incidents.all == [])
    }
}
