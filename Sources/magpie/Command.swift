/// One command of `magpie`: what it is called, what it takes, what it says about itself and what it does.
struct Command: Sendable {
    struct Option: Sendable {
        let name: String
        /// How the help calls the value; nil for a switch that takes none.
        let value: String?
        let help: String
        var isRequired = false

        static func takes(_ name: String, _ value: String, isRequired: Bool = false, _ help: String) -> Option {
            Option(name: name, value: value, help: help, isRequired: isRequired)
        }

        static func flag(_ name: String, _ help: String) -> Option {
            Option(name: name, value: nil, help: help)
        }
    }

    let name: String
    let summary: String
    let chinese: String
    var options: [Option] = []
    /// How the help calls the one argument a command may take besides its options.
    var operand: String?
    /// What a reader of `magpie help COMMAND` wants to know beyond the summary.
    let details: String
    /// Command lines that work as they stand.
    let examples: [String]
    let run: @Sendable (Arguments) -> ExitCode

    /// `magpie sign --ticket T --noncestr N --timestamp S --url U`, on as many lines as it takes beside "Usage: ".
    var usage: String {
        let shown = options.map { option in
            let text = option.value.map { "--\(option.name) \($0)" } ?? "--\(option.name)"
            return option.isRequired ? text : "[\(text)]"
        }
        var lines = ["magpie \(name)"]
        for word in shown + (operand.map { ["[\($0)]"] } ?? []) {
            if lines[lines.count - 1].count + word.count < 105 {
                lines[lines.count - 1] += " \(word)"
            } else {
                lines.append("         \(word)")
            }
        }
        return lines.joined(separator: "\n")
    }
}

/// What the user gave a command.
struct Arguments: Equatable, Sendable {
    var values: [String: String] = [:]
    var switches: Set<String> = []
    var operand: String?

    subscript(option: String) -> String? { values[option] }

    func has(_ option: String) -> Bool { switches.contains(option) }
}
