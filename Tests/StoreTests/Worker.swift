import Dispatch
import Foundation
import Synchronization
import Testing

/// A `store-worker` process that runs a script on a store.
final class Worker: Sendable {
    private let process: pid_t
    private let output: Int32
    private let pending = Mutex<[UInt8]>([])

    init(_ kind: StoreKind, _ path: String, _ script: String...) throws {
        // Beside the program that runs the tests; the package builds both.
        let here = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(fileURLWithPath: here).deletingLastPathComponent().appendingPathComponent("store-worker").path
        let arguments = [program, kind.rawValue, path] + script
        (process, output) = try Self.spawning.withLock { _ in try Self.spawn(program, arguments) }
    }

    deinit {
        Glibc.kill(process, SIGKILL)
        close(output)
    }

    func kill() { _ = Glibc.kill(process, SIGKILL) }

    /// The next line it prints, or `nil` at its end.
    func line() async -> String? {
        await onThread { [self] in nextLine() }
    }

    /// All further lines, and how it ended: 0 for success.
    func finish() async -> (lines: [String], status: Int32) {
        await onThread { [self] in
            var lines: [String] = []
            while let line = nextLine() { lines.append(line) }
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0 && errno == EINTR {}
            return (lines, status)
        }
    }

    private func nextLine() -> String? {
        pending.withLock { pending in
            while true {
                if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                    defer { pending.removeSubrange(...end) }
                    return String(decoding: pending[..<end], as: UTF8.self)
                }
                var chunk = [UInt8](repeating: 0, count: 4096)
                let count = read(output, &chunk, chunk.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return nil }
                pending += chunk[..<count]
            }
        }
    }

    private func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: work()) }
        }
    }

    /// One at a time, so that no child inherits the pipe of another and keeps it open.
    private static let spawning = Mutex<Void>(())

    private static func spawn(_ program: String, _ arguments: [String]) throws -> (pid_t, Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        let code = posix_spawn(&process, program, &actions, nil, &words, environ)
        guard code == 0 else {
            close(ends[0])
            throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT)
        }
        return (process, ends[0])
    }
}
