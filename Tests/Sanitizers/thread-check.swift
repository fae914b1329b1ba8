// Does Thread Sanitizer see what it should? `.ci/sanitize` runs this before it believes a run without reports: with
// `planted` there must be a report of a race, without it none.
import Glibc
import Synchronization

final class Counts: Sendable {
    let guarded = Mutex(0)
    // A race on purpose when `planted`; otherwise only touched under the lock above.
    nonisolated(unsafe) var plain = 0
}

final class Work {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { raw in
            if let raw { Unmanaged<Work>.fromOpaque(raw).takeRetainedValue().body() }
            return nil
        }, Unmanaged.passRetained(Work(body)).toOpaque())
    return thread
}

let isPlanted = CommandLine.arguments.contains("planted")
let counts = Counts()
let threads = (0..<4).map { _ in
    startThread {
        for round in 0..<20_000 {
            counts.guarded.withLock { count in
                count += 1
                counts.plain += 1
                // Holds the lock long enough for the others to queue: the contended path is the one to check.
                if round % 500 == 0 { usleep(10) }
            }
            _ = counts.guarded.withLockIfAvailable { _ in counts.plain += 1 }
            if isPlanted { counts.plain += 1 }
        }
    }
}
for thread in threads { pthread_join(thread, nil) }
