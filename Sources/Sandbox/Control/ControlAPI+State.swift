import Wire

/// Knobs, people and accounts, shown and changed.
extension ControlAPI {
    @Sendable static func settings(_ state: inout Platform.State, _ request: Request) -> JSONValue {
        .encoding(state.knobs)
    }

    @Sendable static func changeSettings(
        _ state: inout Platform.State, _ request: Request
    ) throws(ControlError) -> JSONValue {
        guard case .object(var members) = JSONValue.encoding(state.knobs) else { return .null }
        let names = members.keys.sorted()
        let input = try ControlInput(request, knowing: names)
        for name in names {
            guard let value = input[name] else { continue }
            guard members[name]?.isOfOneKind(with: value) == true else {
                throw .badInput("\"\(name)\" must be \(members[name]?.kind ?? "something else")")
            }
            members[name] = value
        }
        let changed: Knobs
        do {
            changed = try JSONValue.object(members).decoded(as: Knobs.self)
        } catch {
            throw .badInput("a number has a fraction, or a name is not one of its choices")
        }
        if !changed.visitor.isEmpty && state.user(changed.visitor) == nil {
            throw .badInput("\"visitor\" is \"\(changed.visitor)\", and no user has that key")
        }
        guard changed.complaints.isEmpty else { throw .badInput(changed.complaints.joined(separator: "; ")) }
        state.knobs = changed
        return .encoding(changed)
    }

    @Sendable static func users(_ state: inout Platform.State, _ request: Request) -> JSONValue {
        ["users": .list(state.users.map { json($0, in: state) })]
    }

    @Sendable static func changeUser(_ state: inout Platform.State, _ request: Request) throws(ControlError)
        -> JSONValue
    {
        let names = ["key", "nickname", "follows", "unionid", "avatar", "limited", "snapshot", "passwordChanged"]
        let input = try ControlInput(request, knowing: names)
        guard let key = try input.text("key"), isKey(key) else {
            throw .badInput("\"key\" is missing: up to 32 lower-case letters, digits and hyphens")
        }
        guard state.user(key) != nil || state.users.count < 100 else {
            throw .badInput("there are a hundred users already")
        }
        var user =
            state.user(key)
            ?? User(
                key: key, nickname: Array(key.utf8), note: Bilingual("自定义用户", "Made by a control call"),
                color: "#44546a")
        if let nickname = try input.text("nickname") { user.nickname = Array(nickname.utf8) }
        if let follows = try input.flag("follows") { user.follows = follows }
        if let unionID = try input.flag("unionid") { user.hasUnionID = unionID }
        if let avatar = try input.flag("avatar") { user.hasAvatar = avatar }
        if let limited = try input.flag("limited") { user.isLimited = limited }
        if let snapshot = try input.choice("snapshot", of: User.Snapshot.allCases.map(\.rawValue)) {
            user.snapshot = User.Snapshot(rawValue: snapshot) ?? .never
        }
        if try input.flag("passwordChanged") == true { user.passwordChangedAt = state.now }
        if let index = state.users.firstIndex(where: { $0.key == key }) {
            state.users[index] = user
        } else {
            state.users.append(user)
        }
        return json(user, in: state)
    }

    private static func isKey(_ key: String) -> Bool {
        (1...32).contains(key.utf8.count) && key.allSatisfy { "a"..."z" ~= $0 || "0"..."9" ~= $0 || $0 == "-" }
    }

    @Sendable static func accounts(_ state: inout Platform.State, _ request: Request) -> JSONValue {
        ["accounts": .list(state.ledgers.map { json($0.account) })]
    }

