public import FoundationEssentials

/// A place that keeps records with an expiry and never loses what it has acknowledged.
///
/// The room of persistence. Sessions, pending logins, grants, tokens, tickets and leases are all records; the rooms
/// above (WeChat's keeper, Gateway's sessions) see only this protocol, and `MemoryStore`, `FileStore` and `SQLiteStore`
/// stand behind it. Everything else (`put`, `take`, `replace`, leases) is built from `read` and `commit`, so that a
/// store of your own is four functions.
///
/// What every store promises:
/// - An expired record is absent: to `read`, to `scan` and to conditions, from the very millisecond of its expiry.
/// - A `commit` is all or nothing, its conditions are judged at the same instant as its changes happen, and when it
///   returns `true` the changes survive a crash of the process (and, on disk stores, of the machine).
/// - A `read` that starts after a `commit` has returned sees it, in every process that shares the store.
/// - Any number of tasks may call at once. No function is cancelled half way: what was begun is finished.
public protocol Store: Sendable {
    /// The live record under `key`, or `nil` when there is none or it has expired.
    ///
    /// - Throws: `StoreError` when the medium cannot be read. A damaged record is not an error but a miss, set aside
    ///   and reported to the operator.
    func read(_ key: Key) async throws(StoreError) -> Record?

    /// What `read` would answer, where that takes no suspension; `.later` leaves it to `read`. A server that is asked
    /// thousands of times a second who a visitor is asks this first. A store need not have it.
    ///
    /// - Throws: as `read`.
    func readNow(_ key: Key) throws(StoreError) -> Glance

    /// To be asked before `readNow` or `read`: with the stamp, `isCurrent` tells later whether what they answered is still
    /// so. Nil where that cannot be told. A store need not have it.
    func stamp(_ key: Key) -> Stamp?

    /// Whether a read now would find the record as one did that began after the stamp was given; it may still have
    /// expired meanwhile. Costs far less than reading: what was made of a record can be kept for as long as this is true.
    func isCurrent(_ stamp: Stamp) -> Bool

    /// Makes all `changes` in order, or none: `false` when one of the `conditions` did not hold, and nothing changed.
    ///
    /// Durable when it returns `true`.
    /// - Throws: `StoreError`; then nothing was acknowledged. After `.io` or `.sqlite` the changes may or may not have
    ///   reached the medium, as with any database whose answer was lost; after every other case nothing changed.
    func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool

    /// Up to `limit` live records of a namespace with names after `after`, ordered by the UTF-8 bytes of the name.
    ///
    /// Pass the last name of one page as `after` of the next; a page shorter than `limit` is the last one. A page is
    /// not a snapshot: records written while one pages through may or may not appear.
    func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)]

    /// Removes expired records, and returns how many. Works in small batches, so that other commits slip in between.
    func sweep() async throws(StoreError) -> Int

    /// The clock by which records expire and leases run. The system's, unless a test brought its own.
    var now: Date { get }
}

extension Store {
    public var now: Date { Date() }

    public func readNow(_ key: Key) throws(StoreError) -> Glance { .later }

    public func stamp(_ key: Key) -> Stamp? { nil }

    public func isCurrent(_ stamp: Stamp) -> Bool { false }
}

/// What a store can tell of a key at once.
public enum Glance: Sendable {
    case record(Record)
    /// There is no live record.
    case absent
    /// To be asked with `Store.read`.
    case later

    init(_ record: Record?, at now: Int64) {
        self = record.flatMap { $0.isExpired(at: now) ? nil : .record($0) } ?? .absent
    }
}

/// What a record is found by: a namespace (one kind of record) and a name in it.
///
/// Two keys are equal when their UTF-8 bytes are; Unicode's canonical equivalence, by which Swift compares strings,
/// would let a Memory store find what a database does not.
public struct Key: Hashable, Sendable {
    public let namespace: String
    public let name: String
    /// Of the bytes of the name, by the process's random seed: a key is looked up several times, and a table tells most
    /// others apart by it, without a look at their names.
    let nameHash: Int

