import CSQLite
import Glibc

/// What a store demands of files and folders before it trusts them, as ssh does of keys.
///
/// Secrets lie in these files, and whoever can write them can log in as anybody.
enum PathCheck {
    /// A file of ours: regular, with one name, owned by us, closed to everybody else.
    static func ownFile(_ status: stat, path: String) throws(StoreError) {
        try refuse(kind(status) == S_IFLNK, path, .symbolicLink)
        try refuse(kind(status) != S_IFREG, path, .notAFile)
        try refuse(status.st_uid != geteuid(), path, .foreignOwner)
        try refuse(status.st_mode & 0o077 != 0, path, .accessibleToOthers)
        // A second name would let somebody keep the file, or hand us theirs.
        try refuse(status.st_nlink > 1, path, .hardLinked)
    }

    /// A folder that is the store: owned by us, closed to everybody else.
    static func ownFolder(_ status: stat, path: String) throws(StoreError) {
        try refuse(kind(status) == S_IFLNK, path, .symbolicLink)
        try refuse(kind(status) != S_IFDIR, path, .notAFolder)
        try refuse(status.st_uid != geteuid(), path, .foreignOwner)
        try refuse(status.st_mode & 0o077 != 0, path, .accessibleToOthers)
    }

    /// A folder that a database lies in: others may look, but not add, remove or replace files.
    static func surroundingFolder(_ status: stat, path: String) throws(StoreError) {
        try refuse(kind(status) != S_IFDIR, path, .notAFolder)
        try refuse(status.st_uid != geteuid() && status.st_uid != 0, path, .foreignOwner)
        try refuse(status.st_mode & 0o022 != 0, path, .writableByOthers)
    }

    /// The status of what lies at `path`, a link itself and not its target; `nil` when there is nothing.
    static func status(
        of name: String, in folder: Int32 = AT_FDCWD, displayed path: String
    ) throws(StoreError) -> stat? {
        var status = stat()
        if unsafe fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 { return status }
        guard errno == ENOENT else { throw StoreError(errno: errno, path: path) }
        return nil
    }

    /// Creates a folder and whatever is missing above it, each 0700. Nothing that exists is changed.
    static func createFolders(_ path: String) throws(StoreError) {
        guard try status(of: path, displayed: path) == nil else { return }
        let parent = self.parent(of: path)
        // The end of the recursion is "/" or ".", which exist.
        try createFolders(parent)
        if unsafe mkdir(path, 0o700) == 0 {
            // The umask may have taken the owner's own bits.
            guard unsafe chmod(path, 0o700) == 0 else { throw StoreError(errno: errno, path: path) }
            // The dot, because what lies above the store may be reached through links, as /var/run is.
            try Descriptor("\(parent)/.", flags: O_RDONLY | O_DIRECTORY, displayed: parent).sync()
        } else if errno != EEXIST {
            // Another process may have been faster; anything else is final.
            throw StoreError(errno: errno, path: path)
        }
    }

    /// Refuses file systems whose locks and shared memory reach beyond this machine, or do not hold at all.
    static func localFileSystem(_ descriptor: Int32, path: String) throws(StoreError) {
        try refuse(networkFileSystems.contains(csqlite_file_system(descriptor)), path, .networkFileSystem)
    }

    /// statfs(2): NFS, SMB, SMB2, CIFS, AFS (two), Ceph, Coda, NCP, 9P.
    private static let networkFileSystems: Set<Int> = [
        0x6969, 0x517B, 0xFE53_4D42, 0xFF53_4D42, 0x5346_414F, 0x6B41_4653, 0xC3_6400, 0x7375_7245, 0x564C, 0x0102_1997,
    ]

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Without slashes at its end, which would make the kernel follow a link.
    static func trimmed(_ path: String) -> String {
        var path = path
        while path.count > 1, path.last == "/" { path.removeLast() }
        return path
    }

    /// The one name of an existing file or folder: absolute, every link on the way resolved.
    static func absolute(_ path: String) throws(StoreError) -> String {
        // With a null buffer realpath(3) allocates the result, and the caller frees it.
        guard let resolved = unsafe realpath(path, nil) else { throw StoreError(errno: errno, path: path) }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    private static func kind(_ status: stat) -> mode_t { status.st_mode & S_IFMT }

    private static func refuse(_ isBad: Bool, _ path: String, _ problem: PathProblem) throws(StoreError) {
        if isBad { throw .permission(path: path, problem: problem) }
    }
}
