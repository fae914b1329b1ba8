import CLinux
import Glibc
import Synchronization

/// Memory that was freed and that the allocator keeps.
package enum FreedMemory {
    /// Gives it back to the system. glibc returns the end of its heaps by itself, but what thousands of connections have
    /// freed lies between what others still hold, and would count as ours for ever. Costs some milliseconds, on a thread
    /// of the pool, in which allocations elsewhere may wait.
    /// Whoever makes crowds come and go at will can have it done five times a second, and no more.
    package static func giveBack() {
        guard !isDue.exchange(true, ordering: .relaxed) else { return }
        BlockingPool.shared.submit {
            usleep(200_000)
            isDue.store(false, ordering: .relaxed)
            malloc_trim(0)
        }
    }

    private static let isDue = Atomic(false)
}
