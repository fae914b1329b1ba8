/// How many connections a process can serve with the descriptors it may have.
///
/// A connection beyond the last descriptor could not even be told that there is no room, and a login could not reach
/// WeChat. So `limits.connections` counts for no more than what fits beside everything else.
package struct DescriptorBudget: Sendable {
    /// What the process may have at all.
    package let descriptors: Int
    /// How many public connections that leaves room for.
    package let connections: Int

    /// Fewer would be no service.
    package static let fewest = 16

    /// - Parameter loops: each has descriptors of its own, and a listening socket per listener.
    package init(descriptors: Int, loops: Int) {
        self.descriptors = descriptors
        // The store, the log, signals, names being looked up; and a quarter of the rest for the admin listener, for calls
        // to WeChat, and for those who are told that there is no room.
        connections = max(0, descriptors - 24 - 8 * loops) * 3 / 4
    }

    package var isEnough: Bool { connections >= Self.fewest }

    /// How many descriptors are enough.
    package static func least(loops: Int) -> Int { 24 + 8 * loops + (fewest * 4 + 2) / 3 }
}
