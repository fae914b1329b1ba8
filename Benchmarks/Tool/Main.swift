import Glibc
import Reactor

/// What a benchmark needs beside wrk: a WeChat platform, whole logins, a store full of sessions, idle connections.
///
/// `bench-tool COMMAND --option value …`. Figures go to standard output as one line of JSON; `Benchmarks/run` reads them.
@main
enum BenchTool {
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        guard let command = words.first, let options = Options(words.dropFirst()) else { refuse("no command") }
        _ = DescriptorLimit.raise()
        let code: Int32 = LoopGroup.runBlocking(count: 1) { group in
            do {
                switch command {
                case "platform": try await Platform.run(options, on: group)
                case "logins": try await Logins.run(options)
                case "wave": try await Wave.run(options)
                case "hold": try await Hold.run(options)
                case "seed": try await Seed.run(options)
                default: refuse("unknown command \(command)")
                }
                return 0
            } catch {
                complain("\(error)")
                return 1
            }
        }
        exit(code)
    }
}

/// `--name value` pairs.
struct Options: Sendable {
    private var values: [String: String] = [:]

    init?(_ words: ArraySlice<String>) {
        var rest = words
        while let name = rest.popFirst() {
            guard name.hasPrefix("--"), let value = rest.popFirst() else { return nil }
            values[String(name.dropFirst(2))] = value
        }
    }

    func text(_ name: String) -> String {
        guard let value = values[name] else { refuse("--\(name) is missing") }
        return value
    }

    func integer(_ name: String, default standard: Int? = nil) -> Int {
        if values[name] == nil, let standard { return standard }
        guard let number = Int(text(name)) else { refuse("--\(name) is no whole number") }
        return number
    }

    func address(_ name: String) -> SocketAddress {
        guard let address = SocketAddress(parsing: text(name)) else { refuse("--\(name) is no address") }
        return address
    }

    func milliseconds(_ name: String, default standard: Int? = nil) -> Duration {
        .milliseconds(integer(name, default: standard))
    }
}

func say(_ text: String) {
    put(Array("\(text)\n".utf8), to: 1)
}

func complain(_ text: String) {
    put(Array("bench-tool: \(text)\n".utf8), to: 2)
}

/// Writes everything, as long as somebody takes it.
func put(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return }
        rest = rest.dropFirst(count)
    }
}

func refuse(_ text: String) -> Never {
    complain(text)
    exit(64)
}
