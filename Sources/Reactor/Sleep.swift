/// Suspends until the deadline; cancellation ends it early. On a loop it costs one entry in the loop's heap.
package func sleep(until deadline: Deadline) async throws(CancellationError) {
    guard let loop = Loop.current else {
        // Off any loop (a command, a test on plain values) the pool's own timer serves.
        do {
            try await Task.sleep(for: deadline.remaining)
            return
        } catch {
            throw CancellationError()
        }
    }
    let seat = loop.core.seats.take()
    let wake = await loop.park(seat, until: deadline)
    loop.core.seats.giveBack(seat)
    if wake == .cancelled { throw CancellationError() }
}

package func sleep(for duration: Duration) async throws(CancellationError) {
    try await sleep(until: .after(duration))
}
