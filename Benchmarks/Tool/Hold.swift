import Reactor

/// Connections that have served one request each and then say nothing, until standard input ends.
enum Hold {
    static func run(_ options: Options) async throws {
        let server = options.address("to")
        let count = options.integer("count")
        let record = Record()
        let end = Gate()
        // They come one after the other, as visitors do: what is measured is what they hold, not what a crowd leaves.
        let first = Deadline.now()
        let pace = Duration.microseconds(options.integer("pace", default: 200))
        await withDiscardingTaskGroup { group in
            for number in 0..<count {
                group.addTask {
                    do {
                        try await sleep(until: first + pace * number)
                        var visitor = Visitor(to: server)
                        let start = Deadline.now()
                        try await visitor.greet()
                        record.note(Deadline.now().since(start))
                        try await end.wait()
                        // The last use: the connection must not end with the greeting.
                        visitor.leave()
                    } catch {
                        record.noteFailure(error)
                    }
                }
            }
            group.addTask {
                while record.count < count { try? await sleep(for: .milliseconds(20)) }
                say(record.json(seconds: .seconds(1)))
                await endOfInput()
                end.open()
            }
        }
    }
}
