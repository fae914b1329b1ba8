import Foundation
import Store
import Testing

/// What every store does, whatever it is made of.
@Suite struct ConformanceTests {
    // MARK: Records

    @Test(arguments: StoreKind.allCases) func `a record is read as it was put, until it is removed`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, clock in
            let record = Record("hello", expires: clock.now + 60)
            #expect(try await store.read(Key("a")) == nil)
            try await store.put(Key("a"), record)
            #expect(try await store.read(Key("a")) == record)
            try await store.put(Key("a"), Record("again"))
            #expect(try await store.read(Key("a")) == Record("again"))
            try await store.remove(Key("a"))
            #expect(try await store.read(Key("a")) == nil)
            try await store.remove(Key("a"))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `what is read at once is what a read gives, up to the very end of a record`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, clock in
            func isSame(_ key: Key) async throws -> Bool {
                let record = try await store.read(key)
                switch try store.readNow(key) {
                case .record(let now): return now == record
                case .absent: return record == nil
                case .later: return kind == .file || kind == .custom
                }
            }
            #expect(try await isSame(Key("a")))
            try await store.put(Key("a"), Record("hello", expires: clock.now + 60))
            #expect(try await isSame(Key("a")))
            clock.advance(by: 59.999)
            #expect(try await isSame(Key("a")))
            #expect(try await store.read(Key("a")) != nil)
            clock.advance(by: 0.001)
            #expect(try await store.read(Key("a")) == nil)
            #expect(try await isSame(Key("a")))
            try await store.put(Key("a"), Record("again"))
            #expect(try await isSame(Key("a")))
            try await store.remove(Key("a"))
            #expect(try await isSame(Key("a")))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `values are any bytes: none, binary, text that needs escaping, a megabyte`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            let values: [[UInt8]] = [
                [], [0], Array(0...255), Array("{\"a\":\"\\u00e9\\n\"}".utf8),
                Array("\u{FEFF}e\u{301} é \u{2028}\r\n\t".utf8),
                Array("\u{0}\u{1}\u{7F}".utf8), [0xC3, 0x28],
                (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) },
                Array(repeating: UInt8(ascii: "x"), count: 1 << 20),
            ]
            for (index, value) in values.enumerated() {
                try await store.put(Key("\(index)"), Record(value: value))
            }
            for (index, value) in values.enumerated() {
                #expect(try await store.read(Key("\(index)"))?.value == value, "value \(index)")
                #expect(try await store.replace(Key("\(index)"), expecting: value, with: Record("seen")))
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `names are any strings, and those that only look alike are different keys`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            let names = [
                "", " ", ".", "..", "../../etc/passwd", "/", "a/b", "a\\b", "a\u{0}b", "a", "A", "e\u{301}", "\u{E9}",
                "鹊桥",
                "👩‍👩‍👧", "'; DROP TABLE record; --", "%", "_", "a\nb", String(repeating: "長", count: 700),
                String(repeating: "n", count: 2048),
            ]
            for name in names { try await store.put(Key(name), Record("value of \(name)")) }
            for name in names { #expect(try await store.text(Key(name)) == "value of \(name)") }
            let found = try await store.scan(namespace: "test", after: nil, limit: 100)
            #expect(
                found.map { Array($0.name.utf8) }
                    == names.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
        }
    }

    @Test(arguments: StoreKind.allCases) func `namespaces are worlds of their own`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store, _ in
            try await store.put(Key(namespace: "a-1", name: "x"), Record("1"))
            try await store.put(Key(namespace: "a", name: "1x"), Record("2"))
            try await store.put(Key(namespace: "a", name: "x"), Record("3"))
            #expect(try await store.text(Key(namespace: "a-1", name: "x")) == "1")
            #expect(try await store.text(Key(namespace: "a", name: "1x")) == "2")
            #expect(try await store.read(Key(namespace: "b", name: "x")) == nil)
            #expect(try await store.scan(namespace: "a", after: nil, limit: 10).map(\.name) == ["1x", "x"])
            #expect(try await store.scan(namespace: "b", after: nil, limit: 10).isEmpty)
        }
    }

    // MARK: Expiry

    @Test(arguments: StoreKind.allCases) func `a record is gone from the millisecond of its expiry`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, clock in
            try await store.put(Key("a"), Record("x", expires: clock.now + 10))
            clock.advance(by: 9.999)
            #expect(try await store.text(Key("a")) == "x")
            clock.advance(by: 0.001)
            #expect(try await store.read(Key("a")) == nil)
            #expect(try await store.take(Key("a")) == nil)
            #expect(try await store.scan(namespace: "test", after: nil, limit: 10).isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases) func `an expired record counts as absent in conditions and can be replaced`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, clock in
            try await store.put(Key("a"), Record("x", expires: clock.now + 10))
            #expect(try await store.replace(Key("a"), expecting: nil, with: Record("y")) == false)
            clock.advance(by: 10)
            #expect(try await store.replace(Key("a"), expecting: Array("x".utf8), with: Record("y")) == false)
            #expect(try await store.replace(Key("a"), expecting: nil, with: Record("z")))
            #expect(try await store.read(Key("a")) == Record("z"))
        }
    }

    @Test(arguments: StoreKind.allCases) func `dates at the ends of time are kept without a trap`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            for (name, date) in [
                ("future", Date.distantFuture), ("infinite", Date(timeIntervalSince1970: .infinity)),
                ("odd", Date(timeIntervalSince1970: 4_000_000_000.1239)),
            ] {
                let record = Record(name, expires: date)
                try await store.put(Key(name), record)
                #expect(try await store.read(Key(name)) == record)
            }
            for date in [Date.distantPast, Date(timeIntervalSince1970: .nan), Date(timeIntervalSince1970: -1)] {
                try await store.put(Key("past"), Record("x", expires: date))
                #expect(try await store.read(Key("past")) == nil)
            }
        }
    }

    @Test(arguments: StoreKind.allCases) func `a sweep removes exactly the expired, and says how many`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, clock in
            // More than a sweep removes in one step. A file store syncs every file, so there are no more than that.
            let count = kind == .file ? 520 : 1100
            let dying = (0..<count).map { Change.put(Key("dying-\($0)"), Record("x", expires: clock.now + 1)) }
            #expect(try await store.commit(dying, if: []))
            try await store.put(Key("later"), Record("x", expires: clock.now + 100))
            try await store.put(Key("always"), Record("x"))
            #expect(try await store.sweep() == 0)
            clock.advance(by: 2)
            #expect(try await store.sweep() == count)
            #expect(try await store.sweep() == 0)
            #expect(try await store.scan(namespace: "test", after: nil, limit: 9).map(\.name) == ["always", "later"])
        }
    }

    // MARK: Commits

    @Test(arguments: StoreKind.allCases) func `a commit happens only if all its conditions hold`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            try await store.put(Key("a"), Record("1"))
            let one = Array("1".utf8)
            let cases: [([Condition], Bool)] = [
                ([], true), ([.absent(Key("b"))], true), ([.absent(Key("a"))], false), ([.equals(Key("a"), one)], true),
                ([.equals(Key("a"), [])], false), ([.equals(Key("b"), [])], false), ([.equals(Key("b"), one)], false),
                ([.absent(Key("b")), .equals(Key("a"), one)], true), ([.absent(Key("b")), .absent(Key("a"))], false),
            ]
            for (conditions, expected) in cases {
                #expect(try await store.commit([.put(Key("c"), Record("x"))], if: conditions) == expected)
                let happened = try await store.take(Key("c")) != nil
                #expect(happened == expected)
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a commit of many changes is all or nothing, and the last change to a key wins`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            try await store.put(Key("old"), Record("1"))
            let changes: [Change] = [
                .put(Key("a"), Record("1")), .remove(Key("old")), .put(Key("b"), Record("1")),
                .put(Key("a"), Record("2")),
                .put(Key("gone"), Record("1")), .remove(Key("gone")), .remove(Key("back")),
                .put(Key("back"), Record("1")),
            ]
            #expect(try await store.commit(changes, if: [.absent(Key("old"))]) == false)
            #expect(try await store.scan(namespace: "test", after: nil, limit: 9).map(\.name) == ["old"])
            #expect(try await store.commit(changes, if: [.equals(Key("old"), Array("1".utf8))]))
            #expect(try await store.scan(namespace: "test", after: nil, limit: 9).map(\.name) == ["a", "b", "back"])
            #expect(try await store.text(Key("a")) == "2")
        }
    }

    @Test(arguments: StoreKind.allCases) func `an empty commit only judges its conditions`(_ kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store, _ in
            let happens = try await store.commit([], if: [])
            #expect(happens)
            #expect(try await store.commit([], if: [.absent(Key("a"))]))
            #expect(try await store.commit([], if: [.equals(Key("a"), [])]) == false)
        }
    }

    @Test(arguments: StoreKind.allCases) func `concurrent compare-and-swaps lose no update`(_ kind: StoreKind)
        async throws
    {
        try await withStore(kind) { store, _ in
            try await withThrowingTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask {
                        for _ in 0..<5 {
                            while true {
                                let old = try await store.read(Key("count"))?.value
                                let count = old.flatMap { Int(String(decoding: $0, as: UTF8.self)) } ?? 0
                                if try await store.replace(Key("count"), expecting: old, with: Record("\(count + 1)")) {
                                    break
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.text(Key("count")) == "100")
        }
    }

    @Test(arguments: StoreKind.allCases) func `of a hundred who take a record at once, one gets it`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, _ in
            for round in 0..<5 {
                try await store.put(Key("state"), Record("\(round)"))
                let winners = try await withThrowingTaskGroup { group in
                    for _ in 0..<100 { group.addTask { try await store.take(Key("state")) } }
                    return try await group.reduce(into: [Record]()) { winners, record in
                        if let record { winners.append(record) }
                    }
                }
                #expect(winners == [Record("\(round)")])
            }
        }
    }

    // MARK: Scans

    @Test(arguments: StoreKind.allCases) func `a scan pages through all names in the order of their bytes`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store, clock in
            let names = (0..<57).map { "n\($0 * 7 % 57)" }
            var changes = names.map { Change.put(Key($0), Record("value of \($0)")) }
            changes.append(.put(Key("n1-expired"), Record("x", expires: clock.now)))
            changes.append(.put(Key(namespace: "other", name: "n2"), Record("x")))
            #expect(try await store.commit(changes, if: []))
            var found: [String] = []
            var cursor: String?
            while true {
                let page = try await store.scan(namespace: "test", after: cursor, limit: 10)
                for entry in page { #expect(entry.record == Record("value of \(entry.name)")) }
                found += page.map(\.name)
                cursor = page.last?.name
                if page.count < 10 { break }
            }
            #expect(found == names.sorted())
            #expect(try await store.scan(namespace: "test", after: nil, limit: 0).isEmpty)
            #expect(try await store.scan(namespace: "test", after: "zzz", limit: 10).isEmpty)
            #expect(try await store.scan(namespace: "test", after: "n1", limit: 1).map(\.name) == ["n10"])
        }
    }
}
