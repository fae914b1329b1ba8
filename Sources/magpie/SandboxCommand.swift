import Gateway
import HTTP
import Reactor

/// `magpie sandbox`: the simulated WeChat alone, for tests of any program.
enum SandboxCommand {
    static let standardAddress = "127.0.0.1:8090"

    static func run(_ arguments: Arguments) -> ExitCode {
        let text = arguments["listen"] ?? standardAddress
        guard let address = SocketAddress(parsing: text), address.port != nil else {
            return Commands.refuse(
                .init(text: "--listen is an address and port such as \(standardAddress)", command: "sandbox"))
        }
        let log = EventLog.standardOutput(.init(), noColor: Terminal.refusesColor)
        defer { log.flush() }
        return LoopGroup.runBlocking { group in
            await Supervisor.run(log) { _ in
                do throws(ServerError) {
                    let host = try await SandboxHost.start(at: address, on: group)
                    let origin = host.origin(seenFrom: Origin(isSecure: false, host: "127.0.0.1", port: nil))
                    Terminal.complain(
                        "The simulated WeChat is at \(origin)/ : open it, or set `upstream` to it. 沙箱已启动。")
                    return .success(host)
                } catch {
                    Terminal.complain("magpie: \(error)")
                    return .failure(.init(code: .unavailable))
                }
            }
        }
    }
}
