import Foundation
import Glibc

/// A program that runs beside the test, with its output in a file, until it is told to end.
struct Child: Sendable {
    let name: String
    let output: String
    private let process: pid_t

    init(_ program: String, _ arguments: [String], in folder: String, environment: [String: String] = [:]) throws {
        name = URL(fileURLWithPath: program).lastPathComponent
        output = folder + "/\(name).log"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)

        let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }.map { "\($0)=\($1)" }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var settings = variables.map { strdup($0) } + [nil]
        defer { for text in words + settings { free(text) } }
        var process: pid_t = 0
        let status = posix_spawn(&process, program, &actions, nil, &words, &settings)
        guard status == 0 else { throw EndToEndError("\(program) cannot be started (errno \(status))") }
        self.process = process
    }

    /// Waits until it serves; throws with its own words when it ends instead.
    func waitUntilListening(on port: UInt16) throws {
        for _ in 0..<600 {
            if (try? LoopbackSocket(port: port)) != nil { return }
            guard waitpid(process, nil, WNOHANG) == 0 else { throw EndToEndError("\(name) ended:\n\(log)") }
            usleep(50_000)
        }
        end()
        throw EndToEndError("\(name) does not listen on port \(port):\n\(log)")
    }

    /// Waits for the end of a program that ends by itself.
    func waitForEnd() throws {
        for _ in 0..<600 {
            if waitpid(process, nil, WNOHANG) != 0 { return }
            usleep(50_000)
        }
        end()
        throw EndToEndError("\(name) does not end:\n\(log)")
    }

    var log: String {
        (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
    }

    func end() {
        kill(process, SIGTERM)
        for _ in 0..<100 {
            if waitpid(process, nil, WNOHANG) != 0 { return }
            usleep(50_000)
        }
        kill(process, SIGKILL)
        waitpid(process, nil, 0)
    }
}
