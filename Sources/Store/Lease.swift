public import FoundationEssentials

/// The right to be the only one who does something, for a limited time, across all processes that share a store.
///
/// A lease is an ordinary record (namespace `lease`) changed by compare-and-swap. Its value names the owner and this one
/// acquisition, so that a holder who slept past the expiry can neither renew nor release what another has taken since.
/// Whoever works under a lease must be done before `expires`: after it, somebody else may have begun.
public struct Lease: Sendable, Equatable {
    public let name: String
    /// Who holds it, for the reader of the store; exclusion does not rest on it.
    public let owner: String
    /// When the lease ends unless it is renewed.
    public let expires: Date
    let value: [UInt8]

    static let namespace = "lease"
    var key: Key { Key(namespace: Lease.namespace, name: name) }
}

extension Store {
    /// Takes the lease `name`, or returns `nil` when somebody holds it, the same owner included.
    ///
    /// - Parameters:
    ///   - owner: Any text that tells people who it is; not a secret.
    ///   - duration: How long the lease lasts, by the store's clock.
    public func acquireLease(
        _ name: String, owner: String, for duration: Duration
    ) async throws(StoreError) -> Lease? {
        let acquisition = String(UInt64.random(in: .min ... .max), radix: 16)
        let lease = Lease(
            name: name, owner: owner, expires: now.advanced(by: duration.seconds),
            value: Array("\(owner) \(acquisition)".utf8))
        let taken = try await commit(
            [.put(lease.key, Record(value: lease.value, expires: lease.expires))], if: [.absent(lease.key)])
        return taken ? lease : nil
    }

    /// Prolongs a lease to `duration` from now, or returns `nil` when it is lost: expired, released or taken over.
    public func renew(_ lease: Lease, for duration: Duration) async throws(StoreError) -> Lease? {
        let longer = Lease(
            name: lease.name, owner: lease.owner, expires: now.advanced(by: duration.seconds), value: lease.value)
        let held = try await commit(
            [.put(longer.key, Record(value: longer.value, expires: longer.expires))],
            if: [.equals(lease.key, lease.value)])
        return held ? longer : nil
    }

    /// Gives a lease back before its time; `false` when it was lost already, and then nothing is touched.
    @discardableResult
    public func release(_ lease: Lease) async throws(StoreError) -> Bool {
        try await commit([.remove(lease.key)], if: [.equals(lease.key, lease.value)])
    }
}

/// A lease as somebody sees it who waits for it.
package struct LeaseSighting: Sendable, Equatable {
    fileprivate let record: Record
}

extension Store {
    /// The lease as it is now; `nil` when it is free.
    package func sightLease(_ name: String) async throws(StoreError) -> LeaseSighting? {
        try await read(Key(namespace: Lease.namespace, name: name)).map(LeaseSighting.init)
    }

    /// Ends a lease that is still as it was seen; `false` when somebody else has taken it since.
    ///
    /// For one that has outlived its time by the waiter's own patience: its end was written by a clock that was wrong
    /// then or is wrong now, and its holder is gone.
    @discardableResult
    package func endLease(_ name: String, seenAs sighting: LeaseSighting) async throws(StoreError) -> Bool {
        let key = Key(namespace: Lease.namespace, name: name)
        return try await commit([.remove(key)], if: [.equals(key, sighting.record.value)])
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
