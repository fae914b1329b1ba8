import FoundationEssentials
import Store
import Synchronization
import WeChat

/// What `/auth` tells of visitors, in memory: no more than it tells, and for as long as the store vouches for it.
///
/// An entry is found by the SHA-256 of the session's id, for one account; it holds no secret, and says nothing once its
/// stamp is not current any more. It is 128 bytes of a large array, taken from the system as entries come; the entries
/// of one bucket are a chain of indices. When there is no more room, one that was not asked for since the last time
/// round makes place (the clock algorithm); one whose time has passed makes place at any time.
final class SessionCache: Sendable {
    /// Loops that look at the same moment seldom wait for each other.
    private static let shardCount = 16
    /// What an entry takes, with its share of the buckets.
    static let bytesPerEntry = MemoryLayout<Entry>.stride + 8

    private let shards = (0..<shardCount).map { _ in Slot() }
    /// How many entries a shard holds.
    private let room: Int

    private final class Slot: Sendable {
        let shard = Mutex(Shard())
    }

    /// - Parameter bytes: as much memory as it may take. Nil where that is not enough for anything.
    init?(bytes: Int) {
        room = min(bytes / Self.shardCount / Self.bytesPerEntry, Int(Int32.max))
        guard room > 0 else { return nil }
    }

    /// The moments in which what is told of a session depends on the time in no way: in others the store is asked.
    struct Window {
        let from: Date
        let until: Date
    }

    /// What is known of a session for the account with this place in the configuration.
    func find(_ digest: SessionDigest, account: Int, at time: Date) -> Entry? {
        slot(of: digest).shard.withLock { $0.find(digest, UInt16(truncatingIfNeeded: account), at: time) }
    }

    /// Keeps what was read after the stamp was given; what does not fit an entry is not kept.
    func keep(
        _ identity: Identity, of digest: SessionDigest, account: Int, in window: Window, stamp: Stamp, at time: Date
    ) {
        guard let entry = Entry(identity, of: digest, account: account, in: window, stamp) else { return }
        slot(of: digest).shard.withLock { $0.keep(entry, room: room, at: time) }
    }

    /// Gives all its memory back.
    func forgetAll() {
        for slot in shards { slot.shard.withLock { $0 = Shard() } }
    }

    private func slot(of digest: SessionDigest) -> Slot {
        shards[Int(truncatingIfNeeded: digest.first) & (Self.shardCount - 1)]
    }

    /// How many entries there are, dead ones included.
    var count: Int { shards.reduce(0) { sum, slot in sum + slot.shard.withLock { $0.entries.count } } }

    // MARK: - Entries

    /// What `/auth` tells of one session for one account, in 128 bytes.
    struct Entry: Sendable {
        fileprivate let digest: SessionDigest
        fileprivate let from: Date
        fileprivate let until: Date
        private let moment: UInt64
        private let place: UInt32
        /// The next of its bucket, counted from 1; 0 for none.
        fileprivate var next: UInt32 = 0
        fileprivate let account: UInt16
        private let openIDLength: UInt8
        /// 0: there is none.
        private let unionIDLength: UInt8
        private let flags: UInt8
        /// Whether it was asked for since the hand passed.
        fileprivate var isUsed = true
        /// The openid and the unionid. WeChat's have 28 and 28 or 29 bytes.
        private var text: InlineArray<58, UInt8>

        private static let isUserinfo: UInt8 = 1
        private static let isSnapshotPage: UInt8 = 2

        fileprivate init?(
            _ identity: Identity, of digest: SessionDigest, account: Int, in window: Window, _ stamp: Stamp
        ) {
            let (openID, unionID) = (identity.openID.utf8, identity.unionID?.utf8)
            guard openID.count + (unionID?.count ?? 0) <= 58, unionID?.isEmpty != true,
                let account = UInt16(exactly: account)
            else { return nil }
            self.digest = digest
            (from, until) = (window.from, window.until)
            (moment, place) = (stamp.moment, stamp.place)
            self.account = account
            openIDLength = UInt8(openID.count)
            unionIDLength = UInt8(unionID?.count ?? 0)
            flags =
                (identity.scope == .userinfo ? Self.isUserinfo : 0) | (identity.isSnapshot ? Self.isSnapshotPage : 0)
            text = InlineArray(repeating: 0)
            var end = 0
            for byte in openID {
                text[end] = byte
                end += 1
            }
            guard let unionID else { return }
            for byte in unionID {
                text[end] = byte
                end += 1
            }
        }

