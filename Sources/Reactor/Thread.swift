import CLinux
import Glibc

/// A thread of the system. Dispatch's threads come and go; a loop wants one of its own for life.
struct Thread: Sendable {
    private let handle: pthread_t

    /// Starts a thread that runs `body` once. The name shows in `top -H` and in crash reports, 15 bytes at most.
    init(named name: String, _ body: @escaping @Sendable () -> Void) {
        var handle = pthread_t()
        // The entry point takes over the reference that `passRetained` makes.
        let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
        let code = unsafe pthread_create(&handle, nil, Self.entry, box)
        precondition(code == 0, "pthread_create: \(IOError(rawValue: code))")
        _ = unsafe pthread_setname_np(handle, String(name.prefix(15)))
        self.handle = handle
    }

    /// Waits for its end. Once only, and not from itself.
    func join() {
        let code = pthread_join(handle, nil)
        precondition(code == 0, "pthread_join: \(IOError(rawValue: code))")
    }

    /// Lets it go: nobody will join it.
    func detach() {
        _ = pthread_detach(handle)
    }

    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { raw in
        // `init` passed a retained Box; nobody else takes it.
        if let raw = unsafe raw { unsafe Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().body() }
        return nil
    }

    /// How many cores this process may use: `taskset` and cgroup cpusets count.
    static var availableCores: Int {
        var mask = [UInt64](repeating: 0, count: 16)
        // The kernel writes at most the 128 bytes of the array: 1,024 cores.
        guard unsafe sched_getaffinity(0, mask.count * 8, &mask) >= 0 else { return 1 }
        return max(1, mask.reduce(0) { $0 + $1.nonzeroBitCount })
    }
}
