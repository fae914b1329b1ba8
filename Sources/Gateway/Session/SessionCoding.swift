import FoundationEssentials
import Secure
import WeChat

/// A session as bytes, for the store.
///
/// Not JSON, since whoever asks who a visitor is asks for this: to read it as JSON took half of the time that `/auth`
/// needs. The first byte names the form; a record of another form is no session, and its visitor logs in again.
enum SessionCoding {
    private static let form: UInt8 = 1

    static func encode(_ session: Session) -> [UInt8] {
        var writer = RecordWriter()
        writer.bytes.reserveCapacity(512)
        writer.put(form)
        writer.put(session.createdAt)
        writer.put(session.expiresAt)
        writer.put(session.touchedAt)
        writer.put(count: session.identities.count)
        for (account, identity) in session.identities.sorted(by: { $0.key < $1.key }) {
            writer.put(account)
            put(identity, into: &writer)
        }
        return writer.bytes
    }

    /// Nil for bytes that `encode` has not made.
    static func decode(_ bytes: [UInt8]) -> Session? {
        var reader = RecordReader(bytes)
        do throws(UnfitRecord) {
            guard try reader.byte() == form else { return nil }
            let (created, expires, touched) = (try reader.date(), try reader.date(), try reader.date())
            var identities: [String: Identity] = [:]
            for _ in 0..<(try reader.count()) {
                let account = try reader.text()
                identities[account] = try identity(from: &reader)
            }
            guard reader.isAtEnd else { return nil }
            return Session(identities: identities, createdAt: created, expiresAt: expires, touchedAt: touched)
        } catch {
            return nil
        }
    }

    // MARK: - What a session is made of

    private static func put(_ identity: Identity, into writer: inout RecordWriter) {
        writer.put(identity.openID)
        writer.put(identity.unionID)
        writer.put(identity.scope)
        writer.put(identity.isSnapshot)
        writer.put(identity.signedInAt)
        writer.put(identity.profile != nil)
        if let profile = identity.profile { put(profile, into: &writer) }
        put(identity.grant, into: &writer)
    }

    private static func identity(from reader: inout RecordReader) throws(UnfitRecord) -> Identity {
        let (openID, unionID, scope) = (try reader.text(), try reader.optionalText(), try reader.scope())
        let (isSnapshot, signedInAt) = (try reader.flag(), try reader.date())
        let profile = try reader.flag() ? try profile(from: &reader) : nil
        return Identity(
            openID: openID, unionID: unionID, scope: scope, isSnapshot: isSnapshot, profile: profile,
            grant: try grant(from: &reader), signedInAt: signedInAt)
    }

    private static func put(_ grant: Grant, into writer: inout RecordWriter) {
        writer.put(grant.openID)
        writer.put(grant.unionID)
        writer.put(grant.scope)
        writer.put(grant.isSnapshot)
        writer.put(bytes: grant.accessToken.revealBytes())
        writer.put(grant.refreshToken != nil)
        if let token = grant.refreshToken { writer.put(bytes: token.revealBytes()) }
        writer.put(grant.obtainedAt)
        writer.put(grant.expiresAt)
        writer.put(grant.refreshExpiresAt)
    }

    private static func grant(from reader: inout RecordReader) throws(UnfitRecord) -> Grant {
        let (openID, unionID, scope) = (try reader.text(), try reader.optionalText(), try reader.scope())
        let isSnapshot = try reader.flag()
        let access = Secret(bytes: Array(try reader.bytes()))
        let refresh = try reader.flag() ? Secret(bytes: Array(try reader.bytes())) : nil
        return Grant(
            openID: openID, unionID: unionID, scope: scope, isSnapshot: isSnapshot, accessToken: access,
            refreshToken: refresh, obtainedAt: try reader.date(), expiresAt: try reader.date(),
            refreshExpiresAt: try reader.date())
    }

    private static func put(_ profile: Profile, into writer: inout RecordWriter) {
        writer.put(profile.openID)
        for text in [
            profile.unionID, profile.nickname, profile.avatarURL, profile.language, profile.country, profile.province,
            profile.city,
        ] {
            writer.put(text)
        }
        writer.put(count: profile.sex)
        writer.put(count: profile.privileges.count)
        for privilege in profile.privileges { writer.put(privilege) }
    }

    private static func profile(from reader: inout RecordReader) throws(UnfitRecord) -> Profile {
        let openID = try reader.text()
        var texts: [String?] = []
        for _ in 0..<7 { texts.append(try reader.optionalText()) }
        let sex = try reader.count()
        var privileges: [String] = []
        for _ in 0..<(try reader.count()) { privileges.append(try reader.text()) }
        return Profile(
            openID: openID, unionID: texts[0], nickname: texts[1], avatarURL: texts[2], sex: sex, language: texts[3],
            country: texts[4], province: texts[5], city: texts[6], privileges: privileges)
    }
}
