package import Glibc
import Synchronization

/// A program that runs beside the tests, with its output in two files, until it ends or is made to.
package final class ChildProcess: Sendable {
    package enum Ending: Equatable, Sendable {
        case exited(Int32)
        case killed(Int32)
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) {
            self.description = description
        }
    }

    package let id: pid_t
    private let outputFile: String
    private let errorFile: String
    private let ending = Mutex<Ending?>(nil)
    private let coreDumped = Atomic(false)

    /// - Parameters:
    ///   - folder: Its working directory; the files `NAME.out` and `NAME.err` are made there, or continued.
    ///   - environment: All of it: nothing of the tests' own environment reaches the program.
    package init(
        _ program: String, _ arguments: [String], in folder: String, name: String, environment: [String: String] = [:]
    ) throws {
        outputFile = "\(folder)/\(name).out"
        errorFile = "\(folder)/\(name).err"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let mode = O_WRONLY | O_CREAT | O_APPEND
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, outputFile, mode, 0o600)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errorFile, mode, 0o600)

        // Threads of the test runner have signals blocked, which a program they start would inherit.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        // Swift does not see posix_spawn's own way to another directory; `env` becomes the program, in the same process.
        let starter = "/usr/bin/env"
        var words = ([starter, "--chdir=\(folder)", program] + arguments).map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, starter, &actions, &attributes, &words, &settings)
        guard code == 0 else { throw Failure("\(program) cannot be started: \(String(cString: strerror(code)))") }
        id = process
    }

    deinit {
        end()
    }

    package var output: String { readFile(outputFile) }
    package var errors: String { readFile(errorFile) }

    /// Whether its end left a core file, or a core for the collector that the machine has.
    package var hasDumpedCore: Bool { coreDumped.load(ordering: .relaxed) }

    package var isRunning: Bool { poll() == nil }

    package func signal(_ number: Int32) {
        // Not after it was waited for: the number may be another process's by then.
        ending.withLock { ending in
            if ending == nil { _ = kill(id, number) }
        }
    }

    /// Waits for the end, and kills what does not come to one in time.
    @discardableResult
    package func wait(seconds: Int = 20) throws -> Ending {
        for _ in 0..<(seconds * 200) {
            if let ending = poll() { return ending }
            usleep(5_000)
        }
        end()
        throw Failure("it did not end within \(seconds) s\n\(output)\n\(errors)")
    }

    private func end() {
        signal(SIGKILL)
        while poll() == nil { usleep(1_000) }
    }

    private func poll() -> Ending? {
        ending.withLock { ending in
            if ending != nil { return ending }
            var status: Int32 = 0
            guard waitpid(id, &status, WNOHANG) == id else { return nil }
            // The macros WIFEXITED, WCOREDUMP and their like are not imported.
            coreDumped.store(status & 0x80 != 0, ordering: .relaxed)
            ending = status & 0x7F == 0 ? .exited((status >> 8) & 0xFF) : .killed(status & 0x7F)
            return ending
        }
    }
}

package func readFile(_ path: String) -> String {
    String(decoding: readBytes(path), as: UTF8.self)
}

/// All bytes of a file; none when it cannot be read.
package func readBytes(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var space = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&space, 1, space.count, file)
        if count == 0 { return bytes }
        bytes += space.prefix(count)
    }
}

package func writeFile(_ path: String, _ text: String, mode: mode_t = 0o600) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    precondition(descriptor >= 0, "cannot write \(path)")
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    precondition(write(descriptor, bytes, bytes.count) == bytes.count, "cannot write \(path)")
}
