package import FoundationEssentials
package import Store

/// Opens, finds and ends sessions in the store. Called by the login, the session routes and the admin commands.
package struct Sessions: Sendable {
    private let store: any Store
    /// From login to the absolute end, in seconds.
    private let lifetime: TimeInterval
    /// Without a request for this long, in seconds, a session ends early.
    private let idleTimeout: TimeInterval
    private let now: @Sendable () -> Date
    /// What was found of them, where it is kept.
    private let cache: SessionCache?
    private let metrics: Metrics?

    /// The idle timer is written back at most this often, in seconds, so that reading a session stays a read.
    private static let touchInterval: TimeInterval = 60
    /// Longer than what a store rounds times to, in seconds.
    private static let moment: TimeInterval = 0.002
    package static let namespace = "session"
    /// How far clocks may be apart, in seconds.
    private static let clockTolerance: TimeInterval = 60

    package init(
        store: any Store, lifetime: TimeInterval, idleTimeout: TimeInterval, now: @escaping @Sendable () -> Date
    ) {
        self.init(store: store, lifetime: lifetime, idleTimeout: idleTimeout, now: now, cache: nil, metrics: nil)
    }

    init(
        store: any Store, lifetime: TimeInterval, idleTimeout: TimeInterval, now: @escaping @Sendable () -> Date,
        cache: SessionCache?, metrics: Metrics?
    ) {
        self.store = store
        self.lifetime = lifetime
        self.idleTimeout = idleTimeout
        self.now = now
        self.cache = cache
        self.metrics = metrics
    }

    /// A session as it was found: whoever changes it must still find it so.
    package struct Live: Sendable {
        package let id: SessionID
        package let session: Session
        fileprivate let value: [UInt8]
        /// When its record expires, if nobody comes before.
        fileprivate let recordEnd: Date?
    }

    /// The live session of an id, or nil. Sets the idle timer back when it is due.
    package func find(_ id: SessionID) async throws(StoreError) -> Live? {
        let time = now()
        guard let live = live(id, in: try await store.read(Self.key(id)), at: time) else { return nil }
        return isTouchDue(live, at: time) ? try await touch(live, at: time) : live
    }

    /// What can be said of an id at once.
    package enum Sighting {
        /// What `find` would answer.
        case found(Live?)
        /// It takes waiting: for the store, or to set the idle timer back.
        case later
    }

    package func findNow(_ id: SessionID) throws(StoreError) -> Sighting {
        let time = now()
        switch try store.readNow(Self.key(id)) {
        case .later: return .later
        case .absent: return .found(nil)
        case .record(let record):
            let live = live(id, in: record, at: time)
            return live.map { isTouchDue($0, at: time) } == true ? .later : .found(live)
        }
    }

    /// What was found of a session for an account before, if a look into the store would find the same. Everything that
    /// ends or changes a session changes its record, and then the store does not vouch for what was read.
    func recall(_ digest: SessionDigest, account: Int) -> SessionCache.Entry? {
        guard let cache else { return nil }
        guard let entry = cache.find(digest, account: account, at: now()), store.isCurrent(entry.stamp) else {
            metrics?.sessionCacheMisses.add(1)
            return nil
        }
        metrics?.sessionCacheHits.add(1)
        return entry
    }

    /// To be asked before a session is looked for that may be remembered.
    func stamp(_ id: SessionID) -> Stamp? {
        cache == nil ? nil : store.stamp(Self.key(id))
    }

    /// Keeps what was found after the stamp was given, for `recall`.
    func remember(_ identity: Identity, of live: Live, _ digest: SessionDigest, account: Int, stamp: Stamp) {
        cache?.keep(identity, of: digest, account: account, in: window(of: live), stamp: stamp, at: now())
    }

    /// When there is nothing to do about a session but to tell of it: it has not expired, its idle timer need not be set
    /// back. Less a moment on each side, so that whatever is rounded, the store decides.
    private func window(of live: Live) -> SessionCache.Window {
        let session = live.session
        let from = max(session.createdAt - Self.clockTolerance, session.touchedAt - touchAfter)
        let until = min(session.expiresAt, session.touchedAt + touchAfter, live.recordEnd ?? session.expiresAt)
        return SessionCache.Window(from: from + Self.moment, until: until - Self.moment)
    }

    private func live(_ id: SessionID, in record: Record?, at time: Date) -> Live? {
        // One from the future was opened while the clock was ahead: how old it is nobody knows.
        guard let record, let session = decode(record.value, id), time < session.expiresAt,
            session.createdAt <= time + Self.clockTolerance
        else { return nil }
        return Live(id: id, session: session, value: record.value, recordEnd: record.expires)
    }

    private var touchAfter: TimeInterval { min(Self.touchInterval, idleTimeout / 2) }

    private func isTouchDue(_ live: Live, at time: Date) -> Bool {
        // A touch in the future is set right, too.
        abs(time.timeIntervalSince(live.session.touchedAt)) >= touchAfter
    }

    /// Sets the idle timer back, unless somebody changed or ended the session meanwhile: a logout always wins.
    private func touch(_ live: Live, at time: Date) async throws(StoreError) -> Live {
        var touched = live.session
        touched.touchedAt = time
        return try await update(live, to: touched) ?? live
    }

    /// The changes that open a new session for `identity` and end the one the browser came with.
    ///
    /// The id is always new (session fixation, OWASP ASVS 7.2.4). Identities for other accounts move along.
    /// The caller commits the changes together with its own, so that a login happens wholly or not at all.
    package func opening(
        _ identity: Identity, account: String, replacing old: Live?
    ) -> (id: SessionID, changes: [Change], conditions: [Condition]) {
        let id = SessionID.random()
        let time = now()
        var identities = old?.session.identities ?? [:]
        identities[account] = identity
        let session = Session(
            identities: identities, createdAt: time, expiresAt: time.addingTimeInterval(lifetime), touchedAt: time)
        var changes: [Change] = []
        changes.append(.put(Self.key(id), encode(session, id)))
        guard let old else { return (id, changes, []) }
        // A logout in between must not be undone by what moves along from the session it ended.
        changes.append(.remove(Self.key(old.id)))
        return (id, changes, [.equals(Self.key(old.id), old.value)])
    }

    /// Replaces what is kept of a live session, for example with a profile fetched later. Nil if it has ended or was
    /// changed by somebody else meanwhile.
    package func update(_ live: Live, to session: Session) async throws(StoreError) -> Live? {
        let key = Self.key(live.id)
        let record = encode(session, live.id)
        guard try await store.commit([.put(key, record)], if: [.equals(key, live.value)]) else { return nil }
        return Live(id: live.id, session: session, value: record.value, recordEnd: record.expires)
    }

    /// Whether the session of this `SessionID.storeName` has not ended.
    func lives(named storeName: String) async throws(StoreError) -> Bool {
        try await store.read(Key(namespace: Self.namespace, name: storeName)) != nil
    }

    /// Ends a session. It is durably gone when this returns.
    package func end(_ id: SessionID) async throws(StoreError) {
        _ = try await store.commit([.remove(Self.key(id))], if: [])
    }

    private static func key(_ id: SessionID) -> Key {
        Key(namespace: namespace, name: id.storeName)
    }

    private func encode(_ session: Session, _ id: SessionID) -> Record {
        let idleEnd = session.touchedAt.addingTimeInterval(idleTimeout)
        return Record(
            value: VisitorMark.put(session, before: id.seal(SessionCoding.encode(session))),
            expires: min(idleEnd, session.expiresAt))
    }

    private func decode(_ value: [UInt8], _ id: SessionID) -> Session? {
        (try? id.open(VisitorMark.taken(from: value))).flatMap(SessionCoding.decode)
    }
}
