import Dispatch
import Synchronization

/// Takes finished lines and hands them to a sink from one queue of its own, so that a reader who stalls costs lines,
/// never time: a loop only ever appends bytes under a lock.
///
/// A line waits at most `patience` for company, so a busy second costs a hundred wake-ups, not a hundred thousand.
final class LineWriter: Sendable {
    /// Writes all the bytes, blocking as long as it must; false when they are lost.
    typealias Sink = @Sendable ([UInt8]) -> Bool

    private struct State {
        var pending: [UInt8] = []
        var pendingLines = 0
        var isScheduled = false
        /// Lost since the loss was last told.
        var untold = 0
        var lost = 0
    }

    private static let patience = DispatchTimeInterval.milliseconds(10)

    private let state = Mutex(State())
    private let capacity: Int
    private let queue = DispatchQueue(label: "magpie.log")
    private let sink: Sink
    private let lossLine: @Sendable (_ lines: Int) -> [UInt8]

    /// - Parameter lossLine: the line that tells how many others were lost.
    init(capacity: Int = 1 << 20, lossLine: @escaping @Sendable (Int) -> [UInt8], sink: @escaping Sink) {
        self.capacity = capacity
        self.lossLine = lossLine
        self.sink = sink
    }

    /// Lines that never reached the sink.
    var lostLines: Int { state.withLock { $0.lost } }

    func append(_ line: UnsafeBufferPointer<UInt8>) {
        let mustSchedule = state.withLock { state in
            guard state.pending.count + line.count <= capacity else {
                state.untold += 1
                state.lost += 1
                return false
            }
            state.pending.append(contentsOf: line)
            state.pendingLines += 1
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if mustSchedule { schedule(after: Self.patience) }
    }

    /// Waits until everything appended so far is written, or for `limit`: a blocked pipe must not hold up the exit.
    @discardableResult
    func flush(within limit: DispatchTimeInterval = .seconds(2)) -> Bool {
        let done = DispatchSemaphore(value: 0)
        queue.async { [self] in
            writeBatch()
            done.signal()
        }
        return done.wait(timeout: .now() + limit) == .success
    }

    private func schedule(after delay: DispatchTimeInterval) {
        queue.asyncAfter(deadline: .now() + delay) { [self] in
            writeBatch()
            let waiting = state.withLock { state in
                state.isScheduled = !state.pending.isEmpty || state.untold > 0
                return state.isScheduled ? state.pending.count : nil
            }
            // After a stall the buffer is full: catch up at once instead of losing more.
            if let waiting { schedule(after: waiting > capacity / 4 ? .nanoseconds(0) : Self.patience) }
        }
    }

    /// Runs on the queue only, so batches reach the sink in the order they were taken.
    private func writeBatch() {
        let (batch, lines, untold) = state.withLock { state in
            defer {
                let room = state.pending.count
                state.pending = []
                state.pending.reserveCapacity(room)
                state.pendingLines = 0
                state.untold = 0
            }
            return (state.pending, state.pendingLines, state.untold)
        }
        if batch.isEmpty, untold == 0 { return }
        if !sink(untold > 0 ? batch + lossLine(untold) : batch) {
            state.withLock { $0.lost += lines }
        }
    }
}
