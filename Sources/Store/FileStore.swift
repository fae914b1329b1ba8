public import FoundationEssentials

/// A store of readable JSON files, one per record; several processes of one machine may share it.
///
/// Made for small installations and for eyes: `cat var/store/session/*.json`. A commit costs two to three syncs of the
/// disk however many callers share it, plus one for each record; `scan` and `sweep` read every file of a namespace, on a
/// thread of their own.
///
/// Guarantees:
/// - What was acknowledged survives `kill -9` and a loss of power.
/// - A `read` never waits for a writer and never sees a torn record. Of a commit of several records it sees all or
///   nothing: once one `read` has seen a commit, so does every `read` that starts later, also if the writer died in
///   between. (A reader may see a commit some milliseconds before it is acknowledged.)
/// - A `scan` is no snapshot; each record in it is whole. It waits for a writer only to finish a dead one's commit.
/// - What is damaged is a miss, kept as `*.corrupt`, and reported.
public final class FileStore: Store {
    private let folder: Folder
    private let committer: Committer<FileEngine>
    private let clock: @Sendable () -> Date

    /// How many records one step of `sweep` removes under the lock.
    private let sweepStep = 500

    /// Opens a store, creating the folder (0700) and what is missing above it, and finishes what a dead process began.
    /// Blocks for the disk, and up to `lockTimeout` for another process.
    ///
    /// - Parameters:
    ///   - directory: The store's own folder. It must belong to this user and be closed to all others.
    ///   - lockTimeout: How long a commit waits for other processes before it fails as `.unavailable`.
    ///   - onIncident: Hears of damage that was set aside.
    ///   - now: The clock by which records expire.
    /// - Throws: `.permission` for a folder or lock file that others may touch or that is a link; `.unavailable`.
    public init(
        directory: String, lockTimeout: Duration = .seconds(5),
        onIncident: @escaping @Sendable (StoreIncident) -> Void = { _ in },
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws(StoreError) {
        let folder = try Folder(directory)
        var engine = try FileEngine(
            folder: folder, lockTimeout: lockTimeout, now: { now().milliseconds }, onIncident: onIncident)
        try engine.start()
        self.folder = folder
        clock = now
        committer = Committer(engine)
    }

    public var now: Date { clock() }

    /// Finishes the commits that were begun and ends the writer thread. Whatever is asked later throws `.closed`.
    public func close() async {
        await committer.close()
    }

    public func read(_ key: Key) async throws(StoreError) -> Record? {
        try refuseClosed()
        let record: Record? =
            switch try content(at: RecordFile.path(of: key)) {
            case nil: nil
            case .record(_, let record): record
            case .damaged: try await committer.perform { engine throws(StoreError) in try engine.reexamine(key) }
            }
        let now = now.milliseconds
        return record.flatMap { $0.isExpired(at: now) ? nil : $0 }
    }

    public func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        try await committer.commit(Commit(changes: changes, conditions: conditions))
    }

    public func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        Key.checkNamespace(namespace)
        try refuseClosed()
        try await recover()
        let now = now.milliseconds
        let page = Page(after: after, limit: limit)
        let found = try await offThread { [self] () throws(StoreError) in
            var found = (page: page, damaged: [String]())
            for path in try paths(in: namespace) {
                switch try content(at: path) {
                case .record(let name, let record) where !record.isExpired(at: now): found.page.add(name, record)
                case .damaged: found.damaged.append(path)
                case .record, nil: break
                }
            }
            return found
        }
        try await reexamine(found.damaged)
        return found.page.records
    }

    public func sweep() async throws(StoreError) -> Int {
        try refuseClosed()
        try await recover()
        let now = now.milliseconds
        let found = try await offThread { [self] () throws(StoreError) in
            var found = (expired: [String](), damaged: [String]())
            for namespace in try folder.names(in: ".") where Key.isNamespace(namespace) {
                for path in try paths(in: namespace) {
                    switch try content(at: path) {
                    case .record(_, let record) where record.isExpired(at: now): found.expired.append(path)
                    case .damaged: found.damaged.append(path)
                    case .record, nil: break
                    }
                }
            }
            return found
        }
        try await reexamine(found.damaged)
        var count = 0
        for start in stride(from: 0, to: found.expired.count, by: sweepStep) {
            let step = Array(found.expired[start...].prefix(sweepStep))
            count += try await committer.perform { engine throws(StoreError) in try engine.removeExpired(paths: step) }
        }
        return count
    }

    // MARK: Reading files

    /// What the file at `path` holds, as if every published commit had been finished.
    private func content(at path: String) throws(StoreError) -> RecordFile.Content? {
        if case .journal(let journal) = try Journal.read(in: folder),
            let step = journal.steps.first(where: { $0.path == path })
        {
            guard let temporary = step.temporary else { return nil }
            if let bytes = try folder.contents(of: temporary) { return try RecordFile.decode(bytes, at: path) }
        }
        // No journal names this record, or its step has been taken since the journal was opened.
        return try RecordFile.read(path, in: folder)
    }

    private func paths(in namespace: String) throws(StoreError) -> [String] {
        try folder.names(in: namespace).filter { $0.hasSuffix(RecordFile.suffix) }.map { "\(namespace)/\($0)" }
    }

    /// A listing shows what is in the folders, so a commit that a dead process left unfinished is finished first.
    private func recover() async throws(StoreError) {
        guard try folder.status(of: Journal.name) != nil else { return }
        try await committer.perform { engine throws(StoreError) in try engine.recover() }
    }

    private func reexamine(_ damaged: [String]) async throws(StoreError) {
        guard !damaged.isEmpty else { return }
        try await committer.perform { engine throws(StoreError) in try engine.reexamine(paths: damaged) }
    }

    private func refuseClosed() throws(StoreError) {
        if committer.isClosed { throw .closed }
    }
}

/// The first records after a cursor, of records that come in no order; holds no more than a page of them.
private struct Page: Sendable {
    let after: String?
    let limit: Int
    private(set) var records: [(name: String, record: Record)] = []

    init(after: String?, limit: Int) {
        self.after = after
        self.limit = limit
    }

    mutating func add(_ name: String, _ record: Record) {
        guard limit > 0, after.map({ precedes($0, name) }) ?? true else { return }
        if records.count == limit {
            guard let last = records.last, precedes(name, last.name) else { return }
            records.removeLast()
        }
        var low = 0
        var high = records.count
        while low < high {
            let middle = (low + high) / 2
            if precedes(records[middle].name, name) { low = middle + 1 } else { high = middle }
        }
        records.insert((name, record), at: low)
    }

    private func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}
