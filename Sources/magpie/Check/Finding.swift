/// One line of `magpie check`: what was looked at, how it is, and what to change where.
struct Finding: Equatable, Sendable {
    enum Mark: String, Sendable {
        case good = "✓"
        case bad = "✗"
        /// Works, or cannot be seen from here; worth a look.
        case note = "!"
    }

    let mark: Mark
    let title: String
    /// In plain words, English and Chinese; empty when there is nothing to do.
    var advice: [String] = []
    /// What the program's exit code becomes; the gravest finding wins.
    var code = ExitCode.success

    static func good(_ title: String) -> Finding { Finding(mark: .good, title: title) }

    static func note(_ title: String, _ advice: String...) -> Finding {
        Finding(mark: .note, title: title, advice: advice)
    }

    static func bad(_ title: String, _ advice: String..., code: ExitCode = .configuration) -> Finding {
        Finding(mark: .bad, title: title, advice: advice, code: code)
    }

    var text: String {
        (["\(mark.rawValue) \(title)"] + advice.map { "    \($0)" }).joined(separator: "\n")
    }
}

extension [Finding] {
    /// 78 when anything is to be changed, for that is what the operator can act on; else 69 when WeChat was out of
    /// reach; else 0.
    var exitCode: ExitCode {
        if contains(where: { $0.code == .configuration }) { return .configuration }
        return contains { $0.code == .unavailable } ? .unavailable : .success
    }

    var conclusion: String {
        let bad = count { $0.mark == .bad }
        let notes = count { $0.mark == .note }
        if bad > 0 { return "\(bad) to change, \(notes) to look at. 有 \(bad) 项需要修改，\(notes) 项请留意。" }
        return notes > 0 ? "All checks passed, \(notes) to look at. 检查通过，\(notes) 项请留意。" : "All is well. 一切正常。"
    }
}
