import Glibc

/// A moment in the life of a key, by which a store tells cheaply whether what was read after it still holds.
///
/// What it is made of means something to the store alone that has given it.
public struct Stamp: Sendable {
    /// Which moment it was, in the store's own count.
    public let moment: UInt64
    /// Where the store notes when the key was last changed; other keys may share the place.
    public let place: UInt32

    public init(moment: UInt64, place: UInt32) {
        self.moment = moment
        self.place = place
    }
}

/// When which keys were last changed, as far as stamps need it.
///
/// Keys share 262,144 places by their hash, which differs from process to process: a change makes the stamps of a few
/// other keys void as well, and nobody outside can choose whose.
@safe struct ChangeBook: ~Copyable {
    private static let placeBits = 18

    /// The moment: a count of the entries made here.
    private var moment: UInt64 = 0
    /// Stamps from before are void, whatever their key.
    private var oldest: UInt64 = 0
    /// When a key of each place was last changed. Ours alone, freed in `deinit`. Memory that has not been written to is
    /// not taken from the system yet: a store that changes little has a small book.
    private let changes: UnsafeMutablePointer<UInt64>

    init() {
        guard let memory = unsafe calloc(1 << Self.placeBits, MemoryLayout<UInt64>.stride) else {
            preconditionFailure("out of memory")
        }
        // Zero bytes are zeros.
        unsafe changes = memory.bindMemory(to: UInt64.self, capacity: 1 << Self.placeBits)
    }

    deinit { unsafe free(changes) }

    static func place(of key: Key) -> UInt32 {
        UInt32(truncatingIfNeeded: UInt(bitPattern: key.hashValue) & (1 << placeBits - 1))
    }

    func stamp(_ place: UInt32) -> Stamp { Stamp(moment: moment, place: place) }

    func holds(_ stamp: Stamp) -> Bool {
        // No stamp of ours has another place; one of somebody's own making reads nothing beyond the end.
        unsafe stamp.moment >= oldest && changes[Int(stamp.place) & (1 << Self.placeBits - 1)] <= stamp.moment
    }

    /// From now on stamps for keys of these places are void.
    mutating func note(_ places: some Sequence<UInt32>) {
        moment += 1
        // As `place(of:)` made them.
        for place in places { unsafe changes[Int(place)] = moment }
    }

    /// From now on every stamp is void.
    mutating func voidAll() {
        moment += 1
        oldest = moment
    }
}
