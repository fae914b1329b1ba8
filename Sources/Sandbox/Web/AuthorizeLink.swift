import Wire

/// A link to a page of authorisation, read as strictly as the platform reads it.
struct AuthorizeLink: Equatable, Sendable {
    enum Flavour: String, Sendable {
        /// `/connect/oauth2/authorize`, inside WeChat.
        case official = "/connect/oauth2/authorize"
        /// `/connect/qrconnect`, on a computer: the phone scans a code.
        case website = "/connect/qrconnect"
    }

    let flavour: Flavour
    let raw: String
    let appID: String
    let redirectURI: String
    let scope: String
    let state: String?
    let forcesSnapshot: Bool
    let forcesPopup: Bool
    /// `connect_redirect=1`, which nobody documents, keeps the platform from calling back twice.
    let isCalledBackOnce: Bool

    static let order = ["appid", "redirect_uri", "response_type", "scope", "state"]

    init(_ query: Query, flavour: Flavour, at platform: Platform.State) throws(PageError) {
        self.flavour = flavour
        raw = query.raw
        let values = try Parameters(query)
        appID = try values.filled("appid", else: .emptyAppID)
        redirectURI = try values.filled("redirect_uri", else: .emptyRedirect)
        scope = try values.filled("scope", else: .emptyScope)
        state = values["state"]
        forcesPopup = values["forcePopup"] == "true"
        forcesSnapshot = values["forceSnapShot"] == "true"
        isCalledBackOnce = values["connect_redirect"] == "1"

        // The platform matches the whole link against one pattern, so that the order counts. Website login never did.
        if platform.knobs.strictOrder && flavour == .official {
            let wanted = Self.order.filter { values[$0] != nil }
            guard Array(values.names.prefix(wanted.count)) == wanted else { throw .wrongOrder }
        }
        guard values["response_type"] == "code" else { throw .badResponseType }
        guard let index = platform.ledger(of: appID) else { throw .unknownAppID }
        let account = platform.ledgers[index].account
        try Self.check(scope: scope, of: account, flavour: flavour)
        try Self.check(redirectURI: redirectURI, of: account, knobs: platform.knobs)
        if let state { try Self.check(state: state) }
    }

    private static func check(scope: String, of account: Account, flavour: Flavour) throws(PageError) {
        switch (flavour, account.kind) {
        case (.official, .website): throw .websiteAppID
        case (.website, .official): throw .noScopeRight
        default: break
        }
        guard account.scopes.contains(scope) else { throw .noScopeRight }
    }

    private static func check(redirectURI: String, of account: Account, knobs: Knobs) throws(PageError) {
        guard let page = PageURL(redirectURI) else {
            let isEncodedTwice =
                redirectURI.lowercased().hasPrefix("http%3a") || redirectURI.lowercased().hasPrefix("https%3a")
            throw .redirectDomain(
                isEncodedTwice
                    ? Bilingual("redirect_uri 被编码了两次。", "redirect_uri was encoded twice.")
                    : Bilingual("redirect_uri 须为 http(s) 绝对地址。", "redirect_uri must be an absolute http(s) URL."))
        }
        guard account.redirectDomains.contains(where: { $0.lowercased() == page.host }) else {
            let list = account.redirectDomains.joined(separator: ", ")
            throw .redirectDomain(
                Bilingual(
                    "域名 \(page.host) 不等于网页授权域名：\(list)（子域名不算）。",
                    "\(page.host) is not one of the web authorisation domains: \(list). Sub-domains are not covered."))
        }
        guard page.port == nil || knobs.allowsPort(on: page) else {
            throw .redirectDomain(
                Bilingual("redirect_uri 不能带端口。", "redirect_uri must not carry a port."))
        }
    }

    private static func check(state: String) throws(PageError) {
        guard !state.isEmpty else { throw .emptyState }
        let isPlain = state.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        guard isPlain, state.utf8.count <= 128 else { throw .badState }
    }

    /// Where the visitor goes next: the given address with the code and the state behind whatever query it has.
    ///
    /// Without a code it is a refusal. The fragment is lost, as it is in real life.
    func callback(code: String?) -> String {
        var target = PageURL.withoutFragment(redirectURI)
        if let page = PageURL(redirectURI), page.rest.isEmpty || page.rest.first == "?" || page.rest.first == "#" {
            let origin = target.prefix { $0 != "?" }
            target = origin + "/" + target.dropFirst(origin.count)
        }
        if let last = target.last, last != "?" && last != "&" { target += target.contains("?") ? "&" : "?" }
        let answer = code.map { "code=\($0)&" } ?? ""
        return Self.ascii(target) + answer + "state=\(state ?? "")"
    }

    /// A header's value is ASCII: whatever the decoded address has beyond is encoded again.
    private static func ascii(_ url: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var output: [UInt8] = []
        for byte in url.utf8 {
            let isSafe = byte > 0x20 && byte < 0x7F && !#""<>\^`{|}"#.utf8.contains(byte)
            output += isSafe ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: output, as: UTF8.self)
    }
}

/// The parameters of a link in the order they came.
private struct Parameters {
    let names: [String]
    private var values: [String: String] = [:]

    init(_ query: Query) throws(PageError) {
        var names: [String] = []
        for pair in query.raw.split(separator: "&", omittingEmptySubsequences: true) {
            let name = String(pair.prefix { $0 != "=" })
            guard !names.contains(name) else { throw .wrongOrder }
            names.append(name)
            do {
                values[name] = try query.first(name)
            } catch {
                throw .badEncoding
            }
        }
        self.names = names
    }

    subscript(name: String) -> String? { values[name] }

    func filled(_ name: String, else missing: PageError) throws(PageError) -> String {
        guard let value = values[name], !value.isEmpty else { throw missing }
        return value
    }
}
