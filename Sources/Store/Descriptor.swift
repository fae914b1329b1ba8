import Glibc

/// An open file of ours, closed when it goes out of use; the system calls a store makes on it, each in one place.
struct Descriptor: ~Copyable {
    let number: Int32
    /// For error texts.
    let path: String

    deinit { _ = Glibc.close(number) }

    /// Opens `name` below `folder` (or any path, with `AT_FDCWD`) and never follows a link at its end.
    init(
        _ name: String, in folder: Int32 = AT_FDCWD, flags: Int32, displayed path: String
    ) throws(StoreError) {
        var number: Int32
        repeat {
            // 0600 whatever the umask says: it can only take bits away, and `setOwnerOnly` restores them.
            number = unsafe openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, 0o600)
        } while number < 0 && errno == EINTR
        guard number >= 0 else { throw StoreError(errno: errno, path: path) }
        self.number = number
        self.path = path
    }

    /// What the kernel knows of the file.
    func status() throws(StoreError) -> stat {
        var status = stat()
        guard unsafe fstat(number, &status) == 0 else { throw failure() }
        return status
    }

    /// Everything from the start to the end of the file, whose size is `size` unless it is growing.
    func readAll(size: Int) throws(StoreError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        var filled = 0
        while filled < size {
            // `filled..<size` lies inside the array.
            let count = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe pread(number, buffer.baseAddress.map { unsafe $0 + filled }, size - filled, filled)
            }
            if count > 0 {
                filled += count
            } else if count == 0 {
                break
            } else if errno != EINTR {
                throw failure()
            }
        }
        bytes.removeLast(size - filled)
        return bytes
    }

    func writeAll(_ bytes: [UInt8]) throws(StoreError) {
        var written = 0
        while written < bytes.count {
            // `written..<bytes.count` lies inside the array.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(number, buffer.baseAddress.map { unsafe $0 + written }, bytes.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno != EINTR {
                throw failure()
            }
        }
    }

    /// fsync(2). An error is final: the kernel may have dropped the pages, and a second call would report success.
    func sync() throws(StoreError) {
        guard fsync(number) == 0 else { throw failure() }
    }

    /// Mode 0600, also under a umask that would take the owner's own bits.
    func setOwnerOnly() throws(StoreError) {
        guard fchmod(number, 0o600) == 0 else { throw failure() }
    }

    private func failure() -> StoreError { StoreError(errno: errno, path: path) }
}

extension StoreError {
    /// What a failed system call means for the caller.
    init(errno code: Int32, path: String) {
        self =
            switch code {
            // EFBIG: past the largest file the system or a limit (RLIMIT_FSIZE) allows.
            case ENOSPC, EDQUOT, EFBIG: .full
            case EROFS: .readOnly
            case EACCES, EPERM: .permission(path: path, problem: .denied)
            case ELOOP: .permission(path: path, problem: .symbolicLink)
            case ENOTDIR: .permission(path: path, problem: .notAFolder)
            // open(2): a socket, or a device that is not there.
            case ENXIO, ENODEV: .permission(path: path, problem: .notAFile)
            default: .io(errno: code)
            }
    }
}
