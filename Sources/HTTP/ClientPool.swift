import Reactor
import Wire

/// Where a connection leads; what is kept for one is never used for another.
struct Origin: Hashable, Sendable {
    let scheme: WebURL.Scheme
    let host: String
    let port: UInt16

    init(_ url: WebURL) {
        scheme = url.scheme
        host = url.host
        port = url.port
    }

    /// The host as a resolver and a certificate spell it: an IPv6 address without its brackets.
    var bareHost: String { host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host }
}

/// Connections that wait for their next call: a value with a given clock, so that its rules are tested without sockets.
struct ClientPool<Connection> {
    private struct Idle {
        var connection: Connection
        var expires: Deadline
    }

    private let idleTimeout: Duration
    private let idlePerHost: Int
    /// The longest idle first.
    private var idle: [Origin: [Idle]] = [:]

    init(idleTimeout: Duration, idlePerHost: Int) {
        self.idleTimeout = idleTimeout
        self.idlePerHost = idlePerHost
    }

    /// The connection that has waited least: it is the one most likely to be alive, and the others get to expire.
    mutating func take(_ origin: Origin, now: Deadline) -> Connection? {
        guard let last = idle[origin]?.popLast() else { return nil }
        if idle[origin]?.isEmpty == true { idle[origin] = nil }
        // Those behind it have waited longer.
        if last.expires <= now { idle[origin] = nil }
        return last.expires > now ? last.connection : nil
    }

    mutating func put(_ connection: Connection, for origin: Origin, now: Deadline) {
        guard idlePerHost > 0 else { return }
        var list = idle.removeValue(forKey: origin) ?? []
        if list.count == idlePerHost { list.removeFirst() }
        list.append(Idle(connection: connection, expires: now + idleTimeout))
        idle[origin] = list
    }

    mutating func removeExpired(now: Deadline) {
        for (origin, list) in idle {
            let rest = list.drop { $0.expires <= now }
            idle[origin] = rest.isEmpty ? nil : Array(rest)
        }
    }

    mutating func remove(_ origin: Origin) {
        idle[origin] = nil
    }

    mutating func removeAll() {
        idle = [:]
    }

    var count: Int { idle.values.reduce(0) { $0 + $1.count } }

    /// When the next one has waited enough; nil when there is none.
    var nextExpiry: Deadline? { idle.values.compactMap { $0.first?.expires }.min() }
}
