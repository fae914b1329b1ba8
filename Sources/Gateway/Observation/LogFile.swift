import Glibc

/// The file that the log goes to when the configuration names one. It can be opened anew, since whoever rotates logs
/// moves the file away and tells the process then.
package final class LogFile: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let path: String
        package let reason: String

        package var description: String { "log.file \(path) cannot be written: \(reason)" }
    }

    package let path: String
    /// Stays the same number: another file takes its place in one step, and a line that is being written goes wholly to
    /// one of the two.
    private let descriptor: Int32

    package init(_ path: String) throws(Failure) {
        self.path = path
        descriptor = try Self.open(path)
    }

    deinit { close(descriptor) }

    /// From now on lines go to whatever has this path, which is made if nothing has. On failure they go where they went.
    func reopen() throws(Failure) {
        let other = try Self.open(path)
        defer { close(other) }
        guard dup2(other, descriptor) >= 0 else { throw Failure(path: path, reason: Self.reason(errno)) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    func write(_ bytes: [UInt8]) -> Bool {
        writeAll(bytes, to: descriptor)
    }

    private static func open(_ path: String) throws(Failure) -> Int32 {
        // Readable by the group, for those who collect logs. O_NONBLOCK: a FIFO without a reader must not stop the server.
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
        let descriptor = Glibc.open(path, flags, 0o640)
        guard descriptor >= 0 else { throw Failure(path: path, reason: reason(errno)) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Failure(path: path, reason: "it is not a file")
        }
        return descriptor
    }

    private static func reason(_ code: Int32) -> String {
        strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }
}
