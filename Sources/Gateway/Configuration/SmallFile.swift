import Glibc

/// A small file read whole, with the facts about it taken from the same descriptor, so that they belong together.
package struct SmallFile {
    package let bytes: [UInt8]
    /// Permission bits.
    let mode: UInt32
    let owner: UInt32

    package enum Failure: Error {
        case unreadable(errno: Int32)
        case notAFile
        case tooLarge(limit: Int)

        /// For a complaint: `No such file or directory`.
        package var reason: String {
            switch self {
            case .unreadable(let code): strerror(code).map { String(cString: $0) } ?? "error \(code)"
            case .notAFile: "it is not a file"
            case .tooLarge(let limit): "it is larger than \(limit) bytes"
            }
        }
    }

    /// Whether somebody other than its owner may read or change it.
    var isShared: Bool { mode & 0o077 != 0 }

    package static func read(_ path: String, limit: Int = 1 << 20) throws(Failure) -> SmallFile {
        // O_NONBLOCK: opening a FIFO must not wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(errno: errno) }
        defer { close(descriptor) }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else { throw .unreadable(errno: errno) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        // Files under /proc have no size, so the end is where read says it is.
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(errno: errno)
            }
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else { throw .tooLarge(limit: limit) }
        }
        return SmallFile(bytes: bytes, mode: facts.st_mode & 0o7777, owner: facts.st_uid)
    }
}
