import FoundationEssentials
import Secure
import Store

/// The logins under way, in the store: every step is one compare-and-swap, so that of any number of callbacks, in any
/// number of processes, one goes on.
struct LoginRecords: Sendable {
    private let store: any Store
    private let now: @Sendable () -> Date

    /// How long a state is good, and how long its outcome is remembered, in seconds.
    static let lifetime: TimeInterval = 600
    /// How far clocks may be apart, in seconds.
    private static let clockTolerance: TimeInterval = 60
    static let namespace = "login"
    static let codeNamespace = "code"
    static let bindingNamespace = "binding"
    /// How many logins of one browser may be open at a time; the next one takes the oldest one's place.
    static let mostOpen = 20

    init(store: any Store, now: @escaping @Sendable () -> Date) {
        self.store = store
        self.now = now
    }

    /// Under what a login is found. It is a digest: the store learns no state and no code.
    struct Name: Hashable, Sendable {
        let text: String

        init(state: String) {
            text = hex(Digest.sha256(Array("state \(state)".utf8)))
        }

        /// A menu's state is fixed, so its logins are told apart by their codes.
        init(menu: String, account: String, code: String) {
            text = hex(Digest.sha256(Array("menu \(account) \(menu) \(code)".utf8)))
        }

        fileprivate init(stored text: String) {
            self.text = text
        }

        var key: Key { Key(namespace: LoginRecords.namespace, name: text) }
    }

    /// A record with the bytes it was read as, which a change must still find. A class, since a login in flight has it in
    /// hand at every step.
    final class Found: Sendable {
        let name: Name
        let record: LoginRecord
        let bytes: [UInt8]
        let expires: Date?

        init(name: Name, record: LoginRecord, bytes: [UInt8], expires: Date?) {
            self.name = name
            self.record = record
            self.bytes = bytes
            self.expires = expires
        }
    }

    /// - Parameter isFirst: the browser's binding is new, so it has no login yet. Nothing more is stored for it, as for
    ///   every request of a flood without cookies; only one that comes again has a list of its logins.
    func begin(_ login: PendingLogin, state: String, isFirst: Bool) async throws(StoreError) {
        let name = Name(state: state)
        let open = Change.put(name.key, encode(.open(login)))
        // Where a browser begins many at once, its list changes under our hands; it is tried a few times.
        for _ in 0..<(isFirst ? 0 : 5) {
            let (changes, conditions) = try await listing(name, login.binding ?? "")
            if try await store.commit([open] + changes, if: [.absent(name.key)] + conditions) { return }
        }
        guard try await store.commit([open], if: [.absent(name.key)]) else {
            preconditionFailure("two random states of 256 bits are equal")
        }
    }

    /// What adds a login to the list of its browser's, and removes the oldest one there if it is still open.
    private func listing(
        _ name: Name, _ binding: String
    ) async throws(StoreError) -> (changes: [Change], conditions: [Condition]) {
        let key = Key(namespace: Self.bindingNamespace, name: binding)
        let list = try await store.read(key)?.value
        var names = String(decoding: list ?? [], as: UTF8.self).split(separator: " ").map { Name(stored: String($0)) }
        names.append(name)
        var changes: [Change] = []
        var conditions: [Condition] = [list.map { .equals(key, $0) } ?? .absent(key)]
        // The browser's first login is in no list.
        while names.count > Self.mostOpen - 1 {
            guard let oldest = try await find(names.removeFirst()), case .open = oldest.record else { continue }
            changes.append(.remove(oldest.name.key))
            conditions.append(.equals(oldest.name.key, oldest.bytes))
        }
        let text = names.map(\.text).joined(separator: " ")
        changes.append(.put(key, Record(value: Array(text.utf8), expires: now().addingTimeInterval(Self.lifetime))))
        return (changes, conditions)
    }

    @inline(never)
    func find(_ name: Name) async throws(StoreError) -> Found? {
        guard let record = try await store.read(name.key), let login = LoginRecordCoding.decode(record.value) else {
            return nil
        }
        // Written while the clock was ahead: a state would be good for as long as it was set back.
        if let expires = record.expires, expires > now() + Self.lifetime + Self.clockTolerance { return nil }
        return Found(name: name, record: login, bytes: record.value, expires: record.expires)
    }

    /// Which login used a code, if any did.
    @inline(never)
    func login(ofCode code: String, account: String) async throws(StoreError) -> Found? {
        guard let record = try await store.read(Self.codeKey(code, account)) else { return nil }
        return try await find(Name(stored: String(decoding: record.value, as: UTF8.self)))
    }

    /// Takes a login that was found open for the one callback that may exchange `code`. Nil when another callback has it,
    /// or the code was seen before.
    @inline(never)
    func claim(_ found: Found, code: String) async throws(StoreError) -> Found? {
        try await commit(claiming(found, code: code))
    }

    /// The same for a menu's login, which begins with its callback.
    @inline(never)
    func claim(_ login: PendingLogin, named name: Name, code: String) async throws(StoreError) -> Found? {
        try await commit(claiming(login, named: name, if: .absent(name.key), code: code))
    }

    private typealias Claiming = (changes: [Change], conditions: [Condition], outcome: Found)

    private func commit(_ claiming: Claiming) async throws(StoreError) -> Found? {
        try await store.commit(claiming.changes, if: claiming.conditions) ? claiming.outcome : nil
    }

    @inline(never)
    private func claiming(_ found: Found, code: String) -> Claiming {
        claiming(found.record.login, named: found.name, if: .equals(found.name.key, found.bytes), code: code)
    }

    private func claiming(_ login: PendingLogin, named name: Name, if state: Condition, code: String) -> Claiming {
        let claimed = encode(.claimed(login))
        let codeKey = Self.codeKey(code, login.account)
        let user = Record(value: Array(name.text.utf8), expires: claimed.expires)
        return (
            [.put(name.key, claimed), .put(codeKey, user)], [state, .absent(codeKey)],
            Found(name: name, record: .claimed(login), bytes: claimed.value, expires: claimed.expires)
        )
    }

    /// Uses a login up that ends without a session.
    @inline(never)
    func spend(_ found: Found) async throws(StoreError) -> Bool {
        try await settle(found, as: .spent(found.record.login))
    }

    /// Writes the outcome of a login together with `changes`; false when the record has changed meanwhile.
    @inline(never)
    func settle(
        _ found: Found, as record: LoginRecord, with changes: [Change] = [], if conditions: [Condition] = []
    ) async throws(StoreError) -> Bool {
        var outcome = encode(record)
        // Only a session is worth remembering anew: nobody keeps a row in the store by using a state up.
        if case .spent = record { outcome.expires = found.expires }
        return try await store.commit(
            [.put(found.name.key, outcome)] + changes,
            if: [.equals(found.name.key, found.bytes)] + conditions)
    }

    private static func codeKey(_ code: String, _ account: String) -> Key {
        Key(namespace: codeNamespace, name: hex(Digest.sha256(Array("\(account) \(code)".utf8))))
    }

    private func encode(_ record: LoginRecord) -> Record {
        Record(value: LoginRecordCoding.encode(record), expires: now().addingTimeInterval(Self.lifetime))
    }
}
