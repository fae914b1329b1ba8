import Foundation
import Testing

@testable import Store

/// What is particular to files: journals, damage, what lies in the folder.
@Suite struct FileStoreTests {
    private let folder: Scratch
    private let incidents = Incidents()

    init() throws { folder = try Scratch() }

    private func open() throws(StoreError) -> FileStore {
        let incidents = incidents
        return try FileStore(directory: folder.store, onIncident: { incidents.add($0) })
    }

    private func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder.store)/\(name)"))
        chmod("\(folder.store)/\(name)", 0o600)
    }

    private func contents(_ name: String) throws -> String {
        try String(contentsOfFile: "\(folder.store)/\(name)", encoding: .utf8)
    }

    // MARK: Persistence

    @Test func `records are there after the store was closed and opened`() async throws {
        let record = Record("x", expires: Date(timeIntervalSinceNow: 100))
        let first = try open()
        try await first.put(Key("a"), record)
        await first.close()
        let second = try open()
        #expect(try await second.read(Key("a")) == record)
        await second.close()
    }

    @Test func `a commit leaves its records and the lock behind, and nothing else`() async throws {
        let store = try open()
        _ = try await store.commit(
            [.put(Key("a"), Record("1")), .put(Key(namespace: "b", name: "b"), Record("2"))], if: [])
        try await store.put(Key("c"), Record("3"))
        try await store.remove(Key("c"))
        await store.close()
        let expected = [
            "store", "store/b", "store/\(RecordFile.path(of: Key(namespace: "b", name: "b")))", "store/store.lock",
            "store/test", "store/\(RecordFile.path(of: Key("a")))",
        ]
        #expect(folder.files == expected.sorted())
    }

    @Test func `what a dead writer left half written is swept at the start`() async throws {
        await (try open()).close()
        mkdir(folder.store + "/test", 0o700)
        try write("{", to: "test/0123.abcd.tmp")
        try write("{", to: "store.journal.abcd.tmp")
        try write("kept", to: "test/0123.json.X.corrupt")
        await (try open()).close()
        #expect(folder.files.filter { $0.hasSuffix(".tmp") } == [])
        #expect(try contents("test/0123.json.X.corrupt") == "kept")
    }

    // MARK: Half-done commits

    /// The state in which `kill -9` right after the commit point leaves the folder: `a` replaced, `b` new, `c` removed.
    private func interruptCommit(afterSteps taken: Int) async throws -> FileStore {
        let store = try open()
        for name in ["a", "c", "d"] { try await store.put(Key(name), Record("old \(name)")) }
        var steps: [Journal.Step] = []
        for name in ["a", "b"] {
            let temporary = RecordFile.temporary(for: Key(name))
            try write(
                String(decoding: RecordFile.encode(Key(name), Record("new \(name)")), as: UTF8.self), to: temporary)
            steps.append(Journal.Step(path: RecordFile.path(of: Key(name)), temporary: temporary))
        }
        steps.append(Journal.Step(path: RecordFile.path(of: Key("c")), temporary: nil))
        for step in steps.prefix(taken) {
            let path = "\(folder.store)/\(step.path)"
            if let temporary = step.temporary { rename("\(folder.store)/\(temporary)", path) } else { unlink(path) }
        }
        try write(String(decoding: Journal(steps: steps).encode(), as: UTF8.self), to: Journal.name)
        return store
    }

    private func expectCommitted(_ store: FileStore) async throws {
        #expect(try await store.text(Key("a")) == "new a")
        #expect(try await store.text(Key("b")) == "new b")
        #expect(try await store.text(Key("c")) == nil)
        #expect(try await store.text(Key("d")) == "old d")
    }

    @Test(arguments: 0...3) func `readers see all of a commit whose writer died between its steps`(
        _ taken: Int
    ) async throws {
        let store = try await interruptCommit(afterSteps: taken)
        try await expectCommitted(store)
        #expect(folder.files.contains("store/\(Journal.name)"), "reading changes nothing")
        #expect(try await store.scan(namespace: "test", after: nil, limit: 9).map(\.name) == ["a", "b", "d"])
        await store.close()
    }

    @Test(arguments: 0...3) func `the next start finishes a commit whose writer died between its steps`(
        _ taken: Int
    ) async throws {
        await (try await interruptCommit(afterSteps: taken)).close()
        let store = try open()
        #expect(folder.files.filter { $0.hasSuffix(".tmp") || $0.contains("journal") } == [])
        try await expectCommitted(store)
        await store.close()
    }

    @Test(arguments: 0...3) func `the next commit finishes the one before it, whose writer died`(_ taken: Int)
        async throws
    {
        let store = try await interruptCommit(afterSteps: taken)
        // Judged by what the dead one wrote, and not undone by a second replay.
        let isSwapped = try await store.commit(
            [.put(Key("a"), Record("newer a")), .put(Key("c"), Record("newer c"))],
            if: [.equals(Key("a"), Array("new a".utf8)), .absent(Key("c"))])
        #expect(isSwapped)
        await store.close()
        let next = try open()
        #expect(try await next.text(Key("a")) == "newer a")
        #expect(try await next.text(Key("b")) == "new b")
        #expect(try await next.text(Key("c")) == "newer c")
        #expect(incidents.all == [])
        await next.close()
    }

    @Test func `a commit that fails between its steps is finished by the next one, and never half of it is seen`()
        async throws
    {
        let store = try open()
        for name in ["a", "b"] { try await store.put(Key(name), Record("old")) }
        // Where a record should be renamed to lies a folder.
        let obstacle = "\(folder.store)/\(RecordFile.path(of: Key("b")))"
        unlink(obstacle)
        mkdir(obstacle, 0o700)
        await #expect(throws: StoreError.io(errno: EISDIR)) {
            try await store.commit([.put(Key("a"), Record("new")), .put(Key("b"), Record("new"))], if: [])
        }
        #expect(try await store.text(Key("a")) == "new")
        #expect(try await store.text(Key("b")) == "new")
        rmdir(obstacle)
        try await store.put(Key("c"), Record("x"))
        #expect(!folder.files.contains("store/\(Journal.name)"))
        #expect(try await store.text(Key("a")) == "new")
        #expect(try await store.text(Key("b")) == "new")
        await store.close()
    }

    @Test func `a damaged journal is set aside and reported, and the store goes on`() async throws {
        let store = try await interruptCommit(afterSteps: 0)
        let journal = try contents(Journal.name).replacing("new", with: "old").replacing("tmp", with: "tnp")
        try write(journal, to: Journal.name)
        try await store.put(Key("e"), Record("x"))
        #expect(try await store.text(Key("a")) == "old a")
        #expect(try await store.text(Key("c")) == "old c")
        let incident = try #require(incidents.all.first)
        #expect(incidents.all.count == 1 && incident.kind == .damagedJournal)
        #expect(try String(contentsOfFile: try #require(incident.setAside), encoding: .utf8) == journal)
        await store.close()
    }

    /// Whoever could write such a journal could replace the file that it names; the store's user may own others.
    @Test(arguments: ["../elsewhere.json", "test/../../elsewhere.json", "elsewhere.json", "test/", "/elsewhere.json"])
    func `a journal that reaches beyond the records is damaged`(_ path: String) async throws {
        let store = try open()
        let elsewhere = "\(folder.store)/../elsewhere.json"
        try "kept".write(toFile: elsewhere, atomically: false, encoding: .utf8)
        let journal = Journal(steps: [Journal.Step(path: path, temporary: nil)])
        try write(String(decoding: journal.encode(), as: UTF8.self), to: Journal.name)
        try await store.put(Key("e"), Record("x"))
        #expect(incidents.all.map(\.kind) == [.damagedJournal])
        #expect(try String(contentsOfFile: elsewhere, encoding: .utf8) == "kept")
        await store.close()
    }

    // MARK: Damage

    @Test(arguments: ["", "{", "\u{0}\u{0}\u{0}", "{\"format\":1}"])
    func `a damaged record is a miss, set aside and reported once, and can be written again`(
        _ damage: String
    ) async throws {
        let store = try open()
        try await store.put(Key("a"), Record("x"))
        let path = RecordFile.path(of: Key("a"))
        try write(damage, to: path)
        #expect(try await store.read(Key("a")) == nil)
        #expect(try await store.read(Key("a")) == nil)
        let incident = try #require(incidents.all.first)
        #expect(
            incidents.all.count == 1 && incident.kind == .damagedRecord && incident.path == "\(folder.store)/\(path)")
        let kept = try #require(incident.setAside)
        #expect(kept.hasSuffix(".corrupt"))
        #expect(try String(contentsOfFile: kept, encoding: .utf8) == damage)
        try await store.put(Key("a"), Record("y"))
        #expect(try await store.text(Key("a")) == "y")
        await store.close()
    }

    @Test func `damage is also met by conditions, scans and sweeps`() async throws {
        let store = try open()
        for name in ["a", "b", "c", "d"] { try await store.put(Key(name), Record("x")) }
        try write("{", to: RecordFile.path(of: Key("a")))
        #expect(try await store.replace(Key("a"), expecting: nil, with: Record("y")))
        #expect(incidents.all.count == 1)
        try write("{", to: RecordFile.path(of: Key("b")))
        #expect(try await store.scan(namespace: "test", after: nil, limit: 9).map(\.name) == ["a", "c", "d"])
        #expect(incidents.all.count == 2)
        try write("{", to: RecordFile.path(of: Key("c")))
        #expect(try await store.sweep() == 0)
        #expect(incidents.all.count == 3)
        #expect(folder.files.filter { $0.hasSuffix(".corrupt") }.count == 3)
        await store.close()
    }

    @Test func `a record of a later version is refused and stays where it is`() async throws {
        let store = try open()
        try await store.put(Key("a"), Record("x"))
        let path = RecordFile.path(of: Key("a"))
        try write("{\"format\":2}", to: path)
        await #expect(throws: StoreError.newerFormat(found: 2, supported: 1)) { try await store.read(Key("a")) }
        await #expect(throws: StoreError.newerFormat(found: 2, supported: 1)) {
            try await store.replace(Key("a"), expecting: nil, with: Record("y"))
        }
        #expect(try contents(path) == "{\"format\":2}")
        #expect(incidents.all == [])
        await store.close()
    }

    // MARK: Trouble

    @Test func `a full disk is told apart, leaves the old records, and heals`() async throws {
        let worker = try Worker(.file, folder.store, "limit", "20000")
        let full = "\(StoreError.full)"
        let result = await worker.finish()
        #expect(result.lines == ["stored", full, "stored", full] && result.status == 0)
        let store = try open()
        #expect(try await store.read(Key("small"))?.value.count == 200)
        #expect(try await store.read(Key("big")) == nil)
        #expect(folder.files.filter { $0.hasSuffix(".tmp") || $0.contains("journal") } == [])
        await store.close()
    }

    @Test func `of commits made together, the one that cannot be stored fails alone`() async throws {
        let store = try open()
        try await store.put(Key("a"), Record("1"))
        await store.close()
        var engine = try FileEngine(
            folder: try Folder(folder.store), lockTimeout: .seconds(1), now: { 0 }, onIncident: { _ in })
        // A folder that is refused, for one of the records.
        mkdir(folder.store + "/odd", 0o755)
        chmod(folder.store + "/odd", 0o755)
        let batch = [
            Commit(changes: [.put(Key("b"), Record("1"))], conditions: [.equals(Key("a"), Array("1".utf8))]),
            Commit(changes: [.put(Key(namespace: "odd", name: "x"), Record("1")), .remove(Key("a"))], conditions: []),
            // Would not hold if the second had happened.
            Commit(changes: [.put(Key("c"), Record("1"))], conditions: [.equals(Key("a"), Array("1".utf8))]),
        ]
        let results = engine.apply(batch)
        let problem = StoreError.permission(path: folder.store + "/odd", problem: .accessibleToOthers)
        #expect(results == [.success(true), .failure(problem), .success(true)])
        let one = Array("1".utf8)
        let made = Commit(changes: [], conditions: ["a", "b", "c"].map { .equals(Key($0), one) })
        #expect(engine.apply([made]) == [.success(true)])
    }

    @Test func `the folder may vanish and the next commit makes it again, or says so`() async throws {
        let store = try open()
        try await store.put(Key("a"), Record("x"))
        try FileManager.default.removeItem(atPath: folder.store + "/test")
        #expect(try await store.read(Key("a")) == nil)
        try await store.put(Key("a"), Record("y"))
        #expect(try await store.text(Key("a")) == "y")
        try FileManager.default.removeItem(atPath: folder.store)
        await #expect(throws: StoreError.io(errno: ENOENT)) { try await store.put(Key("a"), Record("z")) }
        await store.close()
    }
}
