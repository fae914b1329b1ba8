import CSQLite

/// The writing half of a `SQLiteStore`: many commits, one transaction, one sync.
///
/// Versions of SQLite before 3.51.3 can corrupt a database when two connections write or checkpoint at the same
/// instant (https://www.sqlite.org/wal.html, the WAL-reset bug). Under those every write transaction and checkpoint of every
/// process happens under one flock. Opening, migrating and setting aside do so under any version.
struct SQLiteEngine: CommitEngine, ~Copyable {
    private let file: DatabaseFile
    private var lock: ProcessLock
    private let lockTimeout: Duration
    private let locksEveryWrite: Bool
    /// `nil` after `close`, or when the database could not be opened again after it had been replaced.
    private var session: SQLiteSession?
    /// Whether damage was met since the database was opened.
    private var isSuspect = false
    private let readers: SQLiteReaders
    private let watch: ChangeWatch
    private let now: @Sendable () -> Int64
    private let onIncident: @Sendable (StoreIncident) -> Void

    /// 4,000 pages of 4 KiB, as much as a log that has grown is cut to. SQLite's own would come after 1,000: with a million
    /// records each copies other leaves of the index, and syncs the database, four times as often.
    private static let checkpointPages = 4000

    static var libraryNeedsLock: Bool { sqlite3_libversion_number() < 3_051_003 }

    init(
        file: DatabaseFile, readers: SQLiteReaders, watch: ChangeWatch, lockTimeout: Duration, locksEveryWrite: Bool,
        now: @escaping @Sendable () -> Int64, onIncident: @escaping @Sendable (StoreIncident) -> Void
    ) throws(StoreError) {
        self.file = file
        self.readers = readers
        self.watch = watch
        self.lockTimeout = lockTimeout
        self.locksEveryWrite = locksEveryWrite
        self.now = now
        self.onIncident = onIncident
        // An error on the way drops the lock, and thereby gives it back.
        var lock = try ProcessLock(file.path + "-lock", timeout: lockTimeout)
        try lock.acquire()
        let session = try Self.openSession(file, lockTimeout, watch, isSuspect: false, now, onIncident)
        lock.release()
        try readers.open()
        let index = try Self.watched(session, file)
        self.lock = lock
        self.session = session
        watch.attach(index)
    }

    /// What tells of commits to the session's database, if that is the one which every reader has opened by now.
    private static func watched(_ session: SQLiteSession, _ file: DatabaseFile) throws(StoreError) -> WALIndex? {
        try file.identity() == session.identity ? session.walIndex : nil
    }

    // MARK: Commits

    mutating func apply(_ batch: [Commit]) -> [Result<Bool, StoreError>] {
        do throws(StoreError) {
            let now = now
            let results = try locked { session in Self.apply(batch, to: session, now: now) }
            if results.contains(where: { $0.error?.tellsOfDamage == true }) { distrust() }
            return results
        } catch {
            return batch.map { _ in .failure(error) }
        }
    }

    private static func apply(
        _ batch: [Commit], to session: SQLiteSession, now: () -> Int64
    ) -> [Result<Bool, StoreError>] {
        do throws(StoreError) {
            return try session.transaction { () throws(StoreError) in
                let now = now()
                var results: [Result<Bool, StoreError>] = []
                for one in batch {
                    do throws(StoreError) {
                        results.append(.success(try session.apply(one, now: now)))
                    } catch  where session.connection.isInTransaction {
                        // This one alone failed and is undone.
                        results.append(.failure(error))
                    }
                }
                return results
            }
        } catch {
            // All was rolled back. On a full disk each tries for itself, so that one that is too large for what is left
            // does not fail its neighbours.
            if error == .full && batch.count > 1 { return batch.flatMap { apply([$0], to: session, now: now) } }
            return batch.map { _ in .failure(error) }
        }
    }

    /// Removes one batch of expired records.
    mutating func sweep(limit: Int) throws(StoreError) -> Int {
        let now = now()
        return try locked { session throws(StoreError) in try session.sweep(limit: limit, now: now) }
    }

    /// Copies the log into the database once it has grown, when nobody waits for an answer. A failure (a full disk) costs
    /// nothing: the log still has everything, and the next commit brings us here again.
    mutating func tidy() {
        guard let session, session.connection.logPages >= Self.checkpointPages else { return }
        try? locked { session throws(StoreError) in try session.connection.checkpoint() }
    }

