import CSQLite

/// A result code of SQLite, primary or extended (https://www.sqlite.org/rescode.html).
///
/// `~=` lets a primary code stand for all its extended ones: `case .busy` also matches SQLITE_BUSY_SNAPSHOT.
public struct SQLiteCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    public var primary: SQLiteCode { SQLiteCode(rawValue: rawValue & 0xFF) }

    public static func ~= (pattern: SQLiteCode, code: SQLiteCode) -> Bool {
        pattern == code || pattern == code.primary
    }

    public static let ok = SQLiteCode(rawValue: SQLITE_OK)
    public static let permission = SQLiteCode(rawValue: SQLITE_PERM)
    public static let busy = SQLiteCode(rawValue: SQLITE_BUSY)
    public static let locked = SQLiteCode(rawValue: SQLITE_LOCKED)
    public static let readOnly = SQLiteCode(rawValue: SQLITE_READONLY)
    public static let inputOutput = SQLiteCode(rawValue: SQLITE_IOERR)
    public static let corrupt = SQLiteCode(rawValue: SQLITE_CORRUPT)
    public static let full = SQLiteCode(rawValue: SQLITE_FULL)
    public static let cannotOpen = SQLiteCode(rawValue: SQLITE_CANTOPEN)
    public static let notADatabase = SQLiteCode(rawValue: SQLITE_NOTADB)
    public static let row = SQLiteCode(rawValue: SQLITE_ROW)
    public static let done = SQLiteCode(rawValue: SQLITE_DONE)
}

extension StoreError {
    /// What a failed call of SQLite means for the caller. `path` is the database's.
    init(_ code: SQLiteCode, path: String) {
        self =
            switch code {
            case .busy, .locked: .unavailable
            case .full: .full
            case .readOnly: .readOnly
            case .permission, .cannotOpen: .permission(path: path, problem: .denied)
            case .corrupt, .notADatabase: .corrupt(path: path)
            default: .sqlite(code)
            }
    }
}
