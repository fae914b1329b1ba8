/// One thing wrong with the configuration: where it stands, what is wrong, and what would be right.
///
/// A complaint is printed on the operator's terminal and lands in deployment logs, so it never holds the value of a
/// secret: the readers of secrets build their complaints from lengths and places only.
package struct Complaint: Sendable, Equatable, CustomStringConvertible {
    package enum Severity: Sendable {
        /// Magpie does not start.
        case refusal
        /// Magpie starts, and says it once.
        case warning
    }

    package var severity: Severity
    /// `accounts[0].appId`; empty when the whole file is meant.
    package var path: String
    package var position: ConfigurationDocument.Position?
    package var problem: String
    /// What would have been right, as a noun phrase; empty when the problem says it already.
    package var expected: String

    package init(
        _ severity: Severity = .refusal, path: String, position: ConfigurationDocument.Position? = nil,
        problem: String, expected: String = ""
    ) {
        self.severity = severity
        self.path = path
        self.position = position
        self.problem = problem
        self.expected = expected
    }

    package var description: String {
        var text = path
        if let position {
            text += text.isEmpty ? "\(position)" : " (\(position))"
        }
        text += text.isEmpty ? problem : ": \(problem)"
        if !expected.isEmpty {
            text += "; expected \(expected)"
        }
        return text
    }
}

/// The configuration cannot be used: every complaint about it at once, so that one edit can answer them all.
package struct ConfigurationRefusal: Error, CustomStringConvertible {
    /// The file, as it was named by the operator.
    package let source: String
    package let complaints: [Complaint]

    package init(source: String, complaints: [Complaint]) {
        self.source = source
        self.complaints = complaints
    }

    package var description: String {
        let count = complaints.count
        let head = "\(source): \(count) \(count == 1 ? "problem" : "problems") in the configuration"
        return ([head] + complaints.map { "  - \($0)" }).joined(separator: "\n")
    }
}

/// Why one value was not taken; the reader adds where it stands.
struct Objection: Error, Equatable {
    let problem: String
    let expected: String

    init(_ problem: String, expected: String = "") {
        self.problem = problem
        self.expected = expected
    }
}

/// A harmless value quoted for a complaint: cut short, with control bytes made visible.
func quoted(_ text: String) -> String {
    var shown = ""
    for scalar in text.unicodeScalars {
        if shown.unicodeScalars.count == 60 {
            shown += "…"
            break
        }
        if LineEscape.isHazardous(scalar) {
            shown += "\\u{\(String(scalar.value, radix: 16))}"
        } else {
            shown.unicodeScalars.append(scalar)
        }
    }
    return "\"\(shown)\""
}
