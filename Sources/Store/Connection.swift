import CSQLite

/// One connection to a SQLite database. Used by one thread at a time: whoever owns it holds it in a `Mutex`.
@safe struct Connection: ~Copyable {
    /// Ours alone, not null until `deinit` closes it.
    private let handle: OpaquePointer
    /// Ours alone, one number long, freed in `deinit` after the last commit that could write to it.
    private let counter: UnsafeMutablePointer<Int32>
    let path: String

    /// Opens an existing database file.
    init(_ path: String, isReadOnly: Bool) throws(StoreError) {
        var handle: OpaquePointer?
        // NOMUTEX: the owner's lock is enough. EXRESCODE: every error is as precise as SQLite knows it.
        let flags =
            (isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW
            | SQLITE_OPEN_EXRESCODE
        let code = unsafe SQLiteCode(rawValue: sqlite3_open_v2(path, &handle, flags, nil))
        guard code == .ok, let handle = unsafe handle else {
            // Even a failed open may leave a handle to close (https://www.sqlite.org/c3ref/open.html).
            unsafe sqlite3_close_v2(handle)
            throw StoreError(code, path: path)
        }
        unsafe self.handle = unsafe handle
        unsafe counter = .allocate(capacity: 1)
        unsafe counter.initialize(to: 0)
        self.path = path
    }

    /// `_v2` waits for statements that are finalized later, so the order in which an owner's parts go does not matter.
    deinit {
        unsafe sqlite3_close_v2(handle)
        unsafe counter.deallocate()
    }

    /// Whether a transaction is open; SQLite ends it by itself after some errors
    /// (https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction).
    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Runs a statement that is used once.
    func execute(_ sql: StaticString) throws(StoreError) {
        try prepare(sql.description).run([])
    }

    /// Sets a pragma, where there is a value, and returns what holds now.
    @discardableResult
    func pragma(_ name: String, _ value: String? = nil) throws(StoreError) -> String? {
        let statement = try prepare("PRAGMA \(name)" + (value.map { " = \($0)" } ?? ""))
        return try statement.first([]) { $0.text(0) }
    }

    /// Sets a pragma and verifies by reading it back: most do not complain when they cannot be set.
    func require(_ name: String, _ value: String, reads expected: String) throws(StoreError) {
        try pragma(name, value)
        guard try pragma(name) == expected else { throw .settingRefused(name: name) }
    }

    /// Sets a flag of sqlite3_db_config and verifies it.
    func require(flag: Int32, named name: String, _ isOn: Bool) throws(StoreError) {
        var result: Int32 = -1
        let code = unsafe SQLiteCode(rawValue: csqlite_set_flag(handle, flag, isOn ? 1 : 0, &result))
        guard code == .ok, (result != 0) == isOn else { throw .settingRefused(name: name) }
    }

    func prepare(_ sql: String) throws(StoreError) -> Statement {
        var statement: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        let code = unsafe SQLiteCode(rawValue: sqlite3_prepare_v3(handle, sql, -1, flags, &statement, nil))
        guard code == .ok, let statement = unsafe statement else { throw StoreError(code, path: path) }
        return unsafe Statement(statement, path: path)
    }

    /// How long the write-ahead log was after the last commit that wrote to it since `forgetLogPages`, in pages; 0 where
    /// none has. It shrinks when SQLite starts it anew.
    var logPages: Int { unsafe Int(counter.pointee) }

    /// SQLite counts only for what writes: what another process has made of the log is not to be taken for ours.
    func forgetLogPages() { unsafe counter.pointee = 0 }

    /// Starts counting. This takes the place of SQLite's own automatic checkpoint.
    func countLogPages() {
        unsafe sqlite3_wal_hook(
            handle,
            { counter, _, _, pages in
                // `counter` is the pointer given below.
                unsafe counter?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            }, counter)
    }

    /// The memory by which all connections to the database know of each other's commits, once something was read; it is
    /// there until the last connection of this process is closed.
    var walIndex: WALIndex? { unsafe WALIndex(csqlite_wal_index(handle)) }

    /// Copies what it can of the write-ahead log into the database, without waiting for readers.
    func checkpoint() throws(StoreError) {
        let code = unsafe SQLiteCode(
            rawValue: sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil))
        guard code == .ok else { throw StoreError(code, path: path) }
    }
}
