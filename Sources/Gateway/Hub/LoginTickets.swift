import FoundationEssentials
import Secure
import Store

/// The tickets under way, in the store: given out at the end of a login, taken back once.
struct LoginTickets: Sendable {
    private let store: any Store
    private let now: @Sendable () -> Date

    /// How long a ticket is good, in seconds: for one redirect and one call, on a slow phone.
    static let lifetime: TimeInterval = 60
    /// How far clocks may be apart, in seconds.
    private static let clockTolerance: TimeInterval = 60
    static let namespace = "ticket"

    init(store: any Store, now: @escaping @Sendable () -> Date) {
        self.store = store
        self.now = now
    }

    /// What a ticket stands for.
    ///
    /// Not the session's id, with which its finder could be the visitor here: tickets travel in URLs, and URLs get into
    /// logs. The identity is written down as it was when the ticket was given out.
    struct Content: Sendable, Equatable {
        /// The site that may redeem it, and where that was then: a name that was given to another site since is another.
        var site: String
        var origin: String
        var nonce: String?
        /// Of the session that it comes from: when that has ended, so has the ticket.
        var sessionName: String
        /// What the backend is told.
        var identity: [UInt8]
    }

    enum Redemption: Sendable {
        case redeemed(Content)
        /// Never given out, expired, or redeemed before.
        case unknown
        case otherSite
        case otherNonce
    }

    func issue(_ content: Content) async throws(StoreError) -> LoginTicket {
        let ticket = LoginTicket.random()
        let record = Record(
            value: ticket.seal(Self.encode(content)), expires: now().addingTimeInterval(Self.lifetime))
        try await store.put(Self.key(ticket), record)
        return ticket
    }

    /// Takes a ticket back. Of any number of callers, in any number of processes, one gets what it stands for.
    func redeem(
        _ ticket: LoginTicket, by site: Configuration.Site, nonce: String?
    ) async throws(StoreError) -> Redemption {
        let key = Self.key(ticket)
        guard let record = try await store.read(key), let content = ticket.open(record.value).flatMap(Self.decode),
            // Written while the clock was ahead: how old it is nobody knows.
            let expires = record.expires, expires <= now() + Self.lifetime + Self.clockTolerance
        else { return .unknown }
        // It stays good for its own site: nobody else can spoil it.
        guard content.site == site.name, content.origin == site.origin.description else { return .otherSite }
        // From here on it is spent, whatever comes of it: with the wrong nonce nobody tries again.
        guard try await store.commit([.remove(key)], if: [.equals(key, record.value)]) else { return .unknown }
        return Self.isSame(content.nonce, nonce) ? .redeemed(content) : .otherNonce
    }

    /// Byte by byte: to Swift's `==` the Kelvin sign is a K.
    private static func isSame(_ a: String?, _ b: String?) -> Bool {
        switch (a, b) {
        case (nil, nil): true
        case (let a?, let b?): constantTimeEquals(Array(a.utf8), Array(b.utf8))
        default: false
        }
    }

    private static func key(_ ticket: LoginTicket) -> Key {
        Key(namespace: namespace, name: ticket.storeName)
    }

    // MARK: - As bytes

    private static let form: UInt8 = 1

    private static func encode(_ content: Content) -> [UInt8] {
        var writer = RecordWriter()
        writer.put(form)
        for text in [content.site, content.origin] { writer.put(text) }
        writer.put(content.nonce)
        writer.put(content.sessionName)
        writer.put(bytes: content.identity)
        return writer.bytes
    }

    /// Nil for bytes that `encode` has not made.
    private static func decode(_ bytes: [UInt8]) -> Content? {
        var reader = RecordReader(bytes)
        do throws(UnfitRecord) {
            guard try reader.byte() == form else { return nil }
            let content = Content(
                site: try reader.text(), origin: try reader.text(), nonce: try reader.optionalText(),
                sessionName: try reader.text(), identity: Array(try reader.bytes()))
            return reader.isAtEnd ? content : nil
        } catch {
            return nil
        }
    }
}
