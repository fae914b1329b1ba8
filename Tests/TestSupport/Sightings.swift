import Synchronization

/// The secrets that servers hand out to their clients and tell nobody else: session ids, bindings, states and tickets. Every
/// `RawClient` notes those that it receives; `MagpieHome` looks for them in what the server wrote.
enum Sightings {
    /// A flood's first and last ones stand for the rest.
    private static let kept = 500

    private struct Values {
        var first: Set<Canary.Sighted> = []
        var last: [Canary.Sighted] = []
        var turn = 0

        mutating func keep(_ value: Canary.Sighted) {
            if first.count < kept {
                first.insert(value)
            } else if last.count < kept {
                last.append(value)
            } else {
                last[turn % kept] = value
                turn += 1
            }
        }
    }

    private static let values = Mutex<[UInt16: Values]>([:])

    /// What a server on this port answered.
    static func note(_ response: RawResponse, from port: UInt16) {
        var sighted = response.setCookies.compactMap { line -> Canary.Sighted? in
            let pair = line.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1)
            return pair.count == 2 ? Canary.Sighted(name: "cookie \(pair[0])", value: String(pair[1])) : nil
        }
        // A menu's name is a state, too, and no secret.
        if let state = response.parameter("state"), state.utf8.count == 64 {
            sighted.append(.init(name: "state", value: state))
        }
        if let ticket = response.parameter("magpie_ticket") {
            sighted.append(.init(name: "login ticket", value: ticket))
        }
        guard !sighted.isEmpty else { return }
        values.withLock { values in
            for value in sighted where value.value.utf8.count >= 8 {
                values[port, default: Values()].keep(value)
            }
        }
    }

    static func canaries(of port: UInt16) -> [Canary] {
        let values = values.withLock { $0[port] } ?? Values()
        return (values.first.union(values.last)).map { Canary($0.name, $0.value) }
    }
}

extension Canary {
    struct Sighted: Hashable {
        let name: String
        let value: String
    }
}
