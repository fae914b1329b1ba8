import Glibc
import Secure

/// The writing half of a `FileStore`: judges commits under the lock and puts them on the disk.
///
/// One changed record is `create temporary, fsync, rename, fsync folder`. Several go through the journal:
/// 1. every new record is written beside the old one and synced, and the folders are synced;
/// 2. the journal is written, synced, renamed to its name, and its folder synced: **this is the commit**;
/// 3. the steps are taken (renames, removals) and the folders synced;
/// 4. the journal is removed and its folder synced, so that no loss of power brings it back over later commits.
/// Before 2 a failure changes nothing. After it the changes will happen, if not now then before the next commit.
struct FileEngine: CommitEngine, ~Copyable {
    private let folder: Folder
    private var lock: ProcessLock
    private let now: @Sendable () -> Int64
    private let onIncident: @Sendable (StoreIncident) -> Void

    init(
        folder: Folder, lockTimeout: Duration, now: @escaping @Sendable () -> Int64,
        onIncident: @escaping @Sendable (StoreIncident) -> Void
    ) throws(StoreError) {
        self.folder = folder
        self.now = now
        self.onIncident = onIncident
        lock = try ProcessLock(folder.displayed("store.lock"), timeout: lockTimeout)
    }

    // MARK: Commits

    mutating func apply(_ batch: [Commit]) -> [Result<Bool, StoreError>] {
        do throws(StoreError) {
            return try locked { folder throws(StoreError) in folder.applyLocked(batch) }
        } catch {
            return batch.map { _ in .failure(error) }
        }
    }

    mutating func tidy() {}
    mutating func close() {}

    /// Takes the lock, finishes what a dead process left, and runs `work`.
    private mutating func locked<Value>(
        _ work: (borrowing FileEngine) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try lock.acquire()
        defer { lock.release() }
        try finishJournal()
        return try work(self)
    }

    /// The net effect of a batch, as far as it has been judged. `nil` = removed.
    private typealias Plan = [Key: Record?]

    private borrowing func applyLocked(_ batch: [Commit]) -> [Result<Bool, StoreError>] {
        var plan: Plan = [:]
        var results: [Result<Bool, StoreError>] = []
        for commit in batch {
            do throws(StoreError) {
                let accepted = try holds(commit.conditions, plan)
                if accepted {
                    for change in commit.changes { plan[change.key] = .some(change.record) }
                }
                results.append(.success(accepted))
            } catch {
                results.append(.failure(error))
            }
        }
        do throws(WriteFailure) {
            try write(plan)
            return results
        } catch {
            // Nothing happened, but the commits were judged as if it had. Each for itself, so that one that cannot be
            // stored (too large for what is left of the disk) does not fail its neighbours.
            if !error.isPublished && batch.count > 1 { return batch.flatMap { applyLocked([$0]) } }
            return batch.map { _ in .failure(error.reason) }
        }
    }

    private borrowing func holds(_ conditions: [Condition], _ plan: Plan) throws(StoreError) -> Bool {
        let now = now()
        for condition in conditions {
            let record: Record? =
                if let planned = plan[condition.key] { planned } else { try stored(condition.key) }
            let live = record.flatMap { $0.isExpired(at: now) ? nil : $0 }
            guard condition.holds(for: live) else { return false }
        }
        return true
    }

    private borrowing func stored(_ key: Key) throws(StoreError) -> Record? {
        let path = RecordFile.path(of: key)
        switch try RecordFile.read(path, in: folder) {
        case nil: return nil
        case .record(_, let record): return record
        case .damaged:
            setAside(path, .damagedRecord)
            return nil
        }
    }

    // MARK: Writing

    private struct WriteFailure: Error {
        let reason: StoreError
        /// Whether the commit may have happened all the same.
        let isPublished: Bool
    }

    private borrowing func write(_ plan: Plan) throws(WriteFailure) {
        guard !plan.isEmpty else { return }
        var isPublished = false
        var temporaries: [String] = []
        do throws(StoreError) {
            var steps: [Journal.Step] = []
            for (key, record) in plan {
                try folder.makeFolder(key.namespace)
                let temporary = record == nil ? nil : RecordFile.temporary(for: key)
                if let temporary, let record {
                    try folder.create(temporary, RecordFile.encode(key, record))
                    temporaries.append(temporary)
                }
                steps.append(Journal.Step(path: RecordFile.path(of: key), temporary: temporary))
            }
            let journal = Journal(steps: steps)
            if steps.count > 1 {
                for subfolder in journal.subfolders { try folder.sync(subfolder) }
                let draft = "\(Journal.name).\(Random.hex(bytes: 8)).tmp"
                temporaries.append(draft)
                try folder.create(draft, journal.encode())
                isPublished = try folder.rename(draft, to: Journal.name)
                guard isPublished else { throw .io(errno: ENOENT) }
                try folder.sync(".")
            }
            // A lone step is its own commit: nothing before it, nothing after it.
            try take(journal, isPublished: &isPublished)
            if steps.count > 1 { try removeJournal() }
        } catch {
            if !isPublished {
                for temporary in temporaries { _ = try? folder.remove(temporary) }
            }
            throw WriteFailure(reason: isPublished ? error.afterPublishing : error, isPublished: isPublished)
        }
    }

