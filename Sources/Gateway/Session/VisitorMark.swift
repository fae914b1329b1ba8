import Secure

/// Whose a session is, for whoever knows the openid already: what `magpie sessions revoke --openid` finds it by.
///
/// Before the sealed bytes of a record stand the marks of its identities, each half of a SHA-256 over account and
/// openid. An openid has far more than a hundred random bits: no mark leads back to it.
package enum VisitorMark {
    private static let size = 16
    /// Before the marks stands how many there are.
    private static let start = 2

    package static func of(_ openID: String, account: String) -> [UInt8] {
        // No account's name has a NUL in it.
        Array(Digest.sha256(Array("\(account)\0\(openID)".utf8)).prefix(size))
    }

    static func put(_ session: Session, before sealed: [UInt8]) -> [UInt8] {
        let count = UInt16(session.identities.count)
        var value = [UInt8(count >> 8), UInt8(count & 0xFF)]
        value.reserveCapacity(start + session.identities.count * size + sealed.count)
        for (account, identity) in session.identities { value += of(identity.openID, account: account) }
        return value + sealed
    }

    /// The marks of a record.
    static func all(in value: [UInt8]) -> [ArraySlice<UInt8>] {
        (0..<count(in: value)).map { value[start + $0 * size..<start + ($0 + 1) * size] }
    }

    /// The sealed bytes alone.
    static func taken(from value: [UInt8]) -> [UInt8] {
        Array(value.dropFirst(start + count(in: value) * size))
    }

    /// None in a record that is too short for what it says.
    private static func count(in value: [UInt8]) -> Int {
        guard value.count >= start else { return 0 }
        let count = Int(value[0]) << 8 | Int(value[1])
        return value.count >= start + count * size ? count : 0
    }
}
