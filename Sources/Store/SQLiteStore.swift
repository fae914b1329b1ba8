import CSQLite
public import FoundationEssentials
import Synchronization

/// A store in a SQLite database, the choice for production; several processes of one machine may share it.
///
/// Commits are made by one thread over the process's one read-write connection, as many at a time as are waiting, each all
/// or nothing, with one sync of the disk for all. Reads happen on the caller's thread and wait for no writer.
/// A commit is on the disk when it is acknowledged (`synchronous=FULL`).
public final class SQLiteStore: Store {
    private let readers: SQLiteReaders
    private let watch: ChangeWatch
    let committer: Committer<SQLiteEngine>
    private let clock: @Sendable () -> Date

    /// How many records one step of `sweep` removes in a transaction.
    private static let sweepStep = 500

    /// The version of the SQLite library, for the log at start.
    public static var libraryVersion: String {
        // A constant of the library.
        unsafe String(cString: sqlite3_libversion())
    }

    /// Opens a database, creating it (0600), and its folder (0700) where that is missing. Reads all of it once to find
    /// damage. Blocks for the disk, and up to `lockTimeout` for another process.
    ///
    /// - Parameters:
    ///   - path: The main file. SQLite keeps `-wal` and `-shm` beside it, and we `-lock`.
    ///   - lockTimeout: How long a commit waits for other processes before it fails as `.unavailable`.
    ///   - onIncident: Hears of a damaged database, which was set aside as `PATH.corrupt-TIME` and replaced by a new one.
    ///   - now: The clock by which records expire.
    /// - Throws: `.permission` for files that others may touch or that are links, and on network file systems;
    ///   `.newerFormat`, `.foreignDatabase`; `.unavailable`.
    public convenience init(
        path: String, lockTimeout: Duration = .seconds(5),
        onIncident: @escaping @Sendable (StoreIncident) -> Void = { _ in },
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws(StoreError) {
        try self.init(
            path: path, lockTimeout: lockTimeout, locksEveryWrite: SQLiteEngine.libraryNeedsLock,
            onIncident: onIncident, now: now)
    }

    /// - Parameter locksEveryWrite: What the library's version decides, for tests to decide.
    package init(
        path: String, lockTimeout: Duration = .seconds(5), locksEveryWrite: Bool,
        onIncident: @escaping @Sendable (StoreIncident) -> Void = { _ in },
        now: @escaping @Sendable () -> Date = { Date() }
    ) throws(StoreError) {
        let file = try DatabaseFile(path)
        let readers = SQLiteReaders(file, busyTimeout: lockTimeout)
        let watch = ChangeWatch()
        let engine = try SQLiteEngine(
            file: file, readers: readers, watch: watch, lockTimeout: lockTimeout, locksEveryWrite: locksEveryWrite,
            now: { now().milliseconds }, onIncident: onIncident)
        self.readers = readers
        self.watch = watch
        clock = now
        committer = Committer(engine)
    }

    public var now: Date { clock() }

    /// Finishes the commits that were begun, copies the log into the database and ends the writer thread. Whatever is
    /// asked later throws `.closed`.
    public func close() async {
        await committer.close()
    }

    public func read(_ key: Key) async throws(StoreError) -> Record? {
        let now = now.milliseconds
        let record = try await reading { () throws(StoreError) in try readers.read(key) }
        return record.flatMap { $0.isExpired(at: now) ? nil : $0 }
    }

    public func readNow(_ key: Key) throws(StoreError) -> Glance {
        let now = now.milliseconds
        do throws(StoreError) {
            return Glance(try readers.read(key), at: now)
        } catch .corrupt {
            // `read` has it looked into.
            return .later
        }
    }

    public func stamp(_ key: Key) -> Stamp? { watch.stamp(key) }

    public func isCurrent(_ stamp: Stamp) -> Bool { watch.isCurrent(stamp) }

    /// Reads on the caller's thread. Damage that is met is looked into by the writer, once: it may have been another
    /// file's, or it is set aside and there is a new one.
    private func reading<Value>(_ work: () throws(StoreError) -> Value) async throws(StoreError) -> Value {
        do throws(StoreError) {
            return try work()
        } catch .corrupt {
            try await committer.perform { engine throws(StoreError) in try engine.reexamine() }
            return try work()
        }
    }

    public func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool {
        try await committer.commit(Commit(changes: changes, conditions: conditions))
    }

    public func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] {
        Key.checkNamespace(namespace)
        return try await reading { () throws(StoreError) in
            try readers.scan(namespace: namespace, after: after, limit: max(limit, 0), now: now.milliseconds)
        }
    }

    public func sweep() async throws(StoreError) -> Int {
        var total = 0
        while true {
            let count = try await committer.perform { engine throws(StoreError) in
                try engine.sweep(limit: Self.sweepStep)
            }
            total += count
            if count < Self.sweepStep { return total }
        }
    }
}
