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

    private struct Counts {
        var admitted = 0
        var refused = 0
        var perAddress: [IPAddress: Int] = [:]
    }

    private let limit: Int
    private let limitPerAddress: Int
    /// How many may wait for their client to read that there is no room. They hold descriptors, too.
    private let limitRefused: Int
    private let exempt: [AddressBlock]
    private let counts = Mutex(Counts())

    /// - Parameter exempt: addresses of proxies, behind which all clients look like one.
    init(limit: Int, perAddress: Int, exempt: [AddressBlock] = []) {
        self.limit = limit
        limitPerAddress = perAddress
        limitRefused = min(128, limit / 8 + 1)
        self.exempt = exempt
    }

    /// Those that are served.
    var count: Int { counts.withLock { $0.admitted } }

    /// Counts a connection in; `leave` is to follow, with the same verdict.
    func enter(_ peer: IPAddress?) -> Verdict {
        let address = peer.flatMap { isCounted($0) ? $0 : nil }
        return counts.withLock { counts in
            let hasShare = address.map { counts.perAddress[$0, default: 0] < limitPerAddress } ?? true
            guard counts.admitted < limit, hasShare else {
                guard counts.refused < limitRefused else { return .ignored }
                counts.refused += 1
                return .refused
            }
            counts.admitted += 1
            if let address { counts.perAddress[address, default: 0] += 1 }
            return .admitted
        }
    }

    func leave(_ peer: IPAddress?, _ verdict: Verdict) {
        counts.withLock { counts in
            switch verdict {
            case .ignored: return
            case .refused: counts.refused -= 1
            case .admitted:
                counts.admitted -= 1
                guard let peer, isCounted(peer) else { return }
                let left = counts.perAddress[peer, default: 1] - 1
                counts.perAddress[peer] = left > 0 ? left : nil
            }
        }
    }

    private func isCounted(_ peer: IPAddress) -> Bool {
        limitPerAddress > 0 && !exempt.contains { $0.contains(peer) }
    }
}
