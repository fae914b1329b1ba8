import Glibc
import Reactor
import Testing

@Suite struct DescriptorLimitTests {
    // In a process of its own: the limit is the process's.
    @Test func `the soft limit becomes the hard one`() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 100, rlim_max: 500)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            guard DescriptorLimit.raise() == 500 else { exit(2) }
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            guard limit.rlim_cur == 500 else { exit(3) }
        }
    }
}
