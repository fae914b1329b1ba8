import FoundationEssentials
import Secure
import Store

/// Where tokens and tickets outlive the process and are shared with others.
///
/// A record is JSON that a person can read, but for the value: that is sealed with AES-256-GCM under a key derived from
/// the AppSecret, so that a stolen store gives no token away. A record that does not open (the AppSecret was changed, or
/// somebody changed the record) is a miss; records of another AppID have another name.
struct CredentialRecords: Sendable {
    /// What the store holds under a name: bytes to compare with, and what they mean, if anything.
    struct Stored {
        var bytes: [UInt8]?
        var credential: Credential?
    }

    private let store: any Store
    private let appID: String
    private let key: Secret
    private let owner: String

    init(store: any Store, account: Account, owner: String) {
        self.store = store
        self.owner = owner
        appID = account.appID
        key = Secret(
            bytes: KDF.hkdfSHA256(
                key: account.appSecret.revealBytes(), salt: Array(account.appID.utf8),
                info: Array("magpie credential 1".utf8), length: AEAD.keyLength))
    }

    func read(_ kind: Credential.Kind) async throws(StoreError) -> Stored {
        let record = try await store.read(name(kind.rawValue))
        return Stored(bytes: record?.value, credential: record.flatMap { open($0.value, as: kind) })
    }

    /// Writes what replaces `stored`, and keeps a replaced ticket for a day, for whoever has to explain a signature.
    ///
    /// - Returns: `false` when somebody wrote since `stored` was read, which happens to those who outlive their lease.
    func write(_ credential: Credential, over stored: Stored) async throws(StoreError) -> Bool {
        // Kept beyond its use, because its age says how long the same value may still live.
        let record = Record(value: encode(credential), expires: credential.validUntil + 3600)
        var changes = [Change.put(name(credential.kind.rawValue), record)]
        if credential.kind == .ticket, let old = stored.credential, let bytes = stored.bytes,
            old.secret != credential.secret
        {
            changes.append(
                .put(name(Self.previous), Record(value: bytes, expires: credential.obtainedAt + Self.keptFor)))
        }
        let name = name(credential.kind.rawValue)
        return try await store.commit(changes, if: [stored.bytes.map { .equals(name, $0) } ?? .absent(name)])
    }

    func previousTicket() async throws(StoreError) -> ReplacedTicket? {
        guard let record = try await store.read(name(Self.previous)), let end = record.expires,
            let ticket = open(record.value, as: .ticket)
        else { return nil }
        return ReplacedTicket(ticket: ticket, replacedAt: end - Self.keptFor)
    }

    func readLedger() async throws(StoreError) -> ForceLedger {
        let record = try await store.read(name(Self.forces))
        return record.flatMap { try? JSONDecoder().decode(ForceLedger.self, from: Data($0.value)) } ?? ForceLedger()
    }

    func write(_ ledger: ForceLedger, at now: Date) async throws(StoreError) {
        guard let bytes = try? JSONEncoder().encode(ledger) else { return }
        try await store.put(name(Self.forces), Record(value: [UInt8](bytes), expires: now + 172_800))
    }

    private static let previous = "previous-ticket"
    /// Of a replaced ticket, from the moment on that another took its place.
    private static let keptFor = 86_400.0
    private static let forces = "forced-tokens"

    private func name(_ suffix: String) -> Key {
        Key(namespace: "credential", name: "\(appID).\(suffix)")
    }
}

extension CredentialRecords {
    func acquireLease(_ kind: Credential.Kind, for duration: Duration) async throws(StoreError) -> Lease? {
        try await store.acquireLease("\(appID).\(kind.rawValue)", owner: owner, for: duration)
    }

    func renew(_ lease: Lease, for duration: Duration) async throws(StoreError) {
        _ = try await store.renew(lease, for: duration)
    }

    func sightLease(_ kind: Credential.Kind) async throws(StoreError) -> LeaseSighting? {
        try await store.sightLease("\(appID).\(kind.rawValue)")
    }

    func endLease(_ kind: Credential.Kind, seenAs sighting: LeaseSighting) async throws(StoreError) {
        try await store.endLease("\(appID).\(kind.rawValue)", seenAs: sighting)
    }

    func release(_ lease: Lease) async throws(StoreError) {
        try await store.release(lease)
    }
}

extension CredentialRecords {
    private struct Face: Codable {
        var kind: Credential.Kind
        var appId: String
        var obtainedAt: Date
        var expiresAt: Date
        var validUntil: Date
        var generation: Int
        var sealed: String

        /// The readable fields, in the form that the seal covers: moving a value to another account, or giving it a
        /// longer life, breaks the seal.
        var context: [UInt8] {
            let times = [obtainedAt, expiresAt, validUntil].map { Int64($0.timeIntervalSince1970) }
            return Array("\(kind.rawValue) \(appId) \(times) \(generation)".utf8)
        }
    }

    private func encode(_ credential: Credential) -> [UInt8] {
        var face = Face(
            kind: credential.kind, appId: appID, obtainedAt: credential.obtainedAt, expiresAt: credential.expiresAt,
            validUntil: credential.validUntil, generation: credential.generation, sealed: "")
        face.sealed = Base64URL.encode(
            AEAD.seal(credential.secret.revealBytes(), key: key.revealBytes(), context: face.context))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        encoder.dateEncodingStrategy = .iso8601
        guard let bytes = try? encoder.encode(face) else {
            preconditionFailure("texts, numbers and dates always encode")
        }
        return [UInt8](bytes)
    }

    private func open(_ bytes: [UInt8], as kind: Credential.Kind) -> Credential? {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        // The range keeps a date that somebody typed from trapping where it becomes an integer.
        guard let face = try? decoder.decode(Face.self, from: Data(bytes)), face.kind == kind, face.appId == appID,
            [face.obtainedAt, face.expiresAt, face.validUntil].allSatisfy(Self.isPlausible),
            let sealed = Base64URL.decode(face.sealed),
            let value = try? AEAD.open(sealed, key: key.revealBytes(), context: face.context), !value.isEmpty
        else { return nil }
        return Credential(
            kind: kind, secret: Secret(bytes: value), obtainedAt: face.obtainedAt, expiresAt: face.expiresAt,
            validUntil: face.validUntil, generation: face.generation)
    }

    private static func isPlausible(_ date: Date) -> Bool {
        (0...253_402_300_799).contains(date.timeIntervalSince1970)
    }
}
