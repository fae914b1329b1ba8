import Reactor

/// So many logins that come back from WeChat within a short time, each visitor on a connection of his own.
enum Wave {
    static func run(_ options: Options) async throws {
        let server = options.address("to")
        let count = options.integer("count")
        let spread = options.milliseconds("within")
        // They begin unhurriedly: what is measured is the way back.
        let pace = Duration.microseconds(options.integer("pace", default: 500))
        let first = Deadline.now()
        let wave = first + pace * count + .seconds(2)
        let (record, lateness) = (Record(), Record())
        await withDiscardingTaskGroup { group in
            group.addTask {
                try? await sleep(until: first + pace * count + .seconds(1))
                say(#"{"begun":true}"#)
            }
            for number in 0..<count {
                group.addTask {
                    do {
                        try await sleep(until: first + pace * number)
                        var visitor = Visitor(to: server)
                        try await visitor.start()
                        let due = wave + spread * Double(number) / count
                        try await sleep(until: due)
                        let start = Deadline.now()
                        try await visitor.comeBack()
                        record.note(Deadline.now().since(start))
                        lateness.note(start.since(due))
                    } catch {
                        record.noteFailure(error)
                    }
                }
            }
        }
        say(record.json(seconds: spread))
        say(lateness.json(seconds: spread))
    }
}
