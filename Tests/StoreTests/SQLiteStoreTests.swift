import Foundation
import Testing

@testable import Store

/// What is particular to the database: its settings, its damage, its limits.
@Suite struct SQLiteStoreTests {
    private let folder: Scratch
    private let incidents = Incidents()

    init() throws { folder = try Scratch() }

    private func open() throws(StoreError) -> SQLiteStore {
        let incidents = incidents
        return try SQLiteStore(path: folder.store, onIncident: { incidents.add($0) })
    }

    private func pragma(_ name: String, _ value: String? = nil, on store: SQLiteStore) async throws -> String? {
        try await store.committer.perform { engine throws(StoreError) in
            try engine.withConnection { connection throws(StoreError) in try connection.pragma(name, value) }
        }
    }

    // MARK: Opening

    @Test func `the connection is set up for durability and safety`() async throws {
        let store = try open()
        let expected = [
            "journal_mode": "wal", "synchronous": "2", "busy_timeout": "5000", "foreign_keys": "1",
            "trusted_schema": "0",
            "secure_delete": "1", "mmap_size": "0", "wal_autocheckpoint": "0", "user_version": "1",
        ]
        for (name, value) in expected { #expect(try await pragma(name, on: store) == value, "\(name)") }
        // DEFENSIVE: the schema cannot be written, whatever is asked.
        _ = try await pragma("writable_schema", "ON", on: store)
        await #expect(throws: StoreError.sqlite(SQLiteCode(rawValue: 1))) {
            try await store.committer.perform { engine throws(StoreError) in
                try engine.withConnection { connection throws(StoreError) in
                    try connection.execute("UPDATE sqlite_schema SET sql = sql")
                }
            }
        }
        await store.close()
    }

    @Test func `the table is strict and a sweep finds the expired by the index`() async throws {
        let store = try open()
        let (schema, plan) = try await store.committer.perform { engine throws(StoreError) in
            try engine.withConnection { connection throws(StoreError) in
                (
                    try connection.prepare("SELECT sql FROM sqlite_schema WHERE name = 'record'").first([]) {
                        $0.text(0)
                    },
                    try connection.prepare(
                        "EXPLAIN QUERY PLAN SELECT rowid FROM record WHERE expires <= ?1 ORDER BY expires LIMIT ?2"
                    ).all([]) { $0.text(3) }
                )
            }
        }
        #expect(schema?.hasSuffix("STRICT") == true)
        #expect(plan.count == 1 && plan[0].contains("USING COVERING INDEX record_by_expiry"))
        await store.close()
    }

    @Test func `records are there after the store was closed and opened, and closing leaves one file`() async throws {
        let record = Record("x", expires: Date(timeIntervalSinceNow: 100))
        let first = try open()
        try await first.put(Key("a"), record)
        await first.close()
        #expect(folder.files == ["store", "store-lock"])
        let second = try open()
        #expect(try await second.read(Key("a")) == record)
        await second.close()
    }

