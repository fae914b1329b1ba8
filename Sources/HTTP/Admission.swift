import Synchronization
import Wire

/// How many connections are open, in total and per address, over all loops.
final class Admission: Sendable {
    private let limit: Int
    private let limitPerAddress: Int
    private let exempt: [AddressBlock]
    private let total = Atomic(0)
    private let perAddress = Mutex<[IPAddress: Int]>([:])

    /// - Parameter exempt: addresses of proxies, behind which all clients look like one.
    init(limit: Int, perAddress: Int, exempt: [AddressBlock] = []) {
        self.limit = limit
        limitPerAddress = perAddress
        self.exempt = exempt
    }

    var count: Int { total.load(ordering: .relaxed) }

    /// Counts a connection in. False if it is one too many; it is counted all the same until `leave`.
    func enter(_ peer: IPAddress?) -> Bool {
        let isWithin = total.add(1, ordering: .relaxed).newValue <= limit
        guard let peer, isCounted(peer) else { return isWithin }
        let mine = perAddress.withLock { counts in
            counts[peer, default: 0] += 1
            return counts[peer, default: 0]
        }
        return isWithin && mine <= limitPerAddress
    }

    func leave(_ peer: IPAddress?) {
        total.subtract(1, ordering: .relaxed)
        guard let peer, isCounted(peer) else { return }
        perAddress.withLock { counts in
            let left = counts[peer, default: 1] - 1
            counts[peer] = left > 0 ? left : nil
        }
    }

    private func isCounted(_ peer: IPAddress) -> Bool {
        limitPerAddress > 0 && !exempt.contains { $0.contains(peer) }
    }
}
