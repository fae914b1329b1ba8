import Glibc
import Secure
import Wire

/// A file in memory, with what tells whether the one on disk is still the same, and the fields of its answers. A class,
/// since every request takes one in hand.
final class StaticFile: Sendable {
    /// What `stat` says about a file's contents without reading them: a new or changed file has another.
    struct Identity: Equatable, Sendable {
        private let device: UInt64
        private let inode: UInt64
        private let size: Int
        /// In nanoseconds since 1970. The second changes with the contents too, and nobody can set it back.
        private let modified: Int
        private let changed: Int

        fileprivate init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            size = Int(status.st_size)
            modified = Self.nanoseconds(status.st_mtim)
            changed = Self.nanoseconds(status.st_ctim)
        }

        /// Whether another change would show: the kernel's file times advance in steps of up to 10 ms, so that a second
        /// change right after the first can leave them as they are.
        func isSettled(at now: Int) -> Bool {
            now - changed > 50_000_000
        }

        private static func nanoseconds(_ time: timespec) -> Int {
            time.tv_sec * 1_000_000_000 + time.tv_nsec
        }

        /// Nil for what is not there or is no regular file. Symbolic links are followed, so that the identity is that of
        /// the file which a link leads to now.
        static func ofFile(at path: String) -> Identity? {
            var status = stat()
            guard stat(path, &status) == 0, isRegular(status) else { return nil }
            return Identity(status)
        }
    }

    /// What became of a look at the disk.
    enum Finding: Sendable {
        case file(StaticFile)
        case nothing
        /// There may be a file, and no descriptor or memory to read it with.
        case unreadable
    }

    let identity: Identity
    let bytes: [UInt8]
    /// Of the answer with its contents.
    let fields: Fields
    /// Of the answer that the client's copy is current: all but the type, for there is no content (RFC 9110 §15.4.5).
    let fieldsWithoutContent: Fields
    private let path: String
    private let tag: EntityTag

    private init(path: String, identity: Identity, tag: EntityTag, fields: Fields, bytes: [UInt8]) {
        self.path = path
        self.identity = identity
        self.tag = tag
        self.fields = fields
        self.bytes = bytes
        var rest = fields
        rest.remove(.contentType)
        fieldsWithoutContent = rest
    }

    /// Whether what its path leads to now is what was read.
    var isUnchanged: Bool { Identity.ofFile(at: path) == identity }

    /// Whether the client says that it has this version.
    func isCurrent(by request: FieldsView) -> Bool {
        var isCurrent = false
        request.forEachValueFromLast(.ifNoneMatch) { value in
            isCurrent = tag.matches(ifNoneMatch: value)
            return !isCurrent
        }
        return isCurrent
    }

    /// Reads the file, unless it is larger than `limit` bytes, is no regular file, or lies outside the directory once all
    /// links are followed.
    ///
    /// - Parameter further: the fields that its answers have besides those of a file, made of its type.
    static func read(
        _ path: String, under directory: String, limit: Int, further: (_ contentType: String) -> Fields
    ) -> Finding {
        guard let root = resolve(directory), let real = resolve(path),
            real.utf8.starts(with: (root == "/" ? root : root + "/").utf8)
        else { return .nothing }
        // The path is resolved, so a link here was planted since; O_NONBLOCK, so that a FIFO does not hang the thread.
        let descriptor = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return [EMFILE, ENFILE, ENOMEM].contains(errno) ? .unreadable : .nothing }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, isRegular(status), Int(status.st_size) <= limit,
            let bytes = contents(of: descriptor, count: Int(status.st_size))
        else { return .nothing }
        // 128 bits of the digest: as strong a validator as anyone needs, and half as long.
        guard let tag = EntityTag(hex(Array(Digest.sha256(bytes).prefix(16)))) else { return .nothing }
        let type = ContentType.ofFile(named: path)
        var fields = Response(
            .ok,
            [
                (.contentType, type), (.etag, tag.description), (.cacheControl, "no-cache"),
                (.xContentTypeOptions, "nosniff"),
            ]
        ).fields
        fields.append(missing: further(type))
        return .file(StaticFile(path: path, identity: Identity(status), tag: tag, fields: fields, bytes: bytes))
    }

    /// The path with all links followed; nil when there is nothing.
    private static func resolve(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    private static func isRegular(_ status: stat) -> Bool {
        status.st_mode & S_IFMT == S_IFREG
    }

    /// Nil when the file changes its length while it is read: half of the old and half of the new would be served.
    private static func contents(of descriptor: Int32, count: Int) -> [UInt8]? {
        // Without memory of its own such an array would be written to the one empty array that all share.
        guard count > 0 else { return isAtEnd(descriptor) ? [] : nil }
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { space, filled in
            while filled < count {
                let received = Glibc.read(descriptor, space.baseAddress.map { $0 + filled }, count - filled)
                if received < 0, errno == EINTR { continue }
                guard received > 0 else { return }
                filled += received
            }
            isWhole = isAtEnd(descriptor)
        }
        return isWhole ? bytes : nil
    }

    private static func isAtEnd(_ descriptor: Int32) -> Bool {
        var beyond: UInt8 = 0
        return Glibc.read(descriptor, &beyond, 1) == 0
    }
}