    /// Takes the steps, those already taken again without effect.
    private borrowing func take(_ journal: Journal, isPublished: inout Bool) throws(StoreError) {
        for step in journal.steps {
            if let temporary = step.temporary {
                let isRenamed = try folder.rename(temporary, to: step.path)
                // Gone before its first use: somebody has removed our folder.
                if !isRenamed && !isPublished { throw .io(errno: ENOENT) }
            } else {
                try folder.remove(step.path)
            }
            isPublished = true
        }
        for subfolder in journal.subfolders { try folder.sync(subfolder) }
    }

    private borrowing func removeJournal() throws(StoreError) {
        try folder.remove(Journal.name)
        try folder.sync(".")
    }

    // MARK: Mending

    /// Finishes the commit that a dead process, or a failing disk, left half done.
    private borrowing func finishJournal() throws(StoreError) {
        switch try Journal.read(in: folder) {
        case .none: return
        case .damaged: setAside(Journal.name, .damagedJournal)
        case .journal(let journal):
            var isPublished = true
            try take(journal, isPublished: &isPublished)
            try removeJournal()
        }
    }

    /// Finishes an unfinished commit, for a caller that wants to look at many records.
    mutating func recover() throws(StoreError) {
        try locked { _ in }
    }

    /// At the start: finishes an unfinished commit, checks folders and files, and removes what dead writers left behind.
    /// Under the lock nobody writes, so every temporary is a dead one's.
    mutating func start() throws(StoreError) {
        try locked { engine throws(StoreError) in
            for name in try engine.folder.names(in: ".") {
                guard let status = try engine.folder.status(of: name) else { continue }
                if Key.isNamespace(name) {
                    try PathCheck.ownFolder(status, path: engine.folder.displayed(name))
                    for file in try engine.folder.names(in: name) {
                        if file.hasSuffix(".tmp") { try engine.folder.remove("\(name)/\(file)") }
                        if file.hasSuffix(RecordFile.suffix) { try engine.check("\(name)/\(file)") }
                    }
                } else if name.hasSuffix(".tmp") {
                    try engine.folder.remove(name)
                }
            }
        }
    }

    /// Refuses a record that others could have read or written. What is no file at all is damage, for whoever reads it.
    private borrowing func check(_ path: String) throws(StoreError) {
        guard let status = try folder.status(of: path) else { return }
        do throws(StoreError) {
            try PathCheck.ownFile(status, path: folder.displayed(path))
        } catch .permission(_, .notAFile) {}
    }

    /// Looks again, under the lock, at a record that a reader found damaged: sets it aside, or returns what has taken
    /// its place in the meantime.
    mutating func reexamine(_ key: Key) throws(StoreError) -> Record? {
        try locked { engine throws(StoreError) in try engine.stored(key) }
    }

    /// The same for files whose key is unknown.
    mutating func reexamine(paths: [String]) throws(StoreError) {
        try locked { engine throws(StoreError) in
            for path in paths {
                if case .damaged = try RecordFile.read(path, in: engine.folder) {
                    engine.setAside(path, .damagedRecord)
                }
            }
        }
    }

    /// Removes those of the files whose records have expired (they may have been renewed since they were listed).
    mutating func removeExpired(paths: [String]) throws(StoreError) -> Int {
        try locked { engine throws(StoreError) in
            let now = engine.now()
            var subfolders: Set<String> = []
            var count = 0
            for path in paths {
                guard case .record(_, let record) = try RecordFile.read(path, in: engine.folder),
                    record.isExpired(at: now)
                else { continue }
                if try engine.folder.remove(path) { count += 1 }
                subfolders.insert(PathCheck.parent(of: path))
            }
            for subfolder in subfolders { try engine.folder.sync(subfolder) }
            return count
        }
    }

    private borrowing func setAside(_ name: String, _ kind: StoreIncident.Kind) {
        let target = "\(name).\(Timestamp.compact(now())).corrupt"
        // What cannot be moved is still a miss, and the operator hears of it.
        let isMoved = (try? folder.rename(name, to: target)) ?? false
        onIncident(
            StoreIncident(
                kind: kind, path: folder.displayed(name), setAside: isMoved ? folder.displayed(target) : nil))
    }
}

extension StoreError {
    /// Most cases promise that nothing changed. Once a commit can be seen, none of them may be said any more.
    fileprivate var afterPublishing: StoreError {
        switch self {
        case .full: .io(errno: ENOSPC)
        case .readOnly: .io(errno: EROFS)
        case .permission: .io(errno: EACCES)
        default: self
        }
    }
}

extension Change {
    /// What there is under the key afterwards.
    fileprivate var record: Record? {
        switch self {
        case .put(_, let record): record
        case .remove: nil
        }
    }
}
