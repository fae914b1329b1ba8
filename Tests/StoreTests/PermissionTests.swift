import Foundation
import Store
import Testing

/// Who may touch a store's files, and what is refused.
@Suite struct PermissionTests {
    @Test(arguments: StoreKind.onDisk) func `files are 0600 and folders 0700, whatever the umask`(
        _ kind: StoreKind
    ) async throws {
        let folder = try Scratch()
        let path = folder.path + "/var/lib/store"
        // A umask that takes everything away, and one that takes nothing away.
        let worker = try Worker(kind, path, "umask")
        #expect(await worker.finish().status == 0)
        let store = try kind.open(path)
        try await store.put(Key("b"), Record("x"))
        #expect(folder.files.count >= 6)
        for name in folder.files {
            let isFolder = (folder.status(name)?.st_mode ?? 0) & S_IFMT == S_IFDIR
            #expect(folder.mode(name) == (isFolder ? 0o700 : 0o600), "\(name)")
        }
        await store.close()
    }

    @Test(arguments: StoreKind.onDisk) func `a lock file that others may touch is refused`(_ kind: StoreKind)
        async throws
    {
        let folder = try Scratch()
        let lock = try await emptyStore(kind, folder) + (kind == .file ? "/store.lock" : "-lock")
        for mode: mode_t in [0o640, 0o604, 0o666] {
            chmod(lock, mode)
            #expect(throws: StoreError.permission(path: lock, problem: .accessibleToOthers)) {
                try kind.open(folder.store)
            }
        }
        chmod(lock, 0o600)
        let store = try kind.open(folder.store)
        await store.close()
    }

    @Test func `a store's folder that others may enter is refused`() async throws {
        let folder = try Scratch()
        _ = try await emptyStore(.file, folder)
        for mode: mode_t in [0o750, 0o705, 0o777] {
            chmod(folder.store, mode)
            #expect(throws: StoreError.permission(path: folder.store, problem: .accessibleToOthers)) {
                try FileStore(directory: folder.store)
            }
        }
        chmod(folder.store, 0o700)
        mkdir(folder.store + "/session", 0o700)
        chmod(folder.store + "/session", 0o750)
        let problem = StoreError.permission(path: folder.store + "/session", problem: .accessibleToOthers)
        #expect(throws: problem) { try FileStore(directory: folder.store) }
    }

    @Test func `a database that others may touch is refused, and so is a folder where they may replace it`()
        async throws
    {
        let folder = try Scratch()
        _ = try await emptyStore(.sqlite, folder)
        chmod(folder.store, 0o644)
        #expect(throws: StoreError.permission(path: folder.store, problem: .accessibleToOthers)) {
            try SQLiteStore(path: folder.store)
        }
        chmod(folder.store, 0o600)
        chmod(folder.path, 0o770)
        #expect(throws: StoreError.permission(path: folder.path, problem: .writableByOthers)) {
            try SQLiteStore(path: folder.store)
        }
        // To look is not to touch: an ordinary /var/lib.
        chmod(folder.path, 0o755)
        let store = try SQLiteStore(path: folder.store)
        await store.close()
    }

    @Test(.enabled("only root can give a file away") { geteuid() == 0 }, arguments: StoreKind.onDisk)
    func `what belongs to another user is refused`(_ kind: StoreKind) async throws {
        let folder = try Scratch()
        let path = try await emptyStore(kind, folder)
        chown(path, 65534, 65534)
        #expect(throws: StoreError.permission(path: path, problem: .foreignOwner)) { try kind.open(path) }
    }

    // MARK: Planted links

    @Test(arguments: StoreKind.onDisk) func `a planted link is never followed`(_ kind: StoreKind) async throws {
        let folder = try Scratch()
        let victim = folder.path + "/victim"
        for suffix in kind == .file ? ["", "/store.lock", "/session"] : ["", "-lock", "-wal", "-shm"] {
            let target = kind == .file && suffix != "/store.lock" ? folder.path + "/elsewhere" : victim
            for name in ["/store", "/store-lock"] { try? FileManager.default.removeItem(atPath: folder.path + name) }
            if kind == .file && !suffix.isEmpty { mkdir(folder.store, 0o700) }
            try Data("untouched".utf8).write(to: URL(fileURLWithPath: victim))
            chmod(victim, 0o600)
            mkdir(folder.path + "/elsewhere", 0o700)
            #expect(symlink(target, folder.store + suffix) == 0)
            #expect(throws: StoreError.permission(path: folder.store + suffix, problem: .symbolicLink), "\(suffix)") {
                try kind.open(folder.store)
            }
            #expect(try String(contentsOfFile: victim, encoding: .utf8) == "untouched")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/elsewhere").isEmpty)
            unlink(folder.store + suffix)
        }
    }

    @Test(arguments: StoreKind.onDisk) func `a folder above the store may be a link`(_ kind: StoreKind) async throws {
        let folder = try Scratch()
        mkdir(folder.path + "/real", 0o700)
        #expect(symlink(folder.path + "/real", folder.path + "/link") == 0)
        let store = try kind.open(folder.path + "/link/new/store")
        try await store.put(Key("a"), Record("x"))
        await store.close()
        let again = try kind.open(folder.path + "/real/new/store")
        #expect(try await again.text(Key("a")) == "x")
        await again.close()
    }

    @Test func `a record that is a link is not read, and not written through`() async throws {
        let folder = try Scratch()
        let store = try FileStore(directory: folder.store)
        try await store.put(Key("a"), Record("mine"))
        let file = try #require(folder.files.first { $0.hasSuffix(".json") })
        let victim = folder.path + "/victim"
        #expect(rename("\(folder.path)/\(file)", victim) == 0)
        #expect(symlink(victim, "\(folder.path)/\(file)") == 0)
        let problem = StoreError.permission(path: "\(folder.path)/\(file)", problem: .symbolicLink)
        await #expect(throws: problem) { try await store.read(Key("a")) }
        let before = try String(contentsOfFile: victim, encoding: .utf8)
        try await store.put(Key("a"), Record("new"))
        #expect(try await store.text(Key("a")) == "new")
        #expect(try String(contentsOfFile: victim, encoding: .utf8) == before)
        await store.close()
    }

    @Test(arguments: ["", "-lock"]) func `a database with a second name is refused`(_ suffix: String) async throws {
        let folder = try Scratch()
        let path = try await emptyStore(.sqlite, folder) + suffix
        #expect(link(path, folder.path + "/second") == 0)
        #expect(throws: StoreError.permission(path: path, problem: .hardLinked)) { try SQLiteStore(path: folder.store) }
    }

    @Test(arguments: StoreKind.onDisk) func `something else at the store's path is refused with its name`(
        _ kind: StoreKind
    ) async throws {
        let folder = try Scratch()
        if kind == .file {
            try Data().write(to: URL(fileURLWithPath: folder.store))
        } else {
            mkdir(folder.store, 0o700)
        }
        let problem = kind == .file ? PathProblem.notAFolder : .notAFile
        #expect(throws: StoreError.permission(path: folder.store, problem: problem)) { try kind.open(folder.store) }
    }

    /// A closed store that has been used. Returns its path.
    private func emptyStore(_ kind: StoreKind, _ folder: Scratch) async throws -> String {
        let store = try kind.open(folder.store)
        try await store.put(Key("a"), Record("x"))
        await store.close()
        return folder.store
    }
}
