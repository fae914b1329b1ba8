import CSQLite

/// How a connection is set up, and what the database looks like inside.
extension Connection {
    /// Sets what durability and safety rest on, and reads each setting back.
    func configure(busyTimeout: Duration) throws(StoreError) {
        let milliseconds = String(Int(busyTimeout.seconds * 1000))
        try require("busy_timeout", milliseconds, reads: milliseconds)
        // Nothing inside the file may run functions or reach outside: a planted file stays data
        // (https://www.sqlite.org/security.html).
        try require(flag: SQLITE_DBCONFIG_DEFENSIVE, named: "defensive", true)
        try require("trusted_schema", "OFF", reads: "0")
        try require("foreign_keys", "ON", reads: "1")
        // Freed space is overwritten: a removed session is not left in the file.
        try require("secure_delete", "ON", reads: "1")
        // With memory-mapped I/O an I/O error is a signal that kills the process, not an error code.
        try require("mmap_size", "0", reads: "0")
        try require("journal_mode", "WAL", reads: "wal")
        // NORMAL would lose the last commits with the power: a session that was logged out would live again.
        try require("synchronous", "FULL", reads: "2")
        // Checkpoints are ours to time, under the lock. After one, a log that had grown is cut to 16 MiB.
        try require("wal_autocheckpoint", "0", reads: "0")
        try require("journal_size_limit", "16777216", reads: "16777216")
    }

    /// Sets whether closing the last connection copies the log into the database and removes it.
    func setCheckpointsOnClose(_ isOn: Bool) throws(StoreError) {
        try require(flag: SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, named: "no_ckpt_on_close", !isOn)
    }

    /// Refuses what is not a database of ours, or one that a later version has written.
    func identify() throws(StoreError) {
        let version = try integerPragma("user_version")
        let application = try integerPragma("application_id")
        let tables = try prepare("SELECT count(*) FROM sqlite_schema").first([]) { $0.integer(0) } ?? 0
        guard application == Schema.applicationID || (application == 0 && version == 0 && tables == 0) else {
            throw .foreignDatabase(path: path)
        }
        guard version <= Schema.version else {
            throw .newerFormat(found: Int(version), supported: Int(Schema.version))
        }
    }

    /// - Throws: `.corrupt` when the structure of the file is broken. Reads all of it.
    func verifyIntegrity() throws(StoreError) {
        guard try pragma("quick_check(1)") == "ok" else { throw .corrupt(path: path) }
    }

    /// Brings the schema to our version, in one transaction.
    func migrate() throws(StoreError) {
        guard try integerPragma("user_version") < Schema.version else { return }
        try execute("BEGIN IMMEDIATE")
        do throws(StoreError) {
            // Asked again: another process may have been faster.
            let version = try integerPragma("user_version")
            for step in Schema.steps.dropFirst(Int(version)) {
                for statement in step { try prepare(statement).run([]) }
            }
            try pragma("application_id", String(Schema.applicationID))
            try pragma("user_version", String(Schema.version))
            try execute("COMMIT")
        } catch {
            if isInTransaction { try? execute("ROLLBACK") }
            throw error
        }
    }

    private func integerPragma(_ name: String) throws(StoreError) -> Int64 {
        try prepare("PRAGMA \(name)").first([]) { $0.integer(0) ?? 0 } ?? 0
    }
}

enum Schema {
    /// "Magp", so that `file` and we can tell the database from others.
    static let applicationID: Int64 = 0x4D61_6770

    /// What `user_version` is after all steps.
    static var version: Int64 { Int64(steps.count) }

    /// The statements that lead from each version to the next. A step that has been published is never changed.
    static let steps: [[String]] = [
        [
            """
            CREATE TABLE record (
                namespace TEXT NOT NULL,
                name TEXT NOT NULL,
                value BLOB NOT NULL,
                expires INTEGER, -- milliseconds since 1970; NULL = never
                PRIMARY KEY (namespace, name)
            ) STRICT
            """,
            "CREATE INDEX record_by_expiry ON record (expires) WHERE expires IS NOT NULL",
        ]
    ]
}
