import Foundation
import Testing

@testable import Store

/// What lies in a store's folder and is not as a store has left it.
@Suite struct DamageTests {
    private let folder: Scratch
    private let incidents = Incidents()

    init() throws { folder = try Scratch() }

    private func open() throws(StoreError) -> FileStore {
        let incidents = incidents
        return try FileStore(directory: folder.store, onIncident: { incidents.add($0) })
    }

    private func path(of name: String) -> String { "\(folder.store)/\(RecordFile.path(of: Key(name)))" }

    @Test func `a journal of which any byte is changed or missing is damaged, or says the same`() throws {
        let store = try Folder(folder.store)
        let steps = [
            Journal.Step(path: "test/a.json", temporary: "test/a.1.tmp"),
            Journal.Step(path: "b/c.json", temporary: nil),
        ]
        let bytes = Journal(steps: steps).encode()
        var damaged = 0
        func check(_ changed: [UInt8], _ what: String) throws {
            _ = try store.remove(Journal.name)
            try store.create(Journal.name, changed)
            switch try Journal.read(in: store) {
            case .damaged: damaged += 1
            case .journal(let journal): #expect(Journal(steps: journal.steps).encode() == bytes, "\(what)")
            case .none: Issue.record("\(what): overlooked")
            }
        }
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                try check(changed, "bit \(bit) of byte \(index)")
            }
            try check(Array(bytes[..<index]), "\(index) bytes")
        }
        #expect(damaged > 8 * bytes.count / 2)
    }

    @Test func `a record whose format number alone was changed is damaged, not from the future`() async throws {
        let store = try open()
        try await store.put(Key("a"), Record("x"))
        let text = try String(contentsOfFile: path(of: "a"), encoding: .utf8)
        try Data(text.replacing("\"format\" : 1", with: "\"format\" : 9").utf8).write(
            to: URL(fileURLWithPath: path(of: "a")))
        #expect(try await store.read(Key("a")) == nil)
        #expect(incidents.all.map(\.kind) == [.damagedRecord])
        await store.close()
    }

    enum Intruder: CaseIterable {
        case folder
        case pipe
        case socket
    }

    /// A pipe used to keep the reader waiting for somebody to write, for ever.
    @Test(.timeLimit(.minutes(2)), arguments: Intruder.allCases)
    func `what is no file in a record's place is set aside, while running and at a start`(
        _ intruder: Intruder
    ) async throws {
        let store = try open()
        try await store.put(Key("other"), Record("x"))
        for name in ["a", "b", "c"] {
            let place = path(of: name)
            switch intruder {
            case .folder: mkdir(place, 0o700)
            case .pipe: mkfifo(place, 0o600)
            case .socket: mknod(place, S_IFSOCK | 0o600, 0)
            }
        }
        #expect(try await store.read(Key("a")) == nil)
        #expect(incidents.all.count == 1)
        try await store.put(Key("a"), Record("y"))
        #expect(try await store.text(Key("a")) == "y")
        // A condition meets one, too.
        #expect(try await store.replace(Key("b"), expecting: nil, with: Record("y")))
        await store.close()

        let next = try open()
        #expect(try await next.scan(namespace: "test", after: nil, limit: 9).map(\.name) == ["a", "b", "other"])
        #expect(incidents.all.map(\.kind) == [.damagedRecord, .damagedRecord, .damagedRecord])
        await next.close()
    }

    @Test func `a folder in the journal's place is set aside, and the store goes on`() async throws {
        mkdir(folder.store, 0o700)
        mkdir("\(folder.store)/\(Journal.name)", 0o700)
        let store = try open()
        try await store.put(Key("a"), Record("x"))
        #expect(try await store.text(Key("a")) == "x")
        #expect(incidents.all.map(\.kind) == [.damagedJournal])
        await store.close()
    }

    @Test func `files of others in the folder are left alone`() async throws {
        let first = try open()
        try await first.put(Key("a"), Record("x"))
        await first.close()
        for name in ["README", "test/notes.txt", "test/.hidden", "lost+found"] {
            try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(folder.store)/\(name)"))
        }
        let store = try open()
        #expect(try await store.scan(namespace: "test", after: nil, limit: 9).map(\.name) == ["a"])
        #expect(try await store.sweep() == 0)
        #expect(incidents.all == [])
        #expect(try String(contentsOfFile: "\(folder.store)/test/notes.txt", encoding: .utf8) == "mine")
        await store.close()
    }

    enum Trespass: CaseIterable {
        case mode
        case owner
        case link
        case hardLink

        var problem: PathProblem {
            switch self {
            case .mode: .accessibleToOthers
            case .owner: .foreignOwner
            case .link: .symbolicLink
            case .hardLink: .hardLinked
            }
        }
    }

    /// Root alone may give files away.
    @Test(arguments: Trespass.allCases.filter { $0 != .owner || geteuid() == 0 })
    func `a record that others could touch is refused when it is read, and at the start, in words`(
        _ trespass: Trespass
    ) async throws {
        let store = try open()
        try await store.put(Key("a"), Record("x"))
        try await store.put(Key("b"), Record("x"))
        let place = path(of: "a")
        switch trespass {
        case .mode: chmod(place, 0o640)
        case .owner: chown(place, 12_345, 12_345)
        case .link:
            rename(place, folder.path + "/elsewhere")
            symlink(folder.path + "/elsewhere", place)
        case .hardLink: link(place, folder.path + "/second")
        }
        let refusal = StoreError.permission(path: place, problem: trespass.problem)
        await #expect(throws: refusal) { try await store.read(Key("a")) }
        // Its neighbours live.
        #expect(try await store.text(Key("b")) == "x")
        await store.close()
        #expect(throws: refusal) { try open() }
        #expect("\(refusal)".hasPrefix(place) && "\(refusal)".contains(trespass.problem.rawValue))
    }
}
