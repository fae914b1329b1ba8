import Secure
import WeChat

/// The `accounts` section: what was copied from WeChat's console, checked against the shapes WeChat gives it.
struct AccountReader {
    let sources: ConfigurationSources
    let publicURL: Origin?

    /// Only accounts without a complaint are complete; a list with complaints is never used.
    func accounts(of root: SectionReader) -> [Configuration.Account] {
        var accounts: [Configuration.Account] = []
        var isListed = false
        if case .array(let nodes) = root.node("accounts") { isListed = !nodes.isEmpty }
        root.sections("accounts", of: "accounts") { section in
            let account = read(section)
            for earlier in accounts {
                if earlier.name == account.name {
                    section.complain(
                        "name", "another account is called \(quoted(account.name))", expected: "a name of its own")
                }
                if earlier.appID == account.appID, !account.appID.isEmpty {
                    section.complain(
                        "appId", "the account \(quoted(earlier.name)) has the same appId",
                        expected: "one entry per appId")
                }
            }
            accounts.append(account)
        }
        if !isListed, accounts.isEmpty {
            root.complain(
                "accounts", "names no account", expected: #"at least one: [{ name: "main", appId: …, appSecret: … }]"#)
        }
        return accounts
    }

    private func read(_ section: SectionReader) -> Configuration.Account {
        let name = section.text("name", expected: "a short name") { name throws(Objection) in
            guard Self.isName(name, limit: 64) else {
                throw Objection("\(quoted(name)) is no account name", expected: "1 to 64 letters, digits, _ and -")
            }
            return name
        }
        let appID = section.text("appId", expected: Self.appIDShape, Self.checkedAppID)
        let appSecret = section.secret("appSecret", from: sources) { _ in }
        if let appSecret, !appSecret.isEmpty, !Self.looksLikeAppSecret(appSecret) {
            section.warn(
                "appSecret", "does not look like an AppSecret",
                expected: "32 hexadecimal digits as the console shows them")
        }
        section.require("name", #"a short name, such as "main""#)
        section.require("appId", Self.appIDShape)
        section.require("appSecret", #"{ env: "WECHAT_APP_SECRET" }, for instance"#)
        var account = Configuration.Account(
            name: name ?? "", appID: appID ?? "", appSecret: appSecret ?? Secret(""))
        account.token = section.secret("token", from: sources) { token throws(Objection) in
            guard (3...32).contains(token.utf8.count), Self.isAlphanumeric(token) else {
                throw Objection("is not shaped like a token", expected: "3 to 32 letters and digits, as in the console")
            }
        }
        account.encodingAESKey = section.secret("encodingAESKey", from: sources) { key throws(Objection) in
            guard key.utf8.count == 43, Self.isAlphanumeric(key) else {
                throw Objection(
                    "is not shaped like an EncodingAESKey (\(key.utf8.count) characters)",
                    expected: "43 letters and digits, as in the console")
            }
        }
        section.read("stableToken", into: &account.stableToken)
        account.jsDomains = domains("jsDomains", of: section)
        account.returnDomains = domains("returnDomains", of: section)
        readMenus(section, into: &account)
        return account
    }

    private func domains(_ key: String, of section: SectionReader) -> [Domain] {
        section.list(key, of: "host names") { text throws(Objection) in try Domain(public: text) } ?? []
    }

    private func readMenus(_ section: SectionReader, into account: inout Configuration.Account) {
        let returnDomains = account.returnDomains
        var menus: [String: Configuration.Menu] = [:]
        section.section("menus") { section, _ in
            section.eachMember { name, member in
                // The platform echoes a state only if it is made of these (wechat-platform §1.4).
                if !Self.isAlphanumeric(name) || !(1...128).contains(name.utf8.count) {
                    section.complain(
                        name, "is no menu name", expected: "1 to 128 letters and digits: WeChat echoes no others")
                }
                let target = member.text("to", expected: "a path or URL") { text throws(Objection) in
                    // A publicURL that is missing was complained of already.
                    if let publicURL { try MenuTarget.check(text, domains: returnDomains, publicURL: publicURL) }
                    return text
                }
                member.require("to", "the page this menu leads to")
                var menu = Configuration.Menu(to: target ?? "/")
                menu.scope =
                    member.text("scope", expected: Self.scopes) { text throws(Objection) in
                        guard let scope = Scope(name: text) else {
                            throw Objection("\(quoted(text)) is not a choice", expected: Self.scopes)
                        }
                        return scope
                    } ?? menu.scope
                menus[name] = menu
            }
        }
        account.menus = menus
    }

    private static let scopes = #""base" or "userinfo""#
    private static let appIDShape = #""wx" and 16 hexadecimal digits in lower case"#
    private static func checkedAppID(_ text: String) throws(Objection) -> String {
        if text.hasPrefix("ww") {
            throw Objection(
                "\(quoted(text)) is the id of a WeCom company", expected: "an Official Account's: \(appIDShape)")
        }
        if text.hasPrefix("gh_") {
            throw Objection("\(quoted(text)) is an original id", expected: "the AppID: \(appIDShape)")
        }
        guard text.utf8.count == 18, text.hasPrefix("wx"), text.utf8.dropFirst(2).allSatisfy(isLowerHexDigit) else {
            throw Objection("\(quoted(text)) is no AppID", expected: appIDShape)
        }
        return text
    }

    private static func looksLikeAppSecret(_ secret: Secret) -> Bool {
        secret.withBytes { bytes in
            bytes.count == 32 && bytes.indices.allSatisfy { isLowerHexDigit(bytes[$0]) }
        }
    }

    private static func isLowerHexDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }

    private static func isAlphanumeric(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "A")...UInt8(ascii: "Z"):
                true
            default: false
            }
        }
    }

    /// What names an account, or a site.
    static func isName(_ text: String, limit: Int) -> Bool {
        (1...limit).contains(text.utf8.count) && isAlphanumeric(text.filter { $0 != "_" && $0 != "-" })
    }
}
