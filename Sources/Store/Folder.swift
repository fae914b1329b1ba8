import Glibc

/// A folder held by descriptor: all names are relative to it, so that nobody can swap it under us.
///
/// Files are replaced, never changed: what a reader has opened stays whole.
final class Folder: Sendable {
    /// Absolute, without links: for error texts, and for the lock, which is opened by its path.
    let path: String
    private let handle: Descriptor
    private var descriptor: Int32 { handle.number }

    /// Opens a folder, creating what is missing, and refuses one that others may enter.
    init(_ path: String) throws(StoreError) {
        let path = PathCheck.trimmed(path)
        try PathCheck.createFolders(path)
        // Looked at before it is opened, for a message that says "link", and after, for the truth.
        if let status = try PathCheck.status(of: path, displayed: path) {
            try PathCheck.ownFolder(status, path: path)
        }
        handle = try Descriptor(path, flags: O_RDONLY | O_DIRECTORY, displayed: path)
        try PathCheck.ownFolder(try handle.status(), path: path)
        try PathCheck.localFileSystem(handle.number, path: path)
        self.path = try PathCheck.absolute(path)
    }

    /// The bytes of a file, or `nil` when there is none.
    ///
    /// - Throws: `.permission` for what is not ours alone, and, as `.notAFile`, for what is no file.
    func contents(of name: String) throws(StoreError) -> [UInt8]? {
        let file: Descriptor
        do throws(StoreError) {
            // A pipe in a file's place would keep us waiting for its other end; files take no notice of O_NONBLOCK.
            file = try open(name, flags: O_RDONLY | O_NONBLOCK)
        } catch .io(errno: ENOENT) {
            return nil
        }
        let status = try file.status()
        try PathCheck.ownFile(status, path: displayed(name))
        return try file.readAll(size: Int(status.st_size))
    }

    /// A new file 0600 with these bytes, on the disk when this returns; its name is not, until `sync`.
    func create(_ name: String, _ bytes: [UInt8]) throws(StoreError) {
        let file = try open(name, flags: O_WRONLY | O_CREAT | O_EXCL)
        do throws(StoreError) {
            try file.setOwnerOnly()
            try file.writeAll(bytes)
            try file.sync()
        } catch {
            _ = try? remove(name)
            throw error
        }
    }

    func open(_ name: String, flags: Int32) throws(StoreError) -> Descriptor {
        try Descriptor(name, in: descriptor, flags: flags, displayed: displayed(name))
    }

    /// `false` when there is no `name`.
    @discardableResult
    func rename(_ name: String, to newName: String) throws(StoreError) -> Bool {
        if unsafe renameat(descriptor, name, descriptor, newName) == 0 { return true }
        guard errno == ENOENT else { throw failure(name) }
        return false
    }

    /// `false` when there was no such file.
    @discardableResult
    func remove(_ name: String) throws(StoreError) -> Bool {
        if unsafe unlinkat(descriptor, name, 0) == 0 { return true }
        guard errno == ENOENT else { throw failure(name) }
        return false
    }

    /// Makes creations, renames and removals in `subfolder` ("." = the folder itself) survive a loss of power.
    func sync(_ subfolder: String) throws(StoreError) {
        try open(subfolder, flags: O_RDONLY | O_DIRECTORY).sync()
    }

    /// Creates a folder in this one unless it is there, and refuses one that is not ours alone.
    func makeFolder(_ name: String) throws(StoreError) {
        if unsafe mkdirat(descriptor, name, 0o700) == 0 {
            // The umask may have taken the owner's own bits; nobody else can write here, so this is the new folder.
            guard unsafe fchmodat(descriptor, name, 0o700, 0) == 0 else { throw failure(name) }
            try sync(".")
        } else {
            guard errno == EEXIST else { throw failure(name) }
            guard let status = try status(of: name) else { throw .io(errno: ENOENT) }
            try PathCheck.ownFolder(status, path: displayed(name))
        }
    }

    func status(of name: String) throws(StoreError) -> stat? {
        try PathCheck.status(of: name, in: descriptor, displayed: displayed(name))
    }

    /// The names in `subfolder`, in no order; none when there is no such folder.
    func names(in subfolder: String) throws(StoreError) -> [String] {
        let number = unsafe openat(descriptor, subfolder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard number >= 0 else {
            guard errno == ENOENT else { throw failure(subfolder) }
            return []
        }
        // The stream takes the descriptor over; `closedir` closes it.
        guard let stream = unsafe fdopendir(number) else {
            _ = close(number)
            throw failure(subfolder)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = unsafe readdir(stream) {
            // `d_name` is a NUL-terminated string inside the entry, valid until the next `readdir`.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
                unsafe name.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw failure(subfolder) }
        return names
    }

    func displayed(_ name: String) -> String { "\(path)/\(name)" }

    private func failure(_ name: String) -> StoreError { StoreError(errno: errno, path: displayed(name)) }
}
