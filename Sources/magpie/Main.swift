import Glibc
import Reactor

@main
enum Magpie {
    static func main() {
        CrashPrivacy.begin()
        let words = Array(CommandLine.arguments.dropFirst())
        let code: ExitCode
        switch Invocation(words, commands: Commands.all) {
        case .run(let command, let arguments): code = command.run(arguments)
        case .help(let command): code = Commands.explain(command)
        case .version:
            Commands.printVersion()
            code = .success
        case .mistake(let mistake): code = Commands.refuse(mistake)
        }
        exit(code.rawValue)
    }
}
