/// The one read-write connection of a process, with its prepared statements. Used under the engine's `Mutex` only.
final class SQLiteSession {
    let connection: Connection
    /// Which file this is, to notice when another has taken its path.
    let identity: DatabaseFile.Identity
    /// What tells of commits to this database.
    let walIndex: WALIndex?
    private let watch: ChangeWatch
    /// The keys that the transaction under way has changed.
    private var changed: [Key] = []

    private let selectStatement: Statement
    private let putStatement: Statement
    private let removeStatement: Statement
    private let sweepStatement: Statement
    private let begin: Statement
    private let commit: Statement
    private let rollback: Statement
    private let savepoint: Statement
    private let undo: Statement
    private let release: Statement

    /// Opens, checks and migrates the database, creating it when there is none.
    ///
    /// - Throws: `.corrupt` when it should be set aside.
    init(_ file: DatabaseFile, busyTimeout: Duration, watch: ChangeWatch) throws(StoreError) {
        try file.prepare()
        let connection = try Connection(file.path, isReadOnly: false)
        // Until all is well: a damaged database keeps its log when it is closed.
        try connection.setCheckpointsOnClose(false)
        try connection.identify()
        try connection.configure(busyTimeout: busyTimeout)
        try connection.verifyIntegrity()
        try connection.migrate()
        connection.countLogPages()
        guard let identity = try file.identity() else { throw .unavailable }
        self.identity = identity
        walIndex = connection.walIndex
        self.watch = watch

        selectStatement = try connection.prepare("SELECT value, expires FROM record WHERE namespace = ?1 AND name = ?2")
        putStatement = try connection.prepare(
            """
            INSERT INTO record (namespace, name, value, expires) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (namespace, name) DO UPDATE SET value = excluded.value, expires = excluded.expires
            """)
        removeStatement = try connection.prepare("DELETE FROM record WHERE namespace = ?1 AND name = ?2")
        sweepStatement = try connection.prepare(
            """
            DELETE FROM record WHERE rowid IN
            (SELECT rowid FROM record WHERE expires <= ?1 ORDER BY expires LIMIT ?2)
            RETURNING namespace, name
            """)
        // IMMEDIATE takes the write lock at once and waits for it; a transaction that begins by reading would get
        // SQLITE_BUSY in spite of the busy time-out when it turns to writing.
        begin = try connection.prepare("BEGIN IMMEDIATE")
        commit = try connection.prepare("COMMIT")
        rollback = try connection.prepare("ROLLBACK")
        savepoint = try connection.prepare("SAVEPOINT one")
        undo = try connection.prepare("ROLLBACK TO one")
        release = try connection.prepare("RELEASE one")
        self.connection = connection
    }

    /// The connection is closed after this, and the wal-index with it.
    deinit { watch.detach(walIndex) }

    /// Runs `work` in one transaction, durable when this returns. Whatever is thrown, none is left open.
    func transaction<Value>(_ work: () throws(StoreError) -> Value) throws(StoreError) -> Value {
        try begin.run([])
        connection.forgetLogPages()
        watch.began()
        changed.removeAll(keepingCapacity: true)
        do throws(StoreError) {
            let value = try work()
            try commit.run([])
            watch.committed(changed, logPages: connection.logPages)
            return value
        } catch {
            watch.gaveUp()
            // SQLite has rolled back by itself after a full disk and the like, not after every error.
            if connection.isInTransaction { try? rollback.run([]) }
            throw error
        }
    }

    /// Judges one commit and makes its changes, all or none, within a transaction.
    func apply(_ one: Commit, now: Int64) throws(StoreError) -> Bool {
        for condition in one.conditions {
            let record = try selectStatement.first(condition.key.arguments) { $0.record(0) }
            let live = record.flatMap { $0.isExpired(at: now) ? nil : $0 }
            guard condition.holds(for: live) else { return false }
        }
        // A single statement is all or nothing by itself.
        guard one.changes.count > 1 else {
            for change in one.changes { try make(change) }
            return true
        }
        try savepoint.run([])
        do throws(StoreError) {
            for change in one.changes { try make(change) }
            try release.run([])
        } catch {
            if connection.isInTransaction {
                try undo.run([])
                try release.run([])
            }
            throw error
        }
        return true
    }

    /// Removes up to `limit` expired records, oldest expiry first, in a transaction of its own.
    func sweep(limit: Int, now: Int64) throws(StoreError) -> Int {
        try transaction { () throws(StoreError) in
            let swept = try sweepStatement.all([.integer(now), .integer(Int64(limit))]) { ($0.text(0), $0.text(1)) }
            // In a database that others have written to there may be rows that no key of ours names.
            for (namespace, name) in swept where Key.isNamespace(namespace) {
                changed.append(Key(namespace: namespace, name: name))
            }
            return swept.count
        }
    }

    private func make(_ change: Change) throws(StoreError) {
        changed.append(change.key)
        switch change {
        case .put(let key, let record):
            try putStatement.run(key.arguments + [.blob(record.value), Statement.Argument(record.expiry)])
        case .remove(let key):
            try removeStatement.run(key.arguments)
        }
    }
}

extension Key {
    var arguments: [Statement.Argument] { [.text(namespace), .text(name)] }
}

extension Statement {
    /// The record whose value and expiry are in two columns of the current row.
    func record(_ column: Int32) -> Record {
        Record(value: blob(column), expiry: integer(column + 1))
    }
}
