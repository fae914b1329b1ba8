import Reactor
import Synchronization
import Wire

/// Token buckets by client address, in a table whose size never changes.
///
/// A bucket is one number: the time at which it will be full again (the generic cell rate algorithm). One that is full
/// is the same as none, so its place is free; where eight addresses with debts meet, the smallest debt is forgiven.
/// However many addresses an attacker has, the table cannot grow, and nobody ever loses a request that was his.
final class AddressLimiter: Sendable {
    private struct Bucket {
        var subscriber: UInt64 = 0
        /// Nanoseconds of the monotonic clock.
        var fullAt: UInt64 = 0
    }

    /// 16,384 addresses in 256 KiB: an honest one needs its place only for the moments until its bucket is full again.
    private static let rows = 2_048
    private static let places = 8

    private let buckets = Mutex([Bucket](repeating: Bucket(), count: AddressLimiter.rows * AddressLimiter.places))
    /// What one request costs, and how far a bucket may be from full, in nanoseconds.
    private let price: UInt64
    private let depth: UInt64
    /// Keeps strangers from choosing addresses that share a row.
    private let seed = UInt64.random(in: .min ... .max)

    /// - Parameter perMinute: at least 1; a bucket holds as many, and gets as many back in a minute.
    init(perMinute: Int) {
        price = 60_000_000_000 / UInt64(perMinute)
        depth = price * UInt64(perMinute)
    }

    /// Nil when the address may go on; otherwise how long until it may.
    ///
    /// - Parameter charge: how many requests it counts as; 0 to only look.
    func delay(for address: IPAddress, at now: Deadline, charge: Int = 1) -> Duration? {
        let subscriber = address.subscriber
        let start = row(of: subscriber)
        return buckets.withLock { buckets in
            var place = start
            for other in start..<start + Self.places {
                if buckets[other].subscriber == subscriber {
                    place = other
                    break
                }
                if buckets[other].fullAt < buckets[place].fullAt { place = other }
            }
            let isOurs = buckets[place].subscriber == subscriber
            let fullAt =
                (isOurs ? max(buckets[place].fullAt, now.nanoseconds) : now.nanoseconds)
                + price * UInt64(max(1, charge))
            guard fullAt - now.nanoseconds <= depth else {
                return .nanoseconds(Int64(clamping: fullAt - now.nanoseconds - depth))
            }
            if charge > 0 { buckets[place] = Bucket(subscriber: subscriber, fullAt: fullAt) }
            return nil
        }
    }

    /// The finalizer of SplitMix64 over the seeded number.
    private func row(of subscriber: UInt64) -> Int {
        var mixed = subscriber ^ seed
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        mixed ^= mixed >> 31
        return Int(mixed % UInt64(Self.rows)) * Self.places
    }
}
