import Gateway

/// A command line understood: what to run, or what to say instead.
enum Invocation {
    case run(Command, Arguments)
    /// Nil: the help of the whole program.
    case help(Command?)
    case version
    case mistake(Mistake)

    /// What is wrong with a command line, and where its help is.
    struct Mistake: Error, Equatable {
        let text: String
        /// The command whose usage would help; nil for the program's.
        let command: String?
    }

    /// - Parameter words: the command line without the program's name.
    init(_ words: [String], commands: [Command]) {
        guard let first = words.first else {
            self = .mistake(Mistake(text: "a command is missing", command: nil))
            return
        }
        switch first {
        case "--help", "-h": self = .help(nil)
        case "--version", "-V": self = .version
        default:
            guard let command = commands.first(where: { $0.name == first }) else {
                let kind = first.hasPrefix("-") ? "option" : "command"
                let candidates = kind == "option" ? ["--help", "--version"] : commands.map(\.name)
                let hint = nearest(to: first, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
                self = .mistake(Mistake(text: "unknown \(kind) \"\(first)\"\(hint)", command: nil))
                return
            }
            self = Self.read(Array(words.dropFirst()), of: command)
        }
    }

    private static func read(_ words: [String], of command: Command) -> Invocation {
        func mistake(_ text: String) -> Invocation { .mistake(Mistake(text: text, command: command.name)) }
        var arguments = Arguments()
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--help" || word == "-h" { return .help(command) }
            guard word.hasPrefix("-"), word != "-" else {
                guard command.operand != nil else { return mistake("unexpected argument \"\(word)\"") }
                guard arguments.operand == nil else { return mistake("one argument too many: \"\(word)\"") }
                arguments.operand = word
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let option = command.options.first(where: { "--\($0.name)" == parts[0] }) else {
                let candidates = command.options.map { "--\($0.name)" } + ["--help"]
                let hint = nearest(to: parts[0], among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
                return mistake("unknown option \"\(parts[0])\"\(hint)")
            }
            if arguments.values[option.name] != nil || arguments.switches.contains(option.name) {
                return mistake("--\(option.name) was given twice")
            }
            guard option.value != nil else {
                if parts.count > 1 { return mistake("--\(option.name) takes no value") }
                arguments.switches.insert(option.name)
                continue
            }
            if parts.count > 1 {
                arguments.values[option.name] = parts[1]
            } else if let value = rest.first, !value.hasPrefix("--") {
                arguments.values[option.name] = value
                rest = rest.dropFirst()
            } else {
                return mistake(
                    "--\(option.name) needs a value; one that begins with -- is written --\(option.name)=VALUE")
            }
        }
        let missing = command.options.filter { $0.isRequired && arguments[$0.name] == nil }.map { "--\($0.name)" }
        if !missing.isEmpty { return mistake("missing: \(missing.joined(separator: ", "))") }
        return .run(command, arguments)
    }
}
