package import FoundationEssentials
package import Secure
import WeChat

/// What a signature may have been made with: a ticket, one that has had its time, or what is mistaken for one.
package struct SigningKey: Sendable {
    package enum Standing: Sendable, Equatable {
        case current
        case expired(at: Date)
        case replaced(at: Date)
        /// No ticket at all, but what a ticket is fetched with.
        case accessToken
    }

    let value: Secret
    let standing: Standing

    package init(_ value: Secret, _ standing: Standing) {
        self.value = value
        self.standing = standing
    }

    /// What is wrong with signing with this one: nothing, for the account's own current ticket.
    ///
    /// - Parameter stranger: the account's name, where it is another than the page's.
    func finding(stranger: String?, now: Date) -> SignatureReport.Finding? {
        let owner = stranger.map { " of account \"\($0)\"" } ?? ""
        let chineseOwner = stranger.map { "账号“\($0)”的" } ?? ""
        func ticket(_ code: String, _ english: String, _ chinese: String) -> SignatureReport.Finding {
            guard stranger == nil else {
                return .init(
                    code: "other_account",
                    english:
                        "It was signed with the ticket\(owner)\(english). appId and ticket must be of one account.",
                    chinese: "使用了\(chineseOwner) ticket\(chinese.isEmpty ? "" : "（已在\(chinese)）")。"
                        + "appId 与 ticket 必须属于同一账号。")
            }
            return .init(
                code: code,
                english: "It was signed with the ticket\(english). Fetch a fresh signature, and let nothing cache it.",
                chinese: "签名所用的 ticket 已在\(chinese)。请重新获取签名，且不要缓存。")
        }
        switch standing {
        case .current:
            return stranger == nil ? nil : ticket("other_account", "", "")
        case .expired(let date):
            let age = Age(from: date, to: now)
            return ticket("expired_ticket", " that expired \(age.english)", "\(age.chinese)过期")
        case .replaced(let date):
            let age = Age(from: date, to: now)
            return ticket("previous_ticket", " that was replaced \(age.english)", "\(age.chinese)被替换")
        case .accessToken:
            return .init(
                code: "access_token_signed",
                english: "It was signed with the access token\(owner) in place of the ticket. A ticket is fetched with "
                    + "it, from /cgi-bin/ticket/getticket?type=jsapi.",
                chinese: "签名时误用了\(chineseOwner) access_token，应使用通过它获取的 jsapi_ticket。")
        }
    }

    /// How long ago something was, in words.
    struct Age: Equatable {
        let english: String
        let chinese: String

        init(from date: Date, to now: Date) {
            let seconds = max(0, Int(now.timeIntervalSince(date)))
            let (count, unit, chineseUnit) =
                switch seconds {
                case ..<60: (seconds, "second", "秒")
                case ..<7_200: (seconds / 60, "minute", "分钟")
                case ..<172_800: (seconds / 3_600, "hour", "小时")
                default: (seconds / 86_400, "day", "天")
                }
            english = "\(count) \(unit)\(count == 1 ? "" : "s") ago"
            chinese = "\(count) \(chineseUnit)前"
        }
    }
}

/// An account as a diagnosis sees it.
package struct SuspectAccount: Sendable {
    let name: String
    let appID: String
    let keys: [SigningKey]
    /// Whether pages of a host are the account's.
    let covers: @Sendable (String) -> Bool

    package init(
        name: String, appID: String, keys: [SigningKey], covers: @escaping @Sendable (String) -> Bool = { _ in true }
    ) {
        self.name = name
        self.appID = appID
        self.keys = keys
        self.covers = covers
    }
}

extension SuspectAccount {
    /// With everything its keeper remembers.
    init(_ desk: AccountDesk) async {
        var keys: [SigningKey] = []
        if let ticket = desk.keeper.currentTicket() {
            keys.append(SigningKey(ticket.secret, .current))
        } else if let ticket = desk.keeper.current(.ticket) {
            keys.append(SigningKey(ticket.secret, .expired(at: ticket.expiresAt)))
        }
        if let previous = await desk.keeper.previousTicket() {
            keys.append(SigningKey(previous.ticket.secret, .replaced(at: previous.replacedAt)))
        }
        if let token = desk.keeper.current(.token) { keys.append(SigningKey(token.secret, .accessToken)) }
        self.init(name: desk.name, appID: desk.account.appID, keys: keys) { desk.covers(host: $0) }
    }
}
