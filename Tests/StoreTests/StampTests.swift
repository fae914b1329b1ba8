import Foundation
import Testing

@testable import Store

/// What stamps prove: that what was read is still so, whoever may have changed it.
@Suite struct StampTests {
    private static let kinds = [StoreKind.memory, .sqlite]

    /// A key whose place in the book is not that of any of `others`, so that they cannot make its stamps void.
    private func key(_ name: String, apartFrom others: Key...) -> Key {
        let taken = others.map(ChangeBook.place)
        return (0...).lazy.map { Key("\(name)-\($0)") }.first { !taken.contains(ChangeBook.place(of: $0)) } ?? Key(name)
    }

    private func standing(_ stamps: [Stamp], _ store: any Store) -> Int {
        stamps.count { store.isCurrent($0) }
    }

    /// A store that has something in its log, without which there are no stamps.
    private func withStore(
        _ kind: StoreKind, _ body: (any Store, ManualClock) async throws -> Void
    ) async throws {
        try await StoreTests.withStore(kind) { store, clock in
            try await store.put(Key("first"), Record("x"))
            try await body(store, clock)
        }
    }

    @Test(arguments: kinds) func `a stamp holds while nothing changes, however often one reads and asks`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            let stamp = try #require(store.stamp(Key("a")))
            for _ in 0..<100 {
                _ = try await store.read(Key("a"))
                #expect(store.isCurrent(stamp))
            }
        }
    }

    @Test(arguments: kinds) func `a commit of the key makes its stamp void before it returns, other keys' hold on`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            let a = Key("a")
            let b = key("b", apartFrom: a)
            for changes in [[Change.put(a, Record("1"))], [.put(a, Record("2"))], [.remove(a)]] {
                let (mine, other) = (try #require(store.stamp(a)), try #require(store.stamp(b)))
                #expect(try await store.commit(changes, if: []))
                #expect(!store.isCurrent(mine))
                #expect(store.isCurrent(other))
            }
        }
    }

    @Test(arguments: kinds) func `a commit whose condition fails, and one that changes nothing, leave stamps alone`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            let stamps = [Key("a"), key("other", apartFrom: Key("absent"))].compactMap { store.stamp($0) }
            #expect(try await !store.commit([.put(Key("a"), Record("x"))], if: [.equals(Key("a"), [1])]))
            #expect(standing(stamps, store) == 2)
            try await store.remove(Key("absent"))
            #expect(standing(stamps, store) == 2)
        }
    }

    @Test(arguments: kinds) func `of many keys changed together, every one's stamp is void`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            let keys = (0..<50).map { Key("k\($0)") }
            let stamps = keys.compactMap { store.stamp($0) }
            #expect(stamps.count == 50)
            let isMade = try await store.commit(keys.map { Change.put($0, Record("x")) }, if: [])
            #expect(isMade)
            #expect(standing(stamps, store) == 0)
        }
    }

    @Test(arguments: kinds) func `a sweep makes void the stamps of what it removes, and no others`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, clock in
            let old = Key("old")
            let young = key("young", apartFrom: old)
            try await store.put(old, Record("x", expires: clock.now + 1))
            try await store.put(young, Record("x", expires: clock.now + 100))
            let (gone, kept) = (try #require(store.stamp(old)), try #require(store.stamp(young)))
            clock.advance(by: 2)
            #expect(try await store.sweep() == 1)
            #expect(!store.isCurrent(gone))
            #expect(store.isCurrent(kept))
        }
    }

    @Test func `stores without stamps say so, and never that one is current`() async throws {
        for kind in [StoreKind.file, .custom] {
            try await withStore(kind) { store, _ in
                #expect(store.stamp(Key("a")) == nil)
                #expect(!store.isCurrent(Stamp(moment: .max, place: 0)))
            }
        }
    }

    // MARK: SQLite alone

    @Test func `a commit over another connection makes every stamp void, and new ones hold again`() async throws {
        let folder = try Scratch()
        let (ours, other) = (try SQLiteStore(path: folder.store), try SQLiteStore(path: folder.store))
        try await ours.put(Key("a"), Record("1"))
        for round in 0..<20 {
            let stamp = try #require(ours.stamp(Key("a")))
            try await other.put(Key("b"), Record("\(round)"))
            #expect(!ours.isCurrent(stamp))
            let next = try #require(ours.stamp(Key("a")))
            #expect(ours.isCurrent(next))
            // Ours comes after it and must not bring the first one back.
            try await ours.put(key("c", apartFrom: Key("a")), Record("\(round)"))
            #expect(ours.isCurrent(next))
            #expect(!ours.isCurrent(stamp))
        }
        await ours.close()
        await other.close()
    }

    @Test func `a stranger's commit that nobody looked at before our next one still makes stamps void`() async throws {
        let folder = try Scratch()
        let (ours, other) = (try SQLiteStore(path: folder.store), try SQLiteStore(path: folder.store))
        try await ours.put(Key("a"), Record("1"))
        let stamp = try #require(ours.stamp(Key("a")))
        try await other.put(Key("a"), Record("2"))
        try await ours.put(key("c", apartFrom: Key("a")), Record("x"))
        #expect(!ours.isCurrent(stamp))
        await ours.close()
        await other.close()
    }

    @Test func `our own commits keep stamps through checkpoints and a log that starts anew`() async throws {
        let folder = try Scratch()
        let store = try SQLiteStore(path: folder.store)
        try await store.put(Key("first"), Record("x"))
        let kept = key("kept", apartFrom: Key("a"))
        let stamp = try #require(store.stamp(kept))
        // 120 × 80 pages: the log is copied at 4,000, and begun anew by the next commit.
        for round in 0..<120 {
            try await store.put(Key("a"), Record(value: [UInt8](repeating: UInt8(round), count: 320_000)))
            #expect(store.isCurrent(stamp), "round \(round)")
        }
        let logPages = try await store.committer.perform { engine throws(StoreError) in
            try engine.withConnection { connection throws(StoreError) in connection.logPages }
        }
        #expect(logPages < 4000)
        await store.close()
    }

    @Test func `when another file takes the database's place, no stamp of the old one holds`() async throws {
        let folder = try Scratch()
        let store = try SQLiteStore(path: folder.store)
        try await store.put(Key("a"), Record("old"))
        let stamp = try #require(store.stamp(Key("a")))
        for suffix in ["", "-wal", "-shm"] {
            #expect(rename(folder.store + suffix, folder.path + "/aside" + suffix) == 0)
        }
        try await store.put(Key("b"), Record("new"))
        #expect(!store.isCurrent(stamp))
        let next = try #require(store.stamp(Key("a")))
        #expect(try await store.read(Key("a")) == nil)
        #expect(store.isCurrent(next))
        await store.close()
    }

    @Test func `a closed store has no stamps, and none of it holds`() async throws {
        let folder = try Scratch()
        let store = try SQLiteStore(path: folder.store)
        try await store.put(Key("a"), Record("x"))
        let stamp = try #require(store.stamp(Key("a")))
        await store.close()
        #expect(!store.isCurrent(stamp))
        #expect(store.stamp(Key("a")) == nil)
    }

    @Test func `what is kept under a stamp is never older than what another process has acknowledged`() async throws {
        let folder = try Scratch()
        let store = try SQLiteStore(path: folder.store)
        try await store.put(Key("first"), Record("x"))
        // Commits of ours go on meanwhile: only they leave stamps standing.
        let writing = Task {
            var round = 0
            while !Task.isCancelled {
                try await store.put(Key("ours-\(round % 100)"), Record("x"))
                round += 1
            }
        }
        let worker = try Worker(.sqlite, folder.store, "tell", "worker", "300")
        var kept: (value: Int, stamp: Stamp)?
        var uses = 0
        while let told = await worker.line().flatMap({ Int($0) }) {
            for _ in 0..<50 {
                if let kept, store.isCurrent(kept.stamp) {
                    #expect(kept.value >= told)
                    uses += 1
                } else {
                    let stamp = store.stamp(Key("told-worker"))
                    let value = try await store.text(Key("told-worker")).flatMap { Int($0) } ?? 0
                    #expect(value >= told)
                    kept = stamp.map { (value, $0) }
                }
            }
        }
        #expect(await worker.finish().status == 0)
        writing.cancel()
        try await writing.value
        #expect(uses > 0)
        await store.close()
    }

    /// The header of a wal-index as SQLite writes it: only the numbers that count here.
    private func header(changes: UInt32, logPages: UInt32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 96)
        for (offset, number) in [(0, 3_007_000), (8, changes), (16, logPages), (48, 3_007_000)] {
            withUnsafeBytes(of: number) { bytes.replaceSubrange(offset..<offset + 4, with: $0) }
        }
        return bytes
    }

    @Test func `a stranger's commit between an empty one of ours and its note is a stranger's`() throws {
        let region = UnsafeMutableRawBufferPointer.allocate(byteCount: 96, alignment: 8)
        defer { region.deallocate() }
        let key = Key("a")
        for logPages in [UInt32(0), 8] {
            let watch = ChangeWatch()
            region.copyBytes(from: header(changes: 41, logPages: 5))
            watch.attach(WALIndex(UnsafeRawPointer(region.baseAddress)))
            let stamp = try #require(watch.stamp(key))
            #expect(watch.isCurrent(stamp))
            watch.began()
            region.copyBytes(from: header(changes: 42, logPages: logPages))
            watch.committed([], logPages: 0)
            #expect(!watch.isCurrent(stamp))
        }
    }
}
