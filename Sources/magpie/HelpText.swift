import Gateway

/// The texts of `magpie help`, built from the table of commands so that they cannot disagree with it.
enum HelpText {
    static func program(_ commands: [Command]) -> String {
        let width = commands.map(\.name.count).max() ?? 0
        let list = commands.map { command in
            let name = padded(command.name, to: width)
            return "  \(name)  \(command.summary)\n  \(padded("", to: width))  \(command.chinese)"
        }
        return """
            Magpie \(Version.current), the bridge between WeChat and your H5 pages (鹊桥): JS-SDK signatures, web login,
            sessions, and a sandbox of the platform.

            Usage: magpie COMMAND [OPTIONS]

            \(list.joined(separator: "\n"))

            `magpie help COMMAND` tells more. Without --config, the configuration is $MAGPIE_CONFIG, then
            config/magpie.json5; `magpie serve` without any starts a demonstration with a simulated WeChat.
            Exit codes: 0 done, 2 wrong command line, 69 address or WeChat not available, 78 wrong configuration.

            """
    }

    static func command(_ command: Command) -> String {
        var sections = ["\(command.summary) \(command.chinese)", "Usage: \(command.usage)", command.details]
        if !command.options.isEmpty {
            let names = command.options.map { "--\($0.name)" + ($0.value.map { " \($0)" } ?? "") }
            let width = names.map(\.count).max() ?? 0
            let lines = zip(names, command.options).map { name, option in
                "  \(padded(name, to: width))  \(option.help)"
            }
            sections.append("Options:\n" + lines.joined(separator: "\n"))
        }
        sections.append("Examples:\n" + command.examples.map { "  \($0)" }.joined(separator: "\n"))
        return sections.joined(separator: "\n\n") + "\n"
    }

    static func mistake(_ mistake: Invocation.Mistake, commands: [Command]) -> String {
        let command = commands.first { $0.name == mistake.command }
        let usage = command?.usage ?? "magpie COMMAND [OPTIONS]"
        let help = command.map { "magpie help \($0.name)" } ?? "magpie help"
        return "magpie: \(mistake.text)\nUsage: \(usage)\nTry: \(help)\n"
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
