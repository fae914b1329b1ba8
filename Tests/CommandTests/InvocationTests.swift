import Testing

@testable import magpie

struct InvocationTests {
    /// A table of the test's own, with every kind of option there is.
    private static let table = [
        command("serve", [.takes("config", "FILE", ""), .flag("sandbox", "")]),
        command(
            "sign",
            ["ticket", "noncestr", "timestamp", "url"].map { .takes($0, "V", isRequired: true, "") }),
        command("authorize-url", [.takes("state", "S", "")]),
        command("help", [], operand: "COMMAND"),
    ]

    private static func command(_ name: String, _ options: [Command.Option], operand: String? = nil) -> Command {
        Command(
            name: name, summary: "", chinese: "", options: options, operand: operand, details: "", examples: [],
            run: { _ in .success })
    }

    private func read(_ line: String) -> Invocation {
        Invocation(line.split(separator: " ").map(String.init), commands: Self.table)
    }

    private func arguments(_ line: String) throws -> (command: String, arguments: Arguments) {
        guard case .run(let command, let arguments) = read(line) else {
            throw Missed(what: "\(line) was not taken: \(read(line))")
        }
        return (command.name, arguments)
    }

    private struct Missed: Error {
        let what: String
    }

    @Test func `options take their value after a blank or an equals sign`() throws {
        for line in ["serve --config a.json5 --sandbox", "serve --sandbox --config=a.json5"] {
            let (command, arguments) = try arguments(line)
            #expect(command == "serve")
            #expect(arguments == Arguments(values: ["config": "a.json5"], switches: ["sandbox"]))
        }
        let url = try arguments("sign --ticket T --noncestr=N --timestamp 1 --url http://h/?a=1&b==").arguments
        #expect(url["url"] == "http://h/?a=1&b==")
        #expect(try arguments("authorize-url --state=").arguments["state"]?.isEmpty == true)
        #expect(try arguments("serve --config=--odd").arguments["config"] == "--odd")
        #expect(try arguments("serve --config -").arguments["config"] == "-")
    }

    struct Slip: Sendable {
        let line: String
        let says: String
    }

    @Test(arguments: [
        Slip(line: "", says: "a command is missing"),
        Slip(line: "srve", says: "unknown command \"srve\"; did you mean \"serve\"?"),
        Slip(line: "authorise-url", says: "unknown command \"authorise-url\"; did you mean \"authorize-url\"?"),
        Slip(line: "zzzzzz", says: "unknown command \"zzzzzz\""),
        Slip(line: "--halp", says: "unknown option \"--halp\"; did you mean \"--help\"?"),
        Slip(line: "serve --confg a", says: "unknown option \"--confg\"; did you mean \"--config\"?"),
        Slip(line: "serve -c a", says: "unknown option \"-c\""),
        Slip(line: "serve --config", says: "--config needs a value"),
        Slip(line: "serve --config --sandbox", says: "--config needs a value"),
        Slip(line: "serve --sandbox=yes", says: "--sandbox takes no value"),
        Slip(line: "serve --config a --config b", says: "--config was given twice"),
        Slip(line: "serve --sandbox --sandbox", says: "--sandbox was given twice"),
        Slip(line: "serve now", says: "unexpected argument \"now\""),
        Slip(line: "help a b", says: "one argument too many: \"b\""),
        Slip(line: "sign --ticket T --url U", says: "missing: --noncestr, --timestamp"),
    ])
    func `a slip is named, with the nearest right word`(_ slip: Slip) throws {
        guard case .mistake(let mistake) = read(slip.line) else {
            throw Missed(what: slip.line)
        }
        #expect(mistake.text.hasPrefix(slip.says))
        let shown = HelpText.mistake(mistake, commands: Self.table)
        #expect(shown.contains("Usage: magpie") && shown.contains("Try: magpie help"))
    }

    @Test(arguments: Commands.all.map(\.name))
    func `every command explains itself after --help and -h`(_ name: String) throws {
        for line in ["\(name) --help", "\(name) -h"] {
            let words = line.split(separator: " ").map(String.init)
            guard case .help(let command?) = Invocation(words, commands: Commands.all) else { throw Missed(what: line) }
            #expect(command.name == name)
        }
    }

    @Test func `the program explains itself, and tells its version`() {
        guard case .help(nil) = read("--help"), case .help(nil) = read("-h"), case .version = read("--version") else {
            Issue.record("not taken")
            return
        }
    }
}
