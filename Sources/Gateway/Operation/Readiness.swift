import FoundationEssentials
import Secure
import Store
import Synchronization
import WeChat

/// Whether requests should be sent here: not shutting down, the store writable, and a ticket for every account.
final class Readiness: Sendable {
    private let accounts: Accounts
    private let store: any Store
    private let now: @Sendable () -> Date
    private let isLeaving = Atomic(false)

    init(accounts: Accounts, store: any Store, now: @escaping @Sendable () -> Date) {
        self.accounts = accounts
        self.store = store
        self.now = now
    }

    /// From now on the answer is no: a load balancer must look elsewhere before the listener closes.
    func leave() {
        isLeaving.store(true, ordering: .relaxed)
    }

    struct Report: Encodable, Sendable {
        struct Part: Encodable, Sendable {
            let name: String
            let ready: Bool
            let reason: String?
            let hint: Hint?
        }

        let ready: Bool
        let shuttingDown: Bool
        let store: Part
        let accounts: [Part]
    }

    func report() async -> Report {
        let storePart = await probe()
        let parts = accounts.all.map { desk in
            let ticket = desk.keeper.status().ticket
            return Report.Part(
                name: desk.name, ready: ticket.isUsable,
                reason: ticket.isUsable ? nil : ticket.lastError ?? "no ticket has been fetched yet", hint: ticket.hint)
        }
        let leaving = isLeaving.load(ordering: .relaxed)
        return Report(
            ready: !leaving && storePart.ready && parts.allSatisfy(\.ready), shuttingDown: leaving, store: storePart,
            accounts: parts)
    }

    /// Writes, reads and removes a record: what a login does.
    private func probe() async -> Report.Part {
        let key = Key(namespace: "probe", name: Random.hex(bytes: 8))
        let record = Record(value: Array("ready?".utf8), expires: now().addingTimeInterval(60))
        do {
            try await store.put(key, record)
            let isThere = try await store.read(key)?.value == record.value
            try await store.remove(key)
            return .init(
                name: "store", ready: isThere, reason: isThere ? nil : "a record was not found again", hint: nil)
        } catch {
            return .init(name: "store", ready: false, reason: error.description, hint: nil)
        }
    }
}
