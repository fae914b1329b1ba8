import Glibc

/// The files of a SQLite database: `NAME`, and beside it `NAME-wal` and `NAME-shm` while it is in use.
///
/// An existing one is looked at by name only and never opened here: closing any descriptor of it would drop the locks
/// that SQLite holds through others in this process (https://www.sqlite.org/howtocorrupt.html §2.2).
struct DatabaseFile: Sendable {
    /// Absolute, links in the folder's name resolved.
    let path: String
    private let folder: String

    /// What SQLite puts beside the main file; it goes first where order matters.
    private static let companions = ["-wal", "-shm"]

    /// Which file it is, whatever it is called.
    struct Identity: Equatable, Sendable {
        let device: dev_t
        let inode: ino_t
    }

    /// Creates the folder (0700) if it is missing; refuses one in which others may replace files.
    init(_ path: String) throws(StoreError) {
        let path = PathCheck.trimmed(path)
        let parent = PathCheck.parent(of: path)
        try PathCheck.createFolders(parent)
        folder = try PathCheck.absolute(parent)
        let handle = try Descriptor(folder, flags: O_RDONLY | O_DIRECTORY, displayed: folder)
        try PathCheck.surroundingFolder(try handle.status(), path: folder)
        try PathCheck.localFileSystem(handle.number, path: folder)
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        self.path = folder == "/" ? "/\(name)" : "\(folder)/\(name)"
    }

    /// Sees to it that there is a file for SQLite to open, 0600, and that what is there is ours alone.
    ///
    /// - Throws: `.corrupt` when the database was cut to nothing: SQLite would take an empty file for a new database,
    ///   and throw its log away.
    func prepare() throws(StoreError) {
        for suffix in Self.companions {
            if let status = try status(suffix) { try PathCheck.ownFile(status, path: path + suffix) }
        }
        let logSize = try status("-wal")?.st_size ?? 0
        if let status = try status("") {
            try PathCheck.ownFile(status, path: path)
            if status.st_size == 0 && logSize > 0 { throw .corrupt(path: path) }
        } else {
            if logSize > 0 { throw .corrupt(path: path) }
            // SQLite gives its other files the mode of this one.
            let file = try Descriptor(path, flags: O_RDWR | O_CREAT | O_EXCL, displayed: path)
            try file.setOwnerOnly()
            try file.sync()
            try syncFolder()
        }
    }

    /// Whether there is a file with nothing in it.
    func isEmpty() throws(StoreError) -> Bool { try status("")?.st_size == 0 }

    /// `nil` when there is no file at the path any more.
    func identity() throws(StoreError) -> Identity? {
        try status("").map { Identity(device: $0.st_dev, inode: $0.st_ino) }
    }

    /// Renames the database and what belongs to it to `NAME.corrupt-<stamp>…`, where SQLite's own tools can open it.
    ///
    /// - Returns: The new path of the main file.
    func setAside(stamp: String) throws(StoreError) -> String {
        let target = "\(path).corrupt-\(stamp)"
        for suffix in Self.companions + [""] {
            guard unsafe rename(path + suffix, target + suffix) == 0 || errno == ENOENT else {
                throw StoreError(errno: errno, path: path + suffix)
            }
        }
        try syncFolder()
        return target
    }

    private func status(_ suffix: String) throws(StoreError) -> stat? {
        try PathCheck.status(of: path + suffix, displayed: path + suffix)
    }

    private func syncFolder() throws(StoreError) {
        try Descriptor(folder, flags: O_RDONLY | O_DIRECTORY, displayed: folder).sync()
    }
}
