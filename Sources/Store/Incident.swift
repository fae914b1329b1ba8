/// Something that the operator should hear of: data was damaged and has been set aside.
///
/// Handed to a store's `onIncident`, from any thread and possibly under the store's lock: log it and return.
public struct StoreIncident: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable {
        case damagedRecord = "a damaged record"
        case damagedJournal = "a damaged journal"
        case damagedDatabase = "a damaged database"
        /// Somebody moved or removed the database while it was open; what lies at its path now is used instead.
        case replacedDatabase = "a database replaced while in use"
    }

    public let kind: Kind
    /// Where the damaged file was. The names of record files are digests and give no key away.
    public let path: String
    /// Where it is kept now, or `nil` when it was not moved.
    public let setAside: String?
}

extension StoreIncident: CustomStringConvertible {
    public var description: String {
        "\(kind.rawValue) at \(path), " + (setAside.map { "set aside as \($0)" } ?? "not set aside")
    }
}
