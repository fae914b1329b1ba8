import FoundationEssentials
import Store

/// What an operator may do with sessions: look how many there are and how long they last, and end those of a visitor
/// whose openid he knows. Whose a session is he cannot read: it is sealed under its own id.
struct SessionRegister: Sendable {
    let store: any Store
    let accounts: Accounts
    let metrics: Metrics
    let log: EventLog

    struct Entry: Encodable, Sendable {
        /// As the log names it.
        let session: String
        /// In how many accounts its visitor is signed in.
        let identities: Int
        /// When it ends, unless it is used before.
        let endsAt: Date?
    }

    struct Page: Encodable, Sendable {
        let sessions: [Entry]
        /// What to ask for the next page with; nil for the last one.
        let after: String?
    }

    private static let batch = 500

    /// - Parameters:
    ///   - openID: only its visitor's, if given.
    ///   - account: only of this account; of all when nil.
    func page(openID: String?, account: String?, after: String?, limit: Int) async throws -> Page {
        let wanted = try marks(openID, account)
        var found: [Entry] = []
        var last = after
        while true {
            let records = try await store.scan(namespace: Sessions.namespace, after: last, limit: Self.batch)
            for (name, record) in records {
                last = name
                let marks = VisitorMark.all(in: record.value)
                guard wanted.isEmpty || marks.contains(where: wanted.contains) else { continue }
                found.append(
                    Entry(
                        // As `SessionID.logReference`.
                        session: String(name.prefix(8)), identities: marks.count,
                        endsAt: record.expires))
                if found.count == limit { return Page(sessions: found, after: last) }
            }
            if records.count < Self.batch { return Page(sessions: found, after: nil) }
        }
    }

    /// Ends every session in which the visitor is signed in, and returns how many. They are durably gone then; he may log
    /// in again.
    func revoke(openID: String, account: String?) async throws -> Int {
        let wanted = try marks(openID, account)
        var count = 0
        var last: String?
        while true {
            let records = try await store.scan(namespace: Sessions.namespace, after: last, limit: Self.batch)
            for (name, record) in records
            where VisitorMark.all(in: record.value).contains(where: wanted.contains) {
                try await store.remove(Key(namespace: Sessions.namespace, name: name))
                metrics.count(.sessionClosed(.revoked))
                count += 1
            }
            last = records.last?.name
            if records.count < Self.batch { break }
        }
        log.info("sessions revoked", [.openID(openID), .count(count)])
        return count
    }

    private func marks(_ openID: String?, _ account: String?) throws(Failure) -> Set<ArraySlice<UInt8>> {
        let desks = try account.map { (name) throws(Failure) in [try accounts.named(name)] } ?? accounts.all
        guard let openID else { return [] }
        guard (1...128).contains(openID.utf8.count) else { throw .badParameter("openid", rule: "1 to 128 bytes") }
        return Set(desks.map { VisitorMark.of(openID, account: $0.name)[...] })
    }
}
