import Foundation
import TestSupport
import Testing

@testable import Store

extension TortureTests {
    /// The process dies after its first system call that changes something, after its second, and so on to the last.
    @Suite struct CrashPointTests {
        enum Replacement: String, CaseIterable {
            case one
            case several
            case removal

            /// Of the records test/a, test/b and other/c, after it.
            var result: [String?] {
                switch self {
                case .one: ["new", "old", nil]
                case .several: ["new", nil, "new"]
                case .removal: [nil, "old", nil]
                }
            }
        }

        private static let former: [String?] = ["old", "old", nil]
        private static let keys = [
            Key(namespace: "test", name: "a"), Key(namespace: "test", name: "b"), Key(namespace: "other", name: "c"),
        ]

        @Test(arguments: MagpieHome.StoreKind.allCases, Replacement.allCases)
        func `a commit interrupted after any of its steps is all there or not at all, and whole once acknowledged`(
            _ kind: MagpieHome.StoreKind, _ replacement: Replacement
        ) async throws {
            // In short runs every seventh step, beginning anywhere.
            var random = Torture.random("crash points \(kind) \(replacement)")
            let stride = Torture.count(short: 7, long: 1)
            var step = Int.random(in: 1...stride, using: &random)
            var (kept, made) = (0, 0)
            while true {
                var isDone = true
                for torn in [false, true] {
                    let (result, ending) = try await interrupt(kind, replacement, after: Int32(step), torn: torn)
                    if result == replacement.result { made += 1 } else { kept += 1 }
                    if ending != .exited(0) { isDone = false }
                }
                if isDone { break }
                step += stride
                guard step < 500 else {
                    Issue.record("a commit takes hundreds of steps")
                    break
                }
            }
            // Removing a file is done with its first call.
            let isOneCall = kind == .file && replacement == .removal
            #expect(made > 0 && (kept > 0 || stride > 1 || isOneCall))
            Torture.figure(
                "crash points, \(kind) \(replacement)", "\(step) steps: \(kept) times old, \(made) times new")
        }

        private func interrupt(
            _ kind: MagpieHome.StoreKind, _ replacement: Replacement, after step: Int32, torn: Bool
        ) async throws -> ([String?], ChildProcess.Ending) {
            let folder = StoreFolder(kind)
            try await folder.inspect { store in
                for key in Self.keys.prefix(2) { try await store.put(key, Record(value: Array("old".utf8))) }
            }
            let faults = Faults(below: folder.path)
            faults.die(after: step, torn: torn)
            let worker = try folder.worker("replace", replacement.rawValue, environment: try faults.environment())
            let ending = try worker.wait(seconds: 60)
            #expect(ending == .killed(SIGKILL) || ending == .exited(0), "\(worker.errors)")
            return try await folder.inspect { store in
                var found: [String?] = []
                for key in Self.keys { found.append(try await store.text(key)) }
                #expect(
                    found == Self.former || found == replacement.result, "\(found) after step \(step), torn: \(torn)")
                if worker.output.contains("done") {
                    #expect(found == replacement.result, "lost after it was acknowledged, step \(step)")
                }
                // It goes on as if nothing had been.
                try await store.put(Self.keys[0], Record(value: Array("later".utf8)))
                #expect(try await store.text(Self.keys[0]) == "later")
                return (found, ending)
            }
        }

