import CSQLite

/// A prepared statement. Arguments are bound, never written into the SQL, and never outlive the call.
@safe struct Statement: ~Copyable {
    /// Ours alone, not null until `deinit` finalizes it.
    private let handle: OpaquePointer
    /// For error texts.
    private let path: String

    enum Argument {
        case text(String)
        case blob([UInt8])
        case integer(Int64)
        case null

        init(_ integer: Int64?) { self = integer.map { .integer($0) } ?? .null }
    }

    init(_ handle: OpaquePointer, path: String) {
        unsafe self.handle = unsafe handle
        self.path = path
    }

    deinit { unsafe sqlite3_finalize(handle) }

    /// Runs to the end, ignoring rows.
    func run(_ arguments: [Argument]) throws(StoreError) {
        defer { reset() }
        try bind(arguments)
        while try step() {}
    }

    /// What `read` makes of the first row, or `nil` when there is none.
    func first<Value>(_ arguments: [Argument], _ read: (borrowing Statement) -> Value) throws(StoreError) -> Value? {
        defer { reset() }
        try bind(arguments)
        return try step() ? read(self) : nil
    }

    /// What `read` makes of every row.
    func all<Value>(_ arguments: [Argument], _ read: (borrowing Statement) -> Value) throws(StoreError) -> [Value] {
        defer { reset() }
        try bind(arguments)
        var values: [Value] = []
        while try step() { values.append(read(self)) }
        return values
    }

    // MARK: Columns of the current row

    func text(_ column: Int32) -> String {
        // Valid until the next call on the statement; the count is asked for after the conversion to text.
        guard let bytes = unsafe sqlite3_column_text(handle, column) else { return "" }
        return unsafe String(
            decoding: UnsafeBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))), as: UTF8.self
        )
    }

    func blob(_ column: Int32) -> [UInt8] {
        // Null for no bytes; valid until the next call on the statement.
        guard let bytes = unsafe sqlite3_column_blob(handle, column) else { return [] }
        return unsafe Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
    }

    func integer(_ column: Int32) -> Int64? {
        unsafe sqlite3_column_type(handle, column) == SQLITE_NULL ? nil : sqlite3_column_int64(handle, column)
    }

    // MARK: Execution

    private func bind(_ arguments: [Argument]) throws(StoreError) {
        for (index, argument) in arguments.enumerated() {
            let position = Int32(index + 1)
            // SQLite copies the bytes before each call returns.
            let code =
                switch argument {
                case .text(var text):
                    text.withUTF8 { bytes in
                        unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                            unsafe csqlite_bind_text(
                                handle, position, characters.baseAddress, UInt64(characters.count))
                        }
                    }
                case .blob(let bytes):
                    unsafe csqlite_bind_blob(handle, position, bytes, UInt64(bytes.count))
                case .integer(let integer): unsafe sqlite3_bind_int64(handle, position, integer)
                case .null: unsafe sqlite3_bind_null(handle, position)
                }
            guard code == SQLITE_OK else { throw StoreError(SQLiteCode(rawValue: code), path: path) }
        }
    }

    /// Whether there is a row.
    private func step() throws(StoreError) -> Bool {
        let code = unsafe SQLiteCode(rawValue: sqlite3_step(handle))
        switch code {
        case .row: return true
        case .done: return false
        default: throw StoreError(code, path: path)
        }
    }

    /// Ready for the next run; no value stays bound in memory. The code only repeats that of the last step.
    private func reset() {
        unsafe sqlite3_reset(handle)
        unsafe sqlite3_clear_bindings(handle)
    }
}
