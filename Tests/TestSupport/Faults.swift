import Foundation
import Synchronization

/// A disk and a clock that do as a test says, for a program that is started with `environment`.
///
/// The orders lie in a page that the library `faults` maps into the program, so that they hold from the next call on.
package final class Faults: Sendable {
    /// Kinds of calls, as `faults.h` numbers them.
    package struct Calls: OptionSet, Sendable {
        package let rawValue: Int32
        package init(rawValue: Int32) { self.rawValue = rawValue }

        package static let create = Calls(rawValue: 1)
        package static let write = Calls(rawValue: 2)
        package static let syncOfFile = Calls(rawValue: 4)
        package static let syncOfFolder = Calls(rawValue: 256)
        package static let sync: Calls = [.syncOfFile, .syncOfFolder]
        package static let rename = Calls(rawValue: 8)
        package static let remove = Calls(rawValue: 16)
        package static let truncate = Calls(rawValue: 32)
        package static let makeFolder = Calls(rawValue: 64)
        package static let read = Calls(rawValue: 128)
        /// Whatever changes something.
        package static let change: Calls = [.create, .write, .sync, .rename, .remove, .truncate, .makeFolder]
    }

    private let place = makeTemporaryDirectory()
    private let folder: String
    private let descriptor: Int32

    /// - Parameter folder: The absolute path below which calls fail or are counted.
    package init(below folder: String) {
        self.folder = folder
        descriptor = open(place + "/page", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0 && ftruncate(descriptor, 4096) == 0, "cannot make \(place)/page")
    }

    deinit {
        close(descriptor)
        try? FileManager.default.removeItem(atPath: place)
    }

    package func environment(logs: Bool = false) throws -> [String: String] {
        let library = try MagpieProcess.built("libfaults.so")
        var variables = [
            "LD_PRELOAD": library, "MAGPIE_FAULTS_PAGE": place + "/page", "MAGPIE_FAULTS_FOLDER": folder,
        ]
        if logs { variables["MAGPIE_FAULTS_LOG"] = place + "/log" }
        return variables
    }

    // MARK: Orders. The places are those of `struct faults`.

    /// From now on these calls fail. A disk that is full also takes writes in part, at first.
    package func fail(_ calls: Calls, with code: Int32) {
        set(code, at: 4)
        set(calls.rawValue, at: 0)
    }

    package func heal() { set(0, at: 0) }

    /// No write takes more than so many bytes.
    package func shortenWrites(to bytes: Int32) { set(bytes, at: 8) }

    /// The process dies after its n-th call that changes something, or, torn, with half of it done when it is a write.
    package func die(after count: Int32, torn: Bool = false) {
        set(0, at: 20)
        set(torn ? 1 : 0, at: 16)
        set(count, at: 12)
    }

    /// Sets the program's wall clock forward, or back.
    package func step(clockBy seconds: Int64) { set(seconds, at: 24) }

    /// One line for each call below the folder, with its path.
    package var log: [String] { readFile(place + "/log").split(separator: "\n").map(String.init) }

    private func set<Value: FixedWidthInteger>(_ value: Value, at offset: off_t) {
        var value = value
        let written = pwrite(descriptor, &value, MemoryLayout<Value>.size, offset)
        precondition(written == MemoryLayout<Value>.size, "the page of orders cannot be written")
    }
}
