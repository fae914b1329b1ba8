import FoundationEssentials

/// With what a sandbox begins.
package struct Configuration: Sendable {
    /// The first one is the default account.
    package var accounts: [Account]
    package var users: [User]
    package var knobs: Knobs
    /// The host names, beyond those of loopback, under which the control API may be called.
    package var hosts: [String]
    /// Seconds since 1970.
    package var clock: @Sendable () -> Int
    package var entropy: Entropy

    package init(
        accounts: [Account] = [.sample, .sampleWebsite], users: [User] = User.samples, knobs: Knobs = Knobs(),
        hosts: [String] = [], clock: @escaping @Sendable () -> Int = { Int(Date().timeIntervalSince1970) },
        entropy: Entropy = .system
    ) {
        self.accounts = accounts
        self.users = users
        self.knobs = knobs
        self.hosts = hosts
        self.clock = clock
        self.entropy = entropy
    }
}