    @Test func `a database of a later version is refused and not touched`() async throws {
        let store = try open()
        _ = try await pragma("user_version", "2", on: store)
        await store.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.store))
        #expect(throws: StoreError.newerFormat(found: 2, supported: 1)) { try open() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.store)) == before)
        #expect(incidents.all == [])
    }

    @Test func `a database of another program is refused and not touched`() async throws {
        try Data().write(to: URL(fileURLWithPath: folder.store))
        chmod(folder.store, 0o600)
        do {
            let connection = try Connection(folder.store, isReadOnly: false)
            try connection.prepare("CREATE TABLE record (x)").run([])
        }
        let before = try Data(contentsOf: URL(fileURLWithPath: folder.store))
        #expect(throws: StoreError.foreignDatabase(path: folder.store)) { try open() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.store)) == before)
        #expect(incidents.all == [])
    }

    // MARK: Damage

    @Test func `a file that is no database is set aside and reported, and a new one is made`() async throws {
        let garbage = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 7) })
        try garbage.write(to: URL(fileURLWithPath: folder.store))
        chmod(folder.store, 0o600)
        let store = try open()
        try await store.put(Key("a"), Record("x"))
        try await expectSetAside(as: garbage)
        await store.close()
    }

    @Test func `a database with a broken page is set aside and reported, and a new one is made`() async throws {
        let first = try open()
        for index in 0..<50 { try await first.put(Key("\(index)"), Record(value: [UInt8](repeating: 1, count: 2000))) }
        await first.close()
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.store))
        for page in 1..<(bytes.count / 4096) {
            bytes.replaceSubrange(page * 4096..<page * 4096 + 16, with: Data(count: 16))
        }
        try bytes.write(to: URL(fileURLWithPath: folder.store))
        let store = try open()
        #expect(try await store.read(Key("1")) == nil)
        try await store.put(Key("1"), Record("again"))
        try await expectSetAside(as: bytes)
        await store.close()
    }

    @Test func `a database cut to nothing is not taken for a new one: its log is kept`() async throws {
        let first = try open()
        try await first.put(Key("a"), Record("x"))
        // As after a crash: the log is still there.
        let log = try Data(contentsOf: URL(fileURLWithPath: folder.store + "-wal"))
        await first.close()
        try Data().write(to: URL(fileURLWithPath: folder.store))
        try log.write(to: URL(fileURLWithPath: folder.store + "-wal"))
        chmod(folder.store + "-wal", 0o600)
        let store = try open()
        try await expectSetAside(as: Data())
        let kept = try #require(incidents.all.first?.setAside)
        #expect(try Data(contentsOf: URL(fileURLWithPath: kept + "-wal")) == log)
        await store.close()
    }

    private func expectSetAside(as bytes: Data) async throws {
        let incident = try #require(incidents.all.first)
        #expect(incidents.all.count == 1 && incident.kind == .damagedDatabase && incident.path == folder.store)
        let kept = try #require(incident.setAside)
        #expect(kept.hasPrefix(folder.store + ".corrupt-"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: kept)) == bytes)
    }

    @Test func `a database that another program has locked is busy, not damaged`() async throws {
        await (try open()).close()
        let connection = try Connection(folder.store, isReadOnly: false)
        try connection.execute("BEGIN IMMEDIATE")
        let incidents = incidents
        let store = try SQLiteStore(
            path: folder.store, lockTimeout: .milliseconds(50), onIncident: { incidents.add($0) })
        await #expect(throws: StoreError.unavailable) { try await store.put(Key("a"), Record("x")) }
        #expect(try await store.read(Key("a")) == nil)
        try connection.execute("ROLLBACK")
        try await store.put(Key("a"), Record("x"))
        #expect(try await store.text(Key("a")) == "x")
        #expect(incidents.all == [])
        await store.close()
    }

    @Test func `a database that is replaced while open is opened anew, by writers and readers`() async throws {
        let store = try open()
        try await store.put(Key("a"), Record("old"))
        let other = try SQLiteStore(path: folder.path + "/copy")
        try await other.put(Key("b"), Record("restored"))
        await other.close()
        for suffix in ["", "-wal", "-shm"] { rename(folder.store + suffix, folder.path + "/old" + suffix) }
        rename(folder.path + "/copy", folder.store)
        try await store.put(Key("c"), Record("new"))
        #expect(incidents.all.map(\.kind) == [.replacedDatabase])
        // Every connection of the pool.
        for _ in 0..<8 {
            #expect(try await store.text(Key("b")) == "restored")
            #expect(try await store.text(Key("c")) == "new")
            #expect(try await store.read(Key("a")) == nil)
        }
        await store.close()
    }

    // MARK: Limits

    @Test func `a full database is told apart, leaves the old records, and heals when there is space`() async throws {
        let store = try open()
        try await store.put(Key("a"), Record("old"))
        let pages = try #require(try await pragma("page_count", on: store))
        _ = try await pragma("max_page_count", pages, on: store)
        let big = Record(value: [UInt8](repeating: 1, count: 100_000))
        await #expect(throws: StoreError.full) { try await store.put(Key("big"), big) }
        await #expect(throws: StoreError.full) {
            try await store.commit([.put(Key("a"), Record("new")), .put(Key("big"), big)], if: [])
        }
        #expect(try await store.text(Key("a")) == "old")
        #expect(try await store.read(Key("big")) == nil)
        // What fits is still taken.
        try await store.put(Key("a"), Record("new"))
        #expect(try await store.text(Key("a")) == "new")
        _ = try await pragma("max_page_count", "100000", on: store)
        try await store.put(Key("big"), big)
        #expect(try await store.read(Key("big")) == big)
        await store.close()
    }

    @Test func `of commits made together, the one that is too large fails alone`() async throws {
        let store = try open()
        try await store.put(Key("a"), Record("1"))
        let pages = try #require(try await pragma("page_count", on: store))
        _ = try await pragma("max_page_count", pages, on: store)
        let one = Array("1".utf8)
        let batch = [
            Commit(changes: [.put(Key("b"), Record("1"))], conditions: [.equals(Key("a"), one)]),
            Commit(
                changes: [.remove(Key("a")), .put(Key("big"), Record(value: [UInt8](repeating: 1, count: 100_000)))],
                conditions: []),
            // Would not hold if the second had happened.
            Commit(changes: [.put(Key("c"), Record("1"))], conditions: [.equals(Key("a"), one)]),
            Commit(changes: [], conditions: [.absent(Key("a"))]),
        ]
        let results = try await store.committer.perform { engine throws(StoreError) in engine.apply(batch) }
        #expect(results == [.success(true), .failure(.full), .success(true), .success(false)])
        #expect(try await store.scan(namespace: "test", after: nil, limit: 9).map(\.name) == ["a", "b", "c"])
        await store.close()
    }

    @Test func `of commits made together, one refused half way is undone and the others are made`() async throws {
        let store = try open()
        try await store.put(Key("a"), Record("1"))
        let results = try await store.committer.perform { engine throws(StoreError) in
            try engine.withConnection { connection throws(StoreError) in
                // An error that ends the statement and leaves the transaction open.
                try connection.execute(
                    """
                    CREATE TRIGGER poison BEFORE INSERT ON record WHEN new.name = 'poison'
                    BEGIN SELECT raise(ABORT, 'poison'); END
                    """)
            }
            return engine.apply([
                Commit(changes: [.put(Key("b"), Record("1"))], conditions: []),
                Commit(changes: [.remove(Key("a")), .put(Key("poison"), Record("1"))], conditions: []),
                Commit(changes: [.put(Key("poison"), Record("1"))], conditions: []),
                Commit(changes: [.put(Key("c"), Record("1"))], conditions: [.equals(Key("a"), Array("1".utf8))]),
            ])
        }
        // SQLITE_CONSTRAINT_TRIGGER
        let refusal = Result<Bool, StoreError>.failure(.sqlite(SQLiteCode(rawValue: 1811)))
        #expect(results == [.success(true), refusal, refusal, .success(true)])
        #expect(try await store.scan(namespace: "test", after: nil, limit: 9).map(\.name) == ["a", "b", "c"])
        await store.close()
    }

    @Test func `the log is copied into the database as it grows, and starts anew`() async throws {
        let store = try open()
        for index in 0..<100 {
            // Other bytes each time: SQLite does not write what has not changed.
            let value = [UInt8](repeating: UInt8(index), count: 300_000)
            try await store.put(Key("\(index % 4)"), Record(value: value))
        }
        // Without checkpoints it would be 100 × 300 kB = 30 MB.
        let size = try #require(folder.status("store-wal")?.st_size)
        #expect(size < 18_000_000)
        #expect(try await pragma("integrity_check", on: store) == "ok")
        await store.close()
    }

    @Test func `a store let go without closing gives the database back whole`() async throws {
        do {
            let store = try open()
            try await store.put(Key("a"), Record("x"))
        }
        let store = try open()
        #expect(try await store.text(Key("a")) == "x")
        await store.close()
    }

    // MARK: Closing

    @Test(arguments: StoreKind.onDisk) func `after closing, everything throws closed, and closing again is no harm`(
        _ kind: StoreKind
    ) async throws {
        let store = try kind.open(folder.path + "/other")
        await store.close()
        await store.close()
        await #expect(throws: StoreError.closed) { try await store.read(Key("a")) }
        await #expect(throws: StoreError.closed) { try await store.put(Key("a"), Record("x")) }
        await #expect(throws: StoreError.closed) { try await store.scan(namespace: "test", after: nil, limit: 1) }
        await #expect(throws: StoreError.closed) { try await store.sweep() }
    }

    @Test func `codes match by their primary code, and errors never carry arguments`() async throws {
        #expect(SQLiteCode.busy ~= SQLiteCode(rawValue: 517))
        #expect(!(SQLiteCode.busy ~= SQLiteCode.locked))
        #expect(StoreError(SQLiteCode(rawValue: 267), path: "p") == .corrupt(path: "p"))
        #expect(StoreError(SQLiteCode(rawValue: 778), path: "p") == .sqlite(SQLiteCode(rawValue: 778)))
        await (try open()).close()
        let connection = try Connection(folder.store, isReadOnly: true)
        let statement = try connection.prepare("INSERT INTO record VALUES (?1, ?2, ?3, NULL)")
        let error = #expect(throws: StoreError.self) {
            try statement.run([.text("canary"), .text("canary"), .blob(Array("canary".utf8))])
        }
        #expect(error == .readOnly)
        #expect(!"\(error.map { "\($0)" } ?? "")".contains("canary"))
    }
}
