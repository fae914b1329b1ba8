import Wire

/// Access tokens and tickets of accounts: `/cgi-bin/token`, `/cgi-bin/stable_token`, `/cgi-bin/ticket/getticket`.
extension Platform.State {
    /// What a caller shows to get a token.
    struct Credential {
        var grantType: String?
        var appID: String?
        var secret: String?
        var caller: IPAddress?
    }

    mutating func issueToken(to credential: Credential) throws(Refusal) -> TokenFamily.Issue {
        let index = try authenticate(credential, grantType: "client_credential")
        guard ledgers[index].legacyDay.spend(limit: knobs.tokensPerDay, now: now) else { throw .dailyQuota }
        let issue = ledgers[index].legacy.renew(now: now, rules: knobs.tokenRules) { entropy.token(157) }
        noteNewToken(issue, at: index, from: "/cgi-bin/token")
        return issue
    }

    mutating func issueStableToken(to credential: Credential, force: Bool) throws(Refusal) -> TokenFamily.Issue {
        let index = try authenticate(credential, grantType: "client_credential")
        guard ledgers[index].stableMinute.spend(limit: knobs.stablePerMinute, now: now) else { throw .minuteQuota }
        guard ledgers[index].stableDay.spend(limit: knobs.stablePerDay, now: now) else { throw .dailyQuota }
        let rules = knobs.tokenRules
        let issue =
            force
            ? try ledgers[index].stable.force(now: now, rules: rules) { entropy.token(157) }
            : ledgers[index].stable.steady(now: now, rules: rules) { entropy.token(157) }
        noteNewToken(issue, at: index, from: "/cgi-bin/stable_token")
        return issue
    }

    mutating func issueTicket(to accessToken: String?, type: String?) throws(Refusal) -> TicketFamily.Issue {
        let index = try ledger(holding: accessToken)
        guard let type, ["jsapi", "wx_card"].contains(type) else { throw .badTicketType }
        guard ledgers[index].ticketDay.spend(limit: knobs.ticketsPerDay, now: now) else { throw .dailyQuota }
        let prefix = Identifier.ticketPrefix(of: ledgers[index].account.appID)
        let issue = ledgers[index].tickets[type, default: TicketFamily()].read(now: now, rules: knobs.ticketRules) {
            prefix + entropy.base64url(86 - prefix.count)
        }
        if issue.isNew { record("ticket", "/cgi-bin/ticket/getticket", "a new \(type) ticket") }
        return issue
    }

    /// Whose access token this is. A token of web authorisation opens nothing here, and the other way round.
    func ledger(holding accessToken: String?) throws(Refusal) -> Int {
        guard let accessToken, !accessToken.isEmpty else { throw .missingToken }
        for (index, ledger) in ledgers.enumerated() {
            for family in [ledger.legacy, ledger.stable] {
                switch family.standing(of: accessToken, now: now) {
                case .valid: return index
                case .replaced: throw .replacedToken
                case .expired: throw .expiredToken
                case .unknown: continue
                }
            }
        }
        if grants.standing(of: accessToken, now: now) != .unknown { throw .replacedToken }
        throw unknownToken
    }

    var unknownToken: Refusal { knobs.unknownTokenErrcode == 40001 ? .replacedToken : .unknownToken }

    /// Ends the current token, or tokens, of an account before their time, as the platform now and then does.
    mutating func killTokens(at index: Int, family: String?) {
        if family != "stable" { ledgers[index].legacy.killCurrent(now: now) }
        if family != "legacy" { ledgers[index].stable.killCurrent(now: now) }
    }

    /// `/cgi-bin/clear_quota`: at most ten times a month.
    mutating func clearQuota(of appID: String?, accessToken: String?) throws(Refusal) {
        let index = try ledger(holding: accessToken)
        guard appID == ledgers[index].account.appID else { throw .badAppID }
        // A month of 30 days is near enough for a counter that a test moves the clock across.
        let month = now / (30 * 86_400)
        if ledgers[index].clearsMonth != month {
            ledgers[index].clearsMonth = month
            ledgers[index].clearsUsed = 0
        }
        guard ledgers[index].clearsUsed < knobs.clearsPerMonth else { throw .clearedTooOften }
        ledgers[index].clearsUsed += 1
        ledgers[index].legacyDay.clear()
        ledgers[index].stableDay.clear()
        ledgers[index].ticketDay.clear()
    }

    private func authenticate(_ credential: Credential, grantType: String) throws(Refusal) -> Int {
        guard credential.grantType == grantType else { throw .badGrantType }
        let index = try identify(appID: credential.appID, secret: credential.secret)
        guard ledgers[index].account.kind == .official else { throw .badAppID }
        guard let whitelist = ledgers[index].account.whitelist else { return index }
        if let caller = credential.caller, whitelist.contains(where: { $0.contains(caller) }) { return index }
        let address = credential.caller.map { "\($0)" } ?? "127.0.0.1"
        let other = address.contains(":") ? "" : " ipv6 ::ffff:\(address)"
        throw Refusal(knobs.whitelistErrcode, "invalid ip \(address)\(other), not in whitelist")
    }

    /// The account that an appid and its secret name.
    func identify(appID: String?, secret: String?) throws(Refusal) -> Int {
        guard let appID, !appID.isEmpty else { throw .missingAppID }
        guard let secret, !secret.isEmpty else { throw .missingSecret }
        guard let index = ledger(of: appID) else { throw .badAppID }
        if ledgers[index].account.isSecretFrozen { throw .frozenSecret }
        guard ledgers[index].account.appSecret == secret else {
            throw knobs.wrongSecretErrcode == 40001 ? Refusal(40001, "invalid credential") : .badSecret
        }
        return index
    }

    private mutating func noteNewToken(_ issue: TokenFamily.Issue, at index: Int, from path: String) {
        guard issue.isNew else { return }
        if knobs.ticketDiesWithToken { ledgers[index].killTickets(now: now) }
        record("token", path, "a new access token for \(ledgers[index].account.name)")
    }
}
