import Foundation
import TestSupport
import Testing

/// Magpie beside the programs of those who use it, each as Debian has it: proxies in front, backends behind, and what
/// watches it. One after the other, since each test starts several processes.
@Suite(.serialized, .onOwnThread, .neighbours) struct NeighbourTests {}

extension Trait where Self == ConditionTrait {
    /// Those programs are not to be expected on every machine: `make neighbours` brings them and sets the variable.
    static var neighbours: Self {
        .enabled(if: ProcessInfo.processInfo.environment["MAGPIE_NEIGHBOURS"] == "1", "MAGPIE_NEIGHBOURS is not 1")
    }

    /// Skips a test whose program is missing; but what CI is to prove must not be skipped there.
    static func needs(_ tool: Tool) -> Self {
        .enabled(
            if: tool.path != nil || ProcessInfo.processInfo.environment["CI"] == "true",
            "\(tool.rawValue) is not installed")
    }
}
