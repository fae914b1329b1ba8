import Foundation

/// What the fake platform knows, and what it answers. Written from WeChat's documentation (the shapes: errcode absent
/// on success of tokens and sns calls, present on tickets) and from nothing of the product.
package struct PlatformWorld: Sendable {
    package struct Account: Sendable {
        package var secret: String
        package var ticket: String
        /// What `stable_token` gives without force.
        package var token: String?
        package var aliveTokens: Set<String> = []

        package init(secret: String, ticket: String) {
            self.secret = secret
            self.ticket = ticket
        }
    }

    /// Who holds the phone when the authorisation page is opened.
    package struct Person: Sendable {
        package var openID: String
        package var unionID: String?
        package var nickname = "小鹊"
        package var isSnapshot = false
        /// Presses Deny: the visitor comes back without a code.
        package var refuses = false

        package init(_ openID: String, unionID: String? = nil) {
            self.openID = openID
            self.unionID = unionID
        }
    }

    package struct Code: Sendable {
        let appID: String
        let person: Person
        let scope: String
        var isUsed = false
    }

    package var accounts: [String: Account] = [:]
    package var person = Person("oPerson0000000000000000000001")
    package var codes: [String: Code] = [:]
    /// What begins every token, ticket and code, so that one search finds them all.
    package static let mark = "Kanari7Qx"
    /// What `expires_in` says of tokens and tickets, and of grants.
    package var life = 7200
    package var grantLife = 7200
    private var grants: [String: Person] = [:]
    private var refreshTokens: [String: Code] = [:]
    private var minted = 0

    package init() {}

    // MARK: - What a test does to it

    /// WeChat ends a token before its time. If it is `sticky`, `stable_token` goes on giving it until it is forced.
    package mutating func killToken(_ appID: String, sticky: Bool = false) {
        accounts[appID]?.aliveTokens = []
        if !sticky { accounts[appID]?.token = nil }
    }

    /// A code as the authorisation page would hand it out.
    package mutating func issueCode(_ appID: String, _ person: Person, scope: String = "snsapi_base") -> String {
        let code = text("Code", length: 32)
        codes[code] = Code(appID: appID, person: person, scope: scope)
        return code
    }

    /// What it knows and no log line or file may show.
    var canaries: [Canary] {
        let people = Set(codes.values.prefix(500).map(\.person.openID) + [person.openID])
        let unions = Set(codes.values.prefix(500).compactMap(\.person.unionID))
        return [Canary("token, ticket or code", Self.mark)]
            + accounts.values.map { Canary("AppSecret", $0.secret) }
            + accounts.values.map { Canary("ticket", $0.ticket) }
            + people.map { Canary("openid", $0) } + unions.map { Canary("unionid", $0) }
    }

    private mutating func text(_ kind: String, length: Int) -> String {
        minted += 1
        let start = "\(Self.mark)\(kind)\(minted)x"
        return start + String((start.utf8.count..<length).map { Self.letters[$0 * 7 % 26] })
    }

    private static let letters = Array("abcdefghijklmnopqrstuvwxyz")

    // MARK: - Answers

    package mutating func answer(_ call: FakePlatform.Call) -> PlatformAnswer {
        switch (call.method, call.path) {
        case ("POST", "/cgi-bin/stable_token"): stableToken(call.body)
        case ("GET", "/cgi-bin/token"): token(call.query)
        case ("GET", "/cgi-bin/ticket/getticket"): ticket(call.query)
        case ("GET", "/sns/oauth2/access_token"): exchange(call.query)
        case ("GET", "/sns/oauth2/refresh_token"): refresh(call.query)
        case ("GET", "/sns/userinfo"): userInfo(call.query)
        case ("GET", "/connect/oauth2/authorize"): authorize(call)
        default: PlatformAnswer(status: 404, body: "not simulated")
        }
    }

    private func refusal(_ code: Int, _ message: String) -> PlatformAnswer {
        .json(#"{"errcode":\#(code),"errmsg":"\#(message) rid: 658cff8e-7783352d-44cb33e5"}"#)
    }

    private mutating func stableToken(_ body: String) -> PlatformAnswer {
        guard let order = try? JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any],
            order["grant_type"] as? String == "client_credential"
        else { return refusal(47001, "data format error") }
        guard let appID = order["appid"] as? String, let account = accounts[appID] else {
            return refusal(40013, "invalid appid")
        }
        guard order["secret"] as? String == account.secret else { return refusal(40125, "invalid appsecret") }
        let isForced = order["force_refresh"] as? Bool == true
        if let token = account.token, !isForced { return .json(#"{"access_token":"\#(token)","expires_in":\#(life)}"#) }
        return mint(appID)
    }

    private mutating func token(_ query: [String: String]) -> PlatformAnswer {
        guard let appID = query["appid"], let account = accounts[appID] else { return refusal(40013, "invalid appid") }
        guard query["secret"] == account.secret else { return refusal(40125, "invalid appsecret") }
        return mint(appID)
    }

    private mutating func mint(_ appID: String) -> PlatformAnswer {
        let token = text("Token", length: 157)
        accounts[appID]?.token = token
        accounts[appID]?.aliveTokens.insert(token)
        return .json(#"{"access_token":"\#(token)","expires_in":\#(life)}"#)
    }

    private func ticket(_ query: [String: String]) -> PlatformAnswer {
        guard query["type"] == "jsapi" else { return refusal(40097, "invalid args") }
        guard let token = query["access_token"],
            let account = accounts.values.first(where: {
                $0.aliveTokens.contains(token)
            })
        else { return refusal(40001, "invalid credential, access_token is invalid or not latest") }
        return .json(#"{"errcode":0,"errmsg":"ok","ticket":"\#(account.ticket)","expires_in":\#(life)}"#)
    }

    private mutating func exchange(_ query: [String: String]) -> PlatformAnswer {
        guard let appID = query["appid"], let account = accounts[appID] else { return refusal(40013, "invalid appid") }
        guard query["secret"] == account.secret else { return refusal(40125, "invalid appsecret") }
        guard let text = query["code"], let code = codes[text], code.appID == appID else {
            return refusal(40029, "invalid code")
        }
        guard !code.isUsed else { return refusal(40163, "code been used") }
        codes[text]?.isUsed = true
        return grant(code)
    }

    private mutating func refresh(_ query: [String: String]) -> PlatformAnswer {
        guard let appID = query["appid"], accounts[appID] != nil else { return refusal(40013, "invalid appid") }
        guard query["grant_type"] == "refresh_token", let text = query["refresh_token"],
            let code = refreshTokens[text], code.appID == appID
        else { return refusal(40030, "invalid refresh_token") }
        return grant(code)
    }

    private mutating func grant(_ code: Code) -> PlatformAnswer {
        let (token, refresh) = (text("SnsToken", length: 110), text("Refresh", length: 110))
        grants[token] = code.person
        refreshTokens[refresh] = code
        let union = code.scope == "snsapi_userinfo" ? code.person.unionID.map { #","unionid":"\#($0)""# } ?? "" : ""
        let snapshot = code.person.isSnapshot ? #","is_snapshotuser":1"# : ""
        return .json(
            #"{"access_token":"\#(token)","expires_in":\#(grantLife),"refresh_token":"\#(refresh)","#
                + #""openid":"\#(code.person.openID)","scope":"\#(code.scope)"\#(snapshot)\#(union)}"#)
    }

    private func userInfo(_ query: [String: String]) -> PlatformAnswer {
        guard let token = query["access_token"], let person = grants[token] else {
            return refusal(40001, "invalid credential")
        }
        guard query["openid"] == person.openID else { return refusal(40003, "invalid openid") }
        let union = person.unionID.map { #","unionid":"\#($0)""# } ?? ""
        return .json(
            #"{"openid":"\#(person.openID)","nickname":"\#(person.nickname)","sex":0,"language":"","city":"","#
                + #""headimgurl":"https:\/\/thirdwx.qlogo.cn\/mmopen\/vi_32\/x\/132","privilege":[]\#(union)}"#)
    }

    /// The page where the visitor agrees. WeChat matches the order of the parameters, so the order is checked.
    private mutating func authorize(_ call: FakePlatform.Call) -> PlatformAnswer {
        let names = call.line.split(separator: " ")[1].split(separator: "?")[1].split(separator: "&").map {
            $0.split(separator: "=")[0]
        }
        guard names.starts(with: ["appid", "redirect_uri", "response_type", "scope", "state"]),
            call.query["response_type"] == "code", let appID = call.query["appid"], accounts[appID] != nil,
            let target = call.query["redirect_uri"], let state = call.query["state"], let scope = call.query["scope"],
            ["snsapi_base", "snsapi_userinfo"].contains(scope)
        else { return PlatformAnswer(status: 400, body: "the authorise link is not in its strict form") }
        let separator = target.contains("?") ? "&" : "?"
        let code = person.refuses ? "" : "code=\(issueCode(appID, person, scope: scope))&"
        return .redirect("\(target)\(separator)\(code)state=\(state)")
    }
}
