/// What has happened: counters per path since the last reset, and the last thousand events.
///
/// Events name parameters' outcomes, never their values: a log that is pasted into an issue gives nothing away.
struct Journal: Sendable {
    struct Event: Codable, Equatable, Sendable {
        let number: Int
        /// Seconds since 1970 by the sandbox's own clock.
        let time: Int
        /// `call`, `token`, `ticket`, `code`, `consent`, `preverify`, `fault` or `control`.
        let kind: String
        let path: String
        let detail: String
    }

    static let capacity = 1_000

    private(set) var events: [Event] = []
    private(set) var counters: [String: Int] = [:]
    private var lastNumber = 0

    mutating func count(_ path: String) { counters[path, default: 0] += 1 }

    mutating func record(_ kind: String, _ path: String, _ detail: String, at now: Int) {
        lastNumber += 1
        events.append(Event(number: lastNumber, time: now, kind: kind, path: path, detail: detail))
        // Trimmed in blocks: removing one from the front of a thousand at every call would copy them all.
        if events.count >= Self.capacity * 2 { events.removeFirst(events.count - Self.capacity) }
    }

    var latest: ArraySlice<Event> { events.suffix(Self.capacity) }

    mutating func clearEvents() { events = [] }

    mutating func clearCounters() { counters = [:] }
}
