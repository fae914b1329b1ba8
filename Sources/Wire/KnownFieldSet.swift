/// Which of the known fields a message has, and whether it has others: one bit each, so that to find out that a field is
/// not there costs nothing.
struct KnownFieldSet: Sendable, Equatable {
    private var bits: UInt64 = 0

    init() {}

    init(_ fields: KnownField...) {
        for field in fields { insert(field.rawValue) }
    }

    /// `number` is the raw value of a `KnownField`, or 0 for any other name.
    @inline(__always)
    mutating func insert(_ number: UInt8) {
        // There are fewer than 64 of them, or a shift would lose the rest.
        bits |= 1 << UInt64(number)
    }

    mutating func formUnion(_ other: KnownFieldSet) {
        bits |= other.bits
    }

    @inline(__always)
    func contains(_ number: UInt8) -> Bool { bits & 1 << UInt64(number) != 0 }

    @inline(__always)
    func isDisjoint(with other: KnownFieldSet) -> Bool { bits & other.bits == 0 }

    @inline(__always)
    func isSubset(of other: KnownFieldSet) -> Bool { bits & ~other.bits == 0 }

    /// Whether there is a name that is not among the known ones.
    var hasOthers: Bool { contains(0) }
}
