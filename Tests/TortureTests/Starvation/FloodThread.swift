import Dispatch
import Synchronization

/// Work on a thread of its own.
final class FloodThread: Sendable {
    private let over = Mutex(false)

    init(_ work: @escaping @Sendable () -> Void) {
        DispatchQueue(label: "flood").async {
            work()
            self.over.withLock { $0 = true }
        }
    }

    var isOver: Bool { over.withLock { $0 } }
}
