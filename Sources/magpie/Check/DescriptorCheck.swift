import Gateway
import Reactor

/// Whether there are descriptors for as many connections as the configuration allows.
enum DescriptorCheck {
    static func run(_ connections: Int, _ budget: DescriptorBudget) -> Finding {
        guard budget.connections < connections else {
            return .good("there are descriptors for \(connections) connections")
        }
        return .note(
            "limits.connections is \(connections), but \(budget.descriptors) descriptors are enough for \(budget.connections)",
            "Raise the limit where Magpie is started: LimitNOFILE in systemd, ulimit -n in a shell.",
            "文件描述符不足，请提高 LimitNOFILE 或 ulimit -n。")
    }
}
