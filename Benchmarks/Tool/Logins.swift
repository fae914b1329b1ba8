import Reactor
import Synchronization

/// Whole logins one after the other, by so many visitors at once, for so long: start, and callback.
enum Logins {
    static func run(_ options: Options) async throws {
        let server = options.address("to")
        let visitors = options.integer("visitors", default: 64)
        let begin = Deadline.after(options.milliseconds("warmup", default: 0))
        let end = begin + options.milliseconds("time")
        let record = Record()
        say(#"{"warm":false}"#)
        await withDiscardingTaskGroup { group in
            group.addTask {
                // Whoever measures the server does so from here to the result.
                try? await sleep(until: begin)
                say(#"{"warm":true}"#)
            }
            for _ in 0..<visitors {
                group.addTask { await visit(server, from: begin, until: end, record) }
            }
        }
        say(record.json(seconds: end.since(begin)))
        // Whoever asked may want to look at this process, too.
        await endOfInput()
    }

    private static func visit(
        _ server: SocketAddress, from begin: Deadline, until end: Deadline, _ record: Record
    ) async {
        while !end.hasPassed {
            var visitor = Visitor(to: server)
            do {
                while !end.hasPassed {
                    let start = Deadline.now()
                    try await visitor.start()
                    try await visitor.comeBack()
                    let now = Deadline.now()
                    if start >= begin, now <= end { record.note(now.since(start)) }
                }
            } catch {
                record.noteFailure(error)
                // Not a busy loop where nobody listens.
                try? await sleep(for: .milliseconds(10))
            }
        }
    }
}

/// How long each took, and what failed.
final class Record: Sendable {
    private struct State {
        var microseconds: [Int] = []
        var failures = 0
        var example = ""
    }

    private let state = Mutex(State())

    func note(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let time = Int(seconds) * 1_000_000 + Int(attoseconds / 1_000_000_000_000)
        state.withLock { $0.microseconds.append(time) }
    }

    func noteFailure(_ error: any Error) {
        state.withLock { state in
            state.failures += 1
            if state.example.isEmpty { state.example = String("\(error)".filter { $0 != "\"" && $0 != "\\" }) }
        }
    }

    /// How many ended, well or not.
    var count: Int { state.withLock { $0.microseconds.count + $0.failures } }

    func json(seconds: Duration) -> String {
        state.withLock { state in
            let times = state.microseconds.map(String.init).joined(separator: ",")
            return """
                {"seconds":\(seconds / .seconds(1)),"failures":\(state.failures),"failure":"\(state.example)",\
                "microseconds":[\(times)]}
                """
        }
    }
}
