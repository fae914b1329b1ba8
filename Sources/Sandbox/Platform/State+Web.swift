/// Web authorisation: codes, grants, profiles (`/sns/*`) and what an account may ask about its users.
extension Platform.State {
    mutating func mintCode(for user: User, at index: Int, scope: String, isSnapshot: Bool) -> String {
        let account = ledgers[index].account
        let lifetime = account.kind == .website ? knobs.websiteCodeLifetime : knobs.codeLifetime
        let code = Grants.Code(
            text: entropy.alphanumeric(32), appID: account.appID, scope: scope, user: user.key, isSnapshot: isSnapshot,
            expires: now + lifetime)
        grants.keep(code)
        let nature = isSnapshot ? ", a snapshot" : ""
        record("code", "/connect", "a code for \(user.key), \(scope)\(nature), \(account.name)")
        return code.text
    }

    mutating func redeem(
        code: String?, appID: String?, secret: String?, grantType: String?
    ) throws(Refusal) -> Grants.Grant {
        guard grantType == "authorization_code" else { throw .badGrantType }
        let index = try identify(appID: appID, secret: secret)
        guard let code, !code.isEmpty else { throw .missingCode }
        guard ledgers[index].webMinute.spend(limit: knobs.webCallsPerMinute, now: now) else { throw .minuteQuota }
        let account = ledgers[index].account
        let expired: Refusal = knobs.expiredCodeErrcode == 42003 ? .expiredCode : .badCode
        let redeemed = try grants.redeem(code, appID: account.appID, now: now, expired: expired)
        guard let user = user(redeemed.user) else { throw .badCode }
        if user.isLimited { throw .limitedUser }
        let identity = Identity(of: user, in: account.appID, isSnapshot: redeemed.isSnapshot)
        let grant = Grants.Grant(
            appID: account.appID, scope: redeemed.scope, user: user.key, isSnapshot: redeemed.isSnapshot,
            openID: identity.openID, grantedAt: now, accessToken: entropy.token(110),
            accessExpires: now + knobs.webTokenLifetime, refreshToken: entropy.token(110),
            refreshExpires: now + knobs.refreshTokenLifetime)
        grants.keep(grant)
        return grant
    }

    /// A living access token is prolonged under the same name, a dead one replaced; the refresh token is never renewed.
    mutating func refresh(_ refreshToken: String?, appID: String?, grantType: String?) throws(Refusal) -> Grants.Grant {
        guard grantType == "refresh_token" else { throw .badGrantType }
        guard let appID, !appID.isEmpty else { throw .missingAppID }
        guard let index = ledger(of: appID) else { throw .badAppID }
        guard let refreshToken, !refreshToken.isEmpty else { throw .missingRefreshToken }
        guard ledgers[index].webMinute.spend(limit: knobs.webCallsPerMinute, now: now) else { throw .minuteQuota }
        guard var grant = grants.grant(refreshToken: refreshToken), grant.appID == appID else { throw .badRefreshToken }
        guard now < grant.refreshExpires else { throw .expiredRefreshToken }
        if isRevoked(grant) { throw .changedPassword }
        if now >= grant.accessExpires { grant.accessToken = entropy.token(110) }
        grant.accessExpires = now + knobs.webTokenLifetime
        grants.keep(grant)
        return grant
    }

    /// The grant behind a web token, which must be the named person's.
    func grant(_ accessToken: String?, openID: String?) throws(Refusal) -> Grants.Grant {
        guard let accessToken, !accessToken.isEmpty else { throw .missingToken }
        guard let openID, !openID.isEmpty else { throw .missingOpenID }
        switch grants.standing(of: accessToken, now: now) {
        case .expired: throw .expiredToken
        case .unknown:
            let isAccountToken = ledgers.contains { ledger in
                [ledger.legacy, ledger.stable].contains { $0.standing(of: accessToken, now: now) != .unknown }
            }
            throw isAccountToken ? .replacedToken : unknownToken
        case .valid(let grant):
            if isRevoked(grant) { throw .replacedToken }
            guard grant.openID == openID else { throw .badOpenID }
            return grant
        }
    }

    /// Who is behind a grant, when its scope allows the question.
    mutating func profile(_ accessToken: String?, openID: String?) throws(Refusal) -> (Grants.Grant, User) {
        let grant = try grant(accessToken, openID: openID)
        guard let user = user(grant.user), let index = ledger(of: grant.appID) else { throw .badOpenID }
        guard ledgers[index].webMinute.spend(limit: knobs.webCallsPerMinute, now: now) else { throw .minuteQuota }
        guard grant.scope != "snsapi_base" else { throw .unauthorized }
        if grant.isSnapshot && knobs.snapshotProfile == .unauthorized { throw .unauthorized }
        if user.isLimited { throw .limitedUser }
        return (grant, user)
    }

    /// The person an account's own token asks about: `/cgi-bin/user/info`.
    func acquaintance(openID: String?, accessToken: String?) throws(Refusal) -> (User, Identity) {
        let index = try ledger(holding: accessToken)
        guard let openID, !openID.isEmpty else { throw .missingOpenID }
        let appID = ledgers[index].account.appID
        for user in users {
            let identity = Identity(of: user, in: appID, isSnapshot: false)
            guard identity.openID == openID else { continue }
            if user.isLimited { throw .limitedUser }
            return (user, identity)
        }
        throw .badOpenID
    }

    private func isRevoked(_ grant: Grants.Grant) -> Bool {
        guard let changed = user(grant.user)?.passwordChangedAt else { return false }
        return grant.grantedAt <= changed
    }
}
