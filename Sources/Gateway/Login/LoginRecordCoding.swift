import FoundationEssentials
import WeChat

/// A login as bytes, for the store; every login writes three of them and reads two.
///
/// The first byte names the form. A record of another form is no login, and its visitor begins anew.
enum LoginRecordCoding {
    private static let form: UInt8 = 1
    /// The same, and a site's visit behind what every stage has. Whoever knows the first form alone knows the rest.
    private static let formWithVisit: UInt8 = 2

    static func encode(_ record: LoginRecord) -> [UInt8] {
        var writer = RecordWriter()
        writer.bytes.reserveCapacity(256)
        writer.put(record.login.visit == nil ? form : formWithVisit)
        switch record {
        case .open(let login): put(login, as: 0, into: &writer)
        case .claimed(let login): put(login, as: 1, into: &writer)
        case .spent(let login): put(login, as: 2, into: &writer)
        case .done(let login):
            let common = PendingLogin(
                account: login.account, target: login.target, scope: login.scope, binding: login.binding,
                restarts: login.restarts, visit: login.visit)
            put(common, as: 3, into: &writer)
            writer.put(bytes: Array(login.sealedSession))
        }
        return writer.bytes
    }

    /// Nil for bytes that `encode` has not made.
    static func decode(_ bytes: [UInt8]) -> LoginRecord? {
        var reader = RecordReader(bytes)
        do throws(UnfitRecord) {
            let form = try reader.byte()
            guard form == Self.form || form == formWithVisit else { return nil }
            let stage = try reader.byte()
            var login = PendingLogin(
                account: try reader.text(), target: ReturnTarget(checked: try reader.text()),
                scope: try reader.scope(), binding: try reader.optionalText(), restarts: try reader.count())
            if form == formWithVisit {
                login.visit = SiteVisit(site: try reader.text(), nonce: try reader.optionalText())
            }
            let record: LoginRecord
            switch (stage, login.binding) {
            case (0, _): record = .open(login)
            case (1, _): record = .claimed(login)
            case (2, _): record = .spent(login)
            case (3, let binding?):
                record = .done(
                    CompletedLogin(
                        account: login.account, target: login.target, scope: login.scope, binding: binding,
                        restarts: login.restarts, visit: login.visit, sealedSession: Data(try reader.bytes())))
            default: return nil
            }
            return reader.isAtEnd ? record : nil
        } catch {
            return nil
        }
    }

    private static func put(_ login: PendingLogin, as stage: UInt8, into writer: inout RecordWriter) {
        writer.put(stage)
        writer.put(login.account)
        writer.put(login.target.location)
        writer.put(login.scope)
        writer.put(login.binding)
        writer.put(count: login.restarts)
        guard let visit = login.visit else { return }
        writer.put(visit.site)
        writer.put(visit.nonce)
    }
}
