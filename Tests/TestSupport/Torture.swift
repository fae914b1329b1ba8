import Foundation

/// How hard `TortureTests` press, and the seed of everything random in them. `MAGPIE_TORTURE` is `short` (seconds, in
/// `.ci/run`) or `long` (`make torture`); with neither, they do not run.
package enum Torture {
    package enum Length: String, Sendable {
        case short
        case long
    }

    package static let length = Length(rawValue: ProcessInfo.processInfo.environment["MAGPIE_TORTURE"] ?? "")
    package static var isOn: Bool { length != nil }

    /// The number of rounds, clients or mutations of this run.
    package static func count(short: Int, long: Int) -> Int { length == .long ? long : short }

    /// `MAGPIE_SEED`, or one drawn at the start. Printed once, so that a failed run can be had again.
    package static let seed: UInt64 = {
        let seed =
            ProcessInfo.processInfo.environment["MAGPIE_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999_999)
        print("torture: MAGPIE_SEED=\(seed)")
        return seed
    }()

    /// Random numbers that depend on the seed and on the name alone, whatever runs beside.
    package static func random(_ name: String) -> Random {
        Random(state: name.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
    }

    /// SplitMix64 (Steele, Lea and Flood, 2014).
    package struct Random: RandomNumberGenerator, Sendable {
        var state: UInt64

        package mutating func next() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }
    }

    /// A figure for SECURITY.md's table: printed, never asserted, since machines differ.
    package static func figure(_ what: String, _ value: String) {
        print("figure: \(what): \(value)")
    }
}