    /// Closing the last connection of all processes copies the log into the database and removes it. Without the lock that
    /// must not be, and the log waits for the next process.
    mutating func close() {
        readers.close()
        guard let session else { return }
        let isLocked = (try? lock.acquire()) != nil
        if isLocked { try? session.connection.setCheckpointsOnClose(true) }
        self.session = nil
        _ = consume session
        if isLocked { lock.release() }
    }

    /// Lets tests reach the connection, to take its space away.
    mutating func withConnection<Value>(
        _ work: (borrowing Connection) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try locked { session throws(StoreError) in try work(session.connection) }
    }

    // MARK: Opening

    /// Closes every connection of the process, so that the next commit opens the database anew and looks through it.
    ///
    /// After damage that is how it is found out, and set aside. After a failed fsync it is the only way on: the kernel
    /// may have dropped what it could not write, and a second fsync of the same descriptor would report success.
    private mutating func distrust() {
        session = nil
        isSuspect = true
        readers.reopen()
    }

    /// Looks through the database, for a reader that has met damage: sets it aside if it is true.
    mutating func reexamine() throws(StoreError) {
        distrust()
        try locked { _ in }
    }

    /// Takes the lock where it is needed, sees to it that our database is still the one at its path, and runs `work`.
    private mutating func locked<Value>(
        _ work: (SQLiteSession) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        if locksEveryWrite { try lock.acquire() }
        defer { if locksEveryWrite { lock.release() } }
        let session = try currentSession()
        let value: Value
        do throws(StoreError) {
            value = try work(session)
        } catch {
            if error.tellsOfDamage { distrust() }
            throw error
        }
        // Whoever replaced the file meanwhile took away what we have just written.
        guard try file.identity() == session.identity else { throw .unavailable }
        return value
    }

    /// The session, opened anew when another process has set the database aside, or somebody has put a copy in its place:
    /// whatever we wrote to the old file would be lost.
    private mutating func currentSession() throws(StoreError) -> SQLiteSession {
        if let session {
            if try file.identity() == session.identity { return session }
            onIncident(StoreIncident(kind: .replacedDatabase, path: file.path, setAside: nil))
            self.session = nil
        }
        if !locksEveryWrite { try lock.acquire() }
        defer { if !locksEveryWrite { lock.release() } }
        let session = try Self.openSession(file, lockTimeout, watch, isSuspect: isSuspect, now, onIncident)
        self.session = session
        isSuspect = false
        readers.reopen()
        // One that cannot be opened now is opened when it is wanted, and may find another file.
        let areOpen = (try? readers.open()) != nil
        watch.attach(areOpen ? try Self.watched(session, file) : nil)
        return session
    }

    /// Opens the database; one that is damaged is set aside and a new one made. One that is locked is not damaged.
    ///
    /// - Parameter isSuspect: Damage was met; then an empty file is not a new one, but what is left of the old.
    private static func openSession(
        _ file: DatabaseFile, _ busyTimeout: Duration, _ watch: ChangeWatch, isSuspect: Bool, _ now: () -> Int64,
        _ onIncident: (StoreIncident) -> Void
    ) throws(StoreError) -> SQLiteSession {
        do throws(StoreError) {
            if isSuspect, try file.isEmpty() { throw .corrupt(path: file.path) }
            return try SQLiteSession(file, busyTimeout: busyTimeout, watch: watch)
        } catch .corrupt {
            let target = try file.setAside(stamp: Timestamp.compact(now()))
            onIncident(StoreIncident(kind: .damagedDatabase, path: file.path, setAside: target))
            return try SQLiteSession(file, busyTimeout: busyTimeout, watch: watch)
        }
    }
}

extension StoreError {
    /// Whether the connection that said so can no longer be relied on. One that met a read-only disk holds its files
    /// open for reading, and would not notice that the disk takes writes again.
    fileprivate var tellsOfDamage: Bool {
        switch self {
        case .corrupt, .sqlite(.inputOutput), .readOnly, .permission: true
        default: false
        }
    }
}

extension Result {
    fileprivate var error: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
