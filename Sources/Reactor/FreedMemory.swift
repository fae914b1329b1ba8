import CLinux

/// Memory that was freed and that the allocator keeps.
package enum FreedMemory {
    /// Gives it back to the system. glibc returns the end of its heaps by itself, but what thousands of connections have
    /// freed lies between what others still hold, and would count as ours for ever. Costs some milliseconds, on a thread
    /// of the pool, in which allocations elsewhere may wait.
    package static func giveBack() {
        BlockingPool.shared.submit { malloc_trim(0) }
    }
}