        /// A full disk at a commit's very last step used to be reported as if nothing had changed.
        @Test(arguments: MagpieHome.StoreKind.allCases, Replacement.allCases)
        func `a commit that fails at any kind of step is not half there, and not there at all if the error says so`(
            _ kind: MagpieHome.StoreKind, _ replacement: Replacement
        ) async throws {
            let calls: [Faults.Calls] = [
                .create, .write, .syncOfFile, .syncOfFolder, .rename, .remove, .truncate, .makeFolder, .change,
            ]
            var said: Set<String> = []
            for call in calls {
                for code in Torture.length == .long ? [ENOSPC, EROFS, EIO, EDQUOT, EACCES] : [ENOSPC] {
                    let folder = StoreFolder(kind)
                    try await folder.inspect { store in
                        for key in Self.keys.prefix(2) { try await store.put(key, Record(value: Array("old".utf8))) }
                    }
                    let faults = Faults(below: folder.path)
                    let start = folder.place + "/start"
                    let worker = try folder.worker(
                        "replace", replacement.rawValue, start, environment: try faults.environment())
                    for _ in 0..<6000 where !worker.output.contains("ready") && worker.isRunning { usleep(5_000) }
                    faults.fail(call, with: code)
                    writeFile(start, "")
                    #expect(try worker.wait(seconds: 60) == .exited(0), "\(worker.errors)")
                    let answer = worker.output.split(separator: "\n").last.map(String.init) ?? ""
                    said.insert(answer)
                    try await folder.inspect { store in
                        var found: [String?] = []
                        for key in Self.keys { found.append(try await store.text(key)) }
                        let what = "\(answer), \(found), calls \(call.rawValue), errno \(code)"
                        if answer == "done" {
                            #expect(found == replacement.result, "\(what)")
                        } else if answer.contains("errno") || answer.contains("SQLite code") {
                            #expect(found == Self.former || found == replacement.result, "\(what)")
                        } else {
                            #expect(answer.hasPrefix("refused "), "\(what)")
                            #expect(found == Self.former, "\(what)")
                        }
                    }
                }
            }
            #expect(said.count > 1, "\(said)")
        }

        /// What `kill -9` cannot show, as the page cache survives it: that nothing is relied on before it is on the disk.
        @Test(arguments: Replacement.allCases)
        func `files are synced before they get their names, and folders before anything is acknowledged`(
            _ replacement: Replacement
        ) async throws {
            let folder = StoreFolder(.file)
            try await folder.inspect { store in
                for key in Self.keys.prefix(2) { try await store.put(key, Record(value: Array("old".utf8))) }
            }
            let faults = Faults(below: folder.path)
            let worker = try folder.worker(
                "replace", replacement.rawValue, environment: try faults.environment(logs: true))
            #expect(try worker.wait(seconds: 60) == .exited(0), "\(worker.errors)")

            var written: Set<String> = []
            var unsyncedFolders: Set<String> = []
            var journal: (isThere: Bool, isSynced: Bool) = (false, false)
            var renames = 0
            for line in faults.log {
                let words = line.split(separator: " ").map(String.init)
                let parent = URL(fileURLWithPath: words[1]).deletingLastPathComponent().path
                switch words[0] {
                case "write": written.insert(words[1])
                case "sync":
                    written.remove(words[1])
                    unsyncedFolders.remove(words[1])
                    if journal.isThere && words[1] == folder.path { journal.isSynced = true }
                case "rename":
                    renames += 1
                    #expect(!written.contains(words[1]), "\(line): its bytes may not be on the disk")
                    let isJournal = words[2].hasSuffix(Journal.name)
                    if isJournal {
                        // The new records' names are what the journal tells of.
                        #expect(unsyncedFolders.subtracting([folder.path]) == [], "\(line)")
                        journal.isThere = true
                    } else if replacement == .several {
                        #expect(journal.isSynced, "\(line): before the journal is certain to be there")
                    }
                    unsyncedFolders.insert(parent)
                case "remove":
                    if words[1].hasSuffix(Journal.name) {
                        #expect(unsyncedFolders == [], "\(line): before its steps are certain to have been taken")
                    }
                    unsyncedFolders.insert(parent)
                case "create", "mkdir": unsyncedFolders.insert(parent)
                default: break
                }
            }
            #expect(written == [] && unsyncedFolders == [], "\(faults.log)")
            #expect(renames == (replacement == .one ? 1 : replacement == .several ? 3 : 0), "\(faults.log)")
        }
    }
}