    @Sendable static func changeAccount(
        _ state: inout Platform.State, _ request: Request
    ) throws(ControlError) -> JSONValue {
        let names = ["appid", "jsDomains", "redirectDomains", "scopes", "whitelist", "secretFrozen"]
        let input = try ControlInput(request, knowing: names)
        let index = try ledger(named: try input.text("appid"), in: state)
        var account = state.ledgers[index].account
        if let domains = try domains("jsDomains", in: input) { account.jsDomains = domains }
        if let domains = try domains("redirectDomains", in: input) { account.redirectDomains = domains }
        if let scopes = try input.texts("scopes") { account.scopes = scopes }
        if input["whitelist"] == "off" {
            account.whitelist = nil
        } else if let texts = try input.texts("whitelist") {
            var blocks: [AddressBlock] = []
            for text in texts {
                guard let block = AddressBlock(text) else { throw .badInput("\"\(text)\" is no address and no block") }
                blocks.append(block)
            }
            account.whitelist = blocks
        }
        if let frozen = try input.flag("secretFrozen") { account.isSecretFrozen = frozen }
        state.ledgers[index].account = account
        return json(account)
    }

    private static func domains(_ name: String, in input: ControlInput) throws(ControlError) -> [String]? {
        guard let domains = try input.texts(name) else { return nil }
        for domain in domains {
            guard let page = PageURL("http://\(domain)/"), page.port == nil, page.rest == "/" else {
                throw .badInput("\"\(domain)\" in \"\(name)\" is not a host name; write no scheme, port or path")
            }
        }
        return domains
    }

    @Sendable static func state(_ state: inout Platform.State, _ request: Request) -> JSONValue {
        let now = state.now
        let accounts = state.ledgers.map { ledger -> JSONValue in
            let tokens = { (family: TokenFamily) -> JSONValue in
                .list(
                    family.tokens.filter { now < $0.dies }.map {
                        [
                            "token": .text($0.text), "age": .number(Double(now - $0.issued)),
                            "dies": .number(Double($0.dies)),
                        ]
                    })
            }
            let tickets = ledger.tickets.mapValues { family -> JSONValue in
                .list(
                    family.tickets.filter { now < $0.dies }.map {
                        [
                            "ticket": .text($0.text), "age": .number(Double(now - $0.issued)),
                            "dies": .number(Double($0.dies)),
                        ]
                    })
            }
            return [
                "account": json(ledger.account), "tickets": .object(tickets),
                "tokens": ["legacy": tokens(ledger.legacy), "stable": tokens(ledger.stable)],
            ]
        }
        return ["now": .number(Double(now)), "accounts": .list(accounts)]
    }

    private static func json(_ account: Account) -> JSONValue {
        [
            "name": .text(account.name), "kind": .text(account.kind.rawValue), "appid": .text(account.appID),
            "secret": account.hidesSecret ? .null : .text(account.appSecret), "token": .text(account.token),
            "jsDomains": .list(account.jsDomains.map { .text($0) }),
            "redirectDomains": .list(account.redirectDomains.map { .text($0) }),
            "scopes": .list(account.scopes.map { .text($0) }),
            "whitelist": account.whitelist.map { .list($0.map { .text($0.description) }) } ?? "off",
            "secretFrozen": .flag(account.isSecretFrozen),
        ]
    }

    private static func json(_ user: User, in state: Platform.State) -> JSONValue {
        let identities = state.ledgers.map {
            ($0.account.appID, Identity(of: user, in: $0.account.appID, isSnapshot: false))
        }
        return [
            "key": .text(user.key), "nickname": .text(user.displayName), "follows": .flag(user.follows),
            "avatar": .flag(user.hasAvatar), "limited": .flag(user.isLimited),
            "snapshot": .text(user.snapshot.rawValue),
            "unionid": identities.first?.1.unionID.map { .text($0) } ?? .null,
            "openids": .object(Dictionary(identities.map { ($0.0, .text($0.1.openID)) }) { first, _ in first }),
        ]
    }
}

extension JSONValue {
    /// What a value of this kind is called in a complaint.
    fileprivate var kind: String {
        switch self {
        case .null: "null"
        case .flag: "true or false"
        case .number: "a number"
        case .text: "a string"
        case .list: "a list"
        case .object: "an object"
        }
    }

    fileprivate func isOfOneKind(with other: JSONValue) -> Bool { kind == other.kind }
}
