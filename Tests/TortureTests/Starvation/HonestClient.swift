import Dispatch
import Glibc
import Synchronization
import TestSupport

/// A visitor who behaves, on a thread of his own: one request after the other on a connection that is kept, `/auth` and
/// `/get-signature` in turn, while others attack.
final class HonestClient: Sendable {
    struct Record {
        /// In milliseconds, in order of size.
        var latencies: [Double] = []
        var failures: [String] = []

        func percentile(_ share: Double) -> Double {
            latencies.isEmpty ? .infinity : latencies[min(latencies.count - 1, Int(Double(latencies.count) * share))]
        }

        var summary: String {
            let (median, high, worst) = (percentile(0.5), percentile(0.99), latencies.last ?? .infinity)
            return "\(latencies.count) requests, p50 \(rounded(median)) ms, p99 \(rounded(high)) ms, "
                + "longest \(rounded(worst)) ms"
        }
    }

    private struct State {
        var record = Record()
        var isStopped = false
        var connections = 0
    }

    private let state = Mutex(State())
    private let ended = DispatchSemaphore(value: 0)

    /// - Parameters:
    ///   - reconnects: whether each request has a connection of its own.
    ///   - pause: milliseconds between two requests.
    init(port: UInt16, requests: [String], reconnects: Bool = false, pause: UInt32 = 2) {
        DispatchQueue(label: "honest").async {
            self.run(port, requests, reconnects, pause)
            self.ended.signal()
        }
    }

    /// How many connections it has needed.
    var connections: Int { state.withLock { $0.connections } }
    var answers: Int { state.withLock { $0.record.latencies.count } }

    /// Ends it, and says how it fared.
    func stop() -> Record {
        state.withLock { $0.isStopped = true }
        ended.wait()
        var record = state.withLock { $0.record }
        record.latencies.sort()
        return record
    }

    private func run(_ port: UInt16, _ requests: [String], _ reconnects: Bool, _ pause: UInt32) {
        var client: RawClient?
        var number = 0
        while !state.withLock({ $0.isStopped }) {
            let start = Swarm.seconds()
            do {
                let connection: RawClient
                if let client, !reconnects {
                    connection = client
                } else {
                    connection = try RawClient(port: port, seconds: 30)
                    state.withLock { $0.connections += 1 }
                }
                try connection.send(requests[number % requests.count])
                let response = try connection.receiveResponse()
                note((Swarm.seconds() - start) * 1_000, response.status == 200 ? nil : response.statusLine)
                client = response["connection"] == "close" ? nil : connection
            } catch {
                note((Swarm.seconds() - start) * 1_000, "\(error)")
                client = nil
            }
            number += 1
            usleep(pause * 1_000)
        }
    }

    private func note(_ latency: Double, _ failure: String?) {
        state.withLock { state in
            state.record.latencies.append(latency)
            if let failure { state.record.failures.append(failure) }
        }
    }
}

func rounded(_ value: Double) -> String {
    value.isFinite ? "\((value * 10).rounded() / 10)" : "-"
}
