import Glibc

/// How many descriptors, hence connections, the process may have.
package enum DescriptorLimit {
    /// Raises the soft limit to the hard one (systemd and shells give 1,024 for the sake of `select`, which nobody
    /// here uses) and returns what holds then.
    @discardableResult
    package static func raise() -> Int {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        // getrlimit writes, setrlimit reads a `struct rlimit`.
        guard unsafe getrlimit(resource, &limit) == 0 else { return 1_024 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        if unsafe setrlimit(resource, &limit) != 0 { limit.rlim_cur = before }
        return Int(clamping: limit.rlim_cur)
    }
}
