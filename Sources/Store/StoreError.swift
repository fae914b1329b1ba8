import CSQLite
import Glibc

/// Why a store could not do what it was asked. No text of it holds a key, a value or an SQL argument.
public enum StoreError: Error, Hashable, Sendable {
    /// Another process held the store's lock longer than the time-out. Try again later.
    case unavailable
    /// No space is left on the disk, or a quota is used up. The former state stands; it heals when space returns.
    case full
    /// The file system or the file does not take writes.
    case readOnly
    /// A file or folder that others could read, change or replace; refused as ssh refuses a key.
    case permission(path: String, problem: PathProblem)
    /// The store's own data is damaged. What can be set aside is set aside, and reported, when the store is opened.
    case corrupt(path: String)
    /// Written by a later version of this program; touched not at all.
    case newerFormat(found: Int, supported: Int)
    /// `close()` came first.
    case closed
    /// Any other failure of a system call, by its `errno`.
    case io(errno: Int32)
    /// Any other failure that SQLite reports, by its extended result code.
    case sqlite(SQLiteCode)
    /// A database of another program; touched not at all.
    case foreignDatabase(path: String)
    /// SQLite did not take a setting that durability or safety rests on.
    case settingRefused(name: String)
}

/// What is wrong with a path that was refused.
public enum PathProblem: String, Hashable, Sendable {
    case accessibleToOthers = "is accessible to group or others; chmod it to 0600 (0700 for a folder)"
    case writableByOthers = "is writable by group or others"
    case foreignOwner = "belongs to another user"
    case symbolicLink = "is a symbolic link"
    case hardLinked = "has more than one name (hard link)"
    case notAFile = "is not a regular file"
    case notAFolder = "is not a folder"
    case denied = "may not be opened by this user"
    case networkFileSystem = "is on a network file system, where locks and shared memory cannot be trusted"
}

extension StoreError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unavailable: "the store is locked by another process"
        case .full: "no space is left for the store"
        case .readOnly: "the store is read-only"
        case .permission(let path, let problem): "\(path) \(problem.rawValue)"
        case .corrupt(let path): "\(path) is damaged"
        case .newerFormat(let found, let supported):
            "the store has format \(found), this program knows formats up to \(supported)"
        case .closed: "the store is closed"
        case .io(let errno): "the store failed with errno \(errno): \(systemText(errno))"
        case .sqlite(let code):
            // A constant of the library for every code.
            unsafe "the store failed with SQLite code \(code.rawValue): \(String(cString: sqlite3_errstr(code.rawValue)))"
        case .foreignDatabase(let path): "\(path) is a database of another program"
        case .settingRefused(let name): "SQLite did not take the setting \(name)"
        }
    }
}

/// "No such device" and the like.
private func systemText(_ code: Int32) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
        // Writes at most 128 bytes, the closing NUL included. Unlike `strerror` it may be called by any thread.
        guard let start = buffer.baseAddress, unsafe strerror_r(code, start, buffer.count) == 0 else {
            return "unknown"
        }
        return unsafe String(cString: start)
    }
}
