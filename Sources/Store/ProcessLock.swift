import CSQLite
import Glibc

/// The lock by which processes take turns to write: flock(2) on a file that holds nothing.
///
/// The kernel gives it back when its holder dies, however it dies. An operator may hold it too, for a copy of a store at
/// rest: `flock var/store/lock tar …`.
///
/// flock alone is unfair: a busy process that releases and takes it again in the same breath starves those who sleep.
/// So whoever wants it first takes the *queue*, a second lock on the same file's first byte, keeps the queue only
/// while waiting, and thereby holds back everyone else, the last holder included, until its turn has come.
struct ProcessLock: ~Copyable {
    private let path: String
    private let timeout: Duration
    private var file: Descriptor

    /// Opens the lock file, or creates it (0600); refuses one that others could tamper with.
    init(_ path: String, timeout: Duration) throws(StoreError) {
        self.path = path
        self.timeout = timeout
        file = try Self.open(path)
    }

    private static func open(_ path: String) throws(StoreError) -> Descriptor {
        while true {
            do throws(StoreError) {
                let file = try Descriptor(path, flags: O_RDWR | O_CREAT | O_EXCL, displayed: path)
                try file.setOwnerOnly()
                return file
            } catch .io(errno: EEXIST) {
                do throws(StoreError) {
                    let file = try Descriptor(path, flags: O_RDWR, displayed: path)
                    try PathCheck.ownFile(try file.status(), path: path)
                    return file
                } catch .io(errno: ENOENT) {
                    // Removed between the two calls: once more.
                    continue
                }
            }
        }
    }

    /// Waits for the lock, on the calling thread.
    ///
    /// - Throws: `.unavailable` after the time-out.
    mutating func acquire() throws(StoreError) {
        let deadline = SuspendingClock.now.advanced(by: timeout)
        let number = file.number
        do {
            try Self.wait(until: deadline) { csqlite_lock_byte(number, 1) == 0 }
            defer { _ = csqlite_lock_byte(number, 0) }
            try Self.wait(until: deadline) { flock(number, LOCK_EX | LOCK_NB) == 0 }
            // Somebody may have removed the file while we waited: then others lock a new one, and so must we.
            if try file.status().st_nlink > 0 { return }
        }
        // Closing the old file gives its lock back.
        file = try Self.open(path)
        try acquire()
    }

    func release() {
        _ = flock(file.number, LOCK_UN)
    }

    /// The kernel offers no lock with a time-out, so this asks again, soon at first. It costs nothing while nobody else
    /// holds the lock, and a few hundred microseconds of delay when somebody does.
    private static func wait(until deadline: SuspendingClock.Instant, _ attempt: () -> Bool) throws(StoreError) {
        var pause: Int = 50_000
        while !attempt() {
            guard errno == EWOULDBLOCK || errno == EINTR || errno == EACCES else { throw .io(errno: errno) }
            guard SuspendingClock.now < deadline else { throw .unavailable }
            var time = timespec(tv_sec: 0, tv_nsec: pause)
            _ = unsafe nanosleep(&time, nil)
            pause = min(pause * 2, 2_000_000)
        }
    }
}
