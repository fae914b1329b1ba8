import Dispatch
import Glibc

/// A thread of the system, for work that waits for the disk: a loop or a cooperative thread must not.
struct WriterThread: Sendable {
    private let handle: pthread_t

    /// Starts a thread that runs `body` once.
    init(_ body: @escaping @Sendable () -> Void) {
        var handle = pthread_t()
        // The entry point takes over the reference that `passRetained` makes.
        let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
        let code = unsafe pthread_create(&handle, nil, Self.entry, box)
        precondition(code == 0, "a thread could not be started (errno \(code))")
        self.handle = handle
    }

    /// Waits for its end. Once only, and not from itself.
    func join() { _ = pthread_join(handle, nil) }

    /// Lets it go: nobody will join it.
    func detach() { _ = pthread_detach(handle) }

    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static let entry: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { raw in
        // `init` passed a retained Box; nobody else takes it.
        if let raw = unsafe raw { unsafe Unmanaged<Box>.fromOpaque(raw).takeRetainedValue().body() }
        return nil
    }
}

/// Wakes one sleeping thread; a ring before the sleep is not lost.
struct Bell: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func ring() { semaphore.signal() }
    func wait() { semaphore.wait() }
}
