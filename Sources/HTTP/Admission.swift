import Synchronization
import Wire

/// How many connections are open, in total and per address, over all loops.
///
/// Only those that are served count: whoever is turned away would otherwise keep the room full from which others have
/// long gone, and a flood could hold a server at its limit with no connection served.
final class Admission: Sendable {
    enum Verdict {
        case admitted
        /// One too many, to be told so.
        case refused
        /// One too many at a time when many are being told.
        case ignored
    }

    /// What `leave` must know: the rules may be others by then.
    struct Entry {
        let verdict: Verdict
        /// The address it was counted for.
        fileprivate let address: IPAddress?
    }

    private struct Rules {
        let limit: Int
        let limitPerAddress: Int
        /// How many may wait for their client to read that there is no room. They hold descriptors, too.
        let limitRefused: Int
        let exempt: [AddressBlock]

        init(limit: Int, perAddress: Int, exempt: [AddressBlock]) {
            self.limit = limit
            limitPerAddress = perAddress
            limitRefused = min(128, limit / 8 + 1)
            self.exempt = exempt
        }

        func counts(_ peer: IPAddress) -> Bool {
            limitPerAddress > 0 && !exempt.contains { $0.contains(peer) }
        }
    }

    private struct State {
        var rules: Rules
        var admitted = 0
        /// The most that were open since a crowd left.
        var peak = 0
        var refused = 0
        var perAddress: [IPAddress: Int] = [:]
    }

    private let state: Mutex<State>

    /// - Parameter exempt: addresses of proxies, behind which all clients look like one.
    init(limit: Int, perAddress: Int, exempt: [AddressBlock] = []) {
        state = Mutex(State(rules: Rules(limit: limit, perAddress: perAddress, exempt: exempt)))
    }

    /// Other rules for those who come from now on.
    func change(limit: Int, perAddress: Int, exempt: [AddressBlock]) {
        state.withLock { $0.rules = Rules(limit: limit, perAddress: perAddress, exempt: exempt) }
    }

    /// Those that are served.
    var count: Int { state.withLock { $0.admitted } }

    /// Counts a connection in; `leave` is to follow.
    func enter(_ peer: IPAddress?) -> Entry {
        state.withLock { state in
            let address = peer.flatMap { state.rules.counts($0) ? $0 : nil }
            let hasShare = address.map { state.perAddress[$0, default: 0] < state.rules.limitPerAddress } ?? true
            guard state.admitted < state.rules.limit, hasShare else {
                guard state.refused < state.rules.limitRefused else { return Entry(verdict: .ignored, address: nil) }
                state.refused += 1
                return Entry(verdict: .refused, address: nil)
            }
            state.admitted += 1
            state.peak = max(state.peak, state.admitted)
            if let address { state.perAddress[address, default: 0] += 1 }
            return Entry(verdict: .admitted, address: address)
        }
    }

    /// Counts a connection out. True when with it most of a crowd has gone.
    @discardableResult
    func leave(_ entry: Entry) -> Bool {
        state.withLock { state in
            switch entry.verdict {
            case .ignored: return false
            case .refused:
                state.refused -= 1
                return false
            case .admitted:
                state.admitted -= 1
                if let address = entry.address {
                    let left = state.perAddress[address, default: 1] - 1
                    state.perAddress[address] = left > 0 ? left : nil
                }
                guard state.peak >= Self.crowd, state.admitted <= state.peak / 4 else { return false }
                state.peak = state.admitted
                return true
            }
        }
    }

    /// Fewer leave nothing worth collecting.
    private static let crowd = 256
}