    /// - Parameters:
    ///   - namespace: 1 to 64 characters of `a-z`, `0-9` and `-`, chosen by the program, never by a visitor (it may
    ///     become the name of a folder). Anything else is a programming error and traps.
    ///   - name: Any string; it may come from outside.
    public init(namespace: String, name: String) {
        Key.checkNamespace(namespace)
        self.namespace = namespace
        self.name = name
        // `String.hash` would normalise what `==` tells apart; it is right only when bytes decide.
        var hasher = Hasher()
        unsafe name.utf8Span.span.withUnsafeBytes { bytes in
            // The hasher reads the bytes during the call and keeps no pointer.
            unsafe hasher.combine(bytes: bytes)
        }
        nameHash = hasher.finalize()
    }

    public static func == (a: Key, b: Key) -> Bool {
        a.nameHash == b.nameHash && isSame(a.name.utf8Span.span, b.name.utf8Span.span)
            && isSame(a.namespace.utf8Span.span, b.namespace.utf8Span.span)
    }

    private static func isSame(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Bool {
        guard a.count == b.count else { return false }
        for index in a.indices where a[index] != b[index] { return false }
        return true
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(nameHash)
        hasher.combine(namespace.utf8.count)
    }

    static func checkNamespace(_ namespace: String) {
        precondition(isNamespace(namespace), "a namespace is 1 to 64 characters of a-z, 0-9 and '-'")
    }

    static func isNamespace(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "-")
            }
    }
}

/// A value with an expiry.
public struct Record: Sendable, Equatable {
    /// Any bytes, none included. Stores take megabytes, but are made for kilobytes.
    public var value: [UInt8]

    /// Milliseconds since 1970, the resolution that every store keeps; `nil` = never expires.
    var expiry: Int64?

    /// When the record ceases to exist, or `nil` = never. Kept in whole milliseconds between 1970 and the year 9999.
    public var expires: Date? {
        get { expiry.map(Date.init(milliseconds:)) }
        set { expiry = newValue?.milliseconds }
    }

    /// - Parameter expires: Rounded to milliseconds; `nil` = never.
    public init(value: [UInt8], expires: Date? = nil) {
        self.value = value
        self.expiry = expires?.milliseconds
    }

    init(value: [UInt8], expiry: Int64?) {
        self.value = value
        self.expiry = expiry
    }

    /// Whether the record no longer exists at `now`. A custom store calls this in `read`, `scan` and for conditions.
    public func isExpired(at now: Date) -> Bool { isExpired(at: now.milliseconds) }

    func isExpired(at now: Int64) -> Bool {
        guard let expiry else { return false }
        return expiry <= now
    }
}

/// One thing that a commit does.
public enum Change: Sendable {
    /// Creates the record or replaces it, value and expiry.
    case put(Key, Record)
    /// Removes the record; removing what is absent is no error.
    case remove(Key)

    public var key: Key {
        switch self {
        case .put(let key, _), .remove(let key): key
        }
    }
}

/// What must be true for a commit to happen. An expired record counts as absent.
public enum Condition: Sendable {
    case absent(Key)
    /// The record is there and its value is exactly these bytes (its expiry does not matter).
    case equals(Key, [UInt8])

    public var key: Key {
        switch self {
        case .absent(let key), .equals(let key, _): key
        }
    }

    /// Whether the condition holds, given the live record under its key.
    public func holds(for record: Record?) -> Bool {
        switch self {
        case .absent: record == nil
        case .equals(_, let value): record?.value == value
        }
    }
}

extension Date {
    /// Year 9999, the last that ISO 8601 writes with four digits.
    private static let lastMillisecond = 253_402_300_799_999.0

    init(milliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// Clamped to 1970...9999, so that no date, infinite ones included, can overflow or trap; NaN counts as 1970.
    var milliseconds: Int64 {
        let exact = (timeIntervalSince1970 * 1000).rounded()
        return exact >= 0 ? Int64(min(exact, Date.lastMillisecond)) : 0
    }
}