        var stamp: Stamp { Stamp(moment: moment, place: place) }
        var scope: Scope { flags & Self.isUserinfo == 0 ? .base : .userinfo }
        var isSnapshot: Bool { flags & Self.isSnapshotPage != 0 }
        var openID: String { string(0, Int(openIDLength)) }
        var unionID: String? { unionIDLength == 0 ? nil : string(Int(openIDLength), Int(unionIDLength)) }

        private func string(_ start: Int, _ count: Int) -> String {
            text.span.withUnsafeBufferPointer {
                String(decoding: UnsafeBufferPointer(rebasing: $0[start..<start + count]), as: UTF8.self)
            }
        }
    }

    // MARK: - Shards

    private struct Shard {
        var entries: [Entry] = []
        /// The first entry of each bucket, counted from 1; 0 for none. A power of two of them.
        var heads: [UInt32] = []
        /// Which entry is looked at next when one is wanted.
        var hand = 0

        mutating func find(_ digest: SessionDigest, _ account: UInt16, at time: Date) -> Entry? {
            guard let index = index(of: digest, account) else { return nil }
            let entry = entries[index]
            guard entry.from <= time, time < entry.until else { return nil }
            if !entry.isUsed { entries[index].isUsed = true }
            return entry
        }

        mutating func keep(_ entry: Entry, room: Int, at time: Date) {
            var entry = entry
            if let index = index(of: entry.digest, entry.account) {
                entry.next = entries[index].next
                entries[index] = entry
                return
            }
            if heads.isEmpty {
                heads = [0, 0]
                // Address space alone, until there is something in it; an array that grew would be there twice.
                entries.reserveCapacity(room)
            }
            if let index = dispensable(isFull: entries.count == room, at: time) {
                unlink(index)
                entries[index] = entry
                link(index)
            } else {
                entries.append(entry)
                if entries.count > heads.count { relink() } else { link(entries.count - 1) }
            }
        }

        /// An entry whose place another may take.
        private mutating func dispensable(isFull: Bool, at time: Date) -> Int? {
            for _ in 0..<min(isFull ? 16 : 4, entries.count) {
                let index = advance()
                if entries[index].until <= time { return index }
                guard isFull else { continue }
                if !entries[index].isUsed { return index }
                entries[index].isUsed = false
            }
            // Whichever it is: nobody waits for the hand to go all the way round.
            return isFull ? advance() : nil
        }

        private mutating func advance() -> Int {
            let index = hand < entries.count ? hand : 0
            hand = index + 1
            return index
        }

        // MARK: Buckets

        private func bucket(_ digest: SessionDigest) -> Int {
            Int(truncatingIfNeeded: digest.second) & (heads.count - 1)
        }

        private func index(of digest: SessionDigest, _ account: UInt16) -> Int? {
            guard !heads.isEmpty else { return nil }
            var next = heads[bucket(digest)]
            while next > 0 {
                let index = Int(next) - 1
                if entries[index].digest == digest, entries[index].account == account { return index }
                next = entries[index].next
            }
            return nil
        }

        private mutating func link(_ index: Int) {
            let bucket = bucket(entries[index].digest)
            entries[index].next = heads[bucket]
            heads[bucket] = UInt32(index + 1)
        }

        private mutating func unlink(_ index: Int) {
            let bucket = bucket(entries[index].digest)
            let wanted = UInt32(index + 1)
            guard heads[bucket] != wanted else {
                heads[bucket] = entries[index].next
                return
            }
            var before = Int(heads[bucket]) - 1
            while entries[before].next != wanted { before = Int(entries[before].next) - 1 }
            entries[before].next = entries[index].next
        }

        /// Twice as many buckets.
        private mutating func relink() {
            heads = [UInt32](repeating: 0, count: heads.count * 2)
            for index in entries.indices { link(index) }
        }
    }
}
