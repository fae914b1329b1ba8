/// The access tokens of one account and one endpoint: `/cgi-bin/token` and `/cgi-bin/stable_token` keep one family each,
/// and neither ever touches the other's.
///
/// Every token has two ends: when its life is over (`expires`) and when it really stops working (`dies`). They differ for
/// a token that was replaced, and the difference is what the caller is told: 40001 or 42001.
struct TokenFamily: Sendable {
    struct Token: Equatable, Sendable {
        let text: String
        let issued: Int
        let expires: Int
        var dies: Int
    }

    enum Standing: Equatable {
        case valid
        case replaced
        case expired
        case unknown
    }

    struct Rules: Equatable {
        var lifetime: Int
        var overlap: Int
        var forcesPerDay: Int
        /// Whether a forced refresh ends the old token at once; the documentation allows both readings.
        var forceKillsAtOnce: Bool
    }

    struct Issue: Equatable {
        let token: String
        let expiresIn: Int
        let isNew: Bool
    }

    static let secondsBetweenForces = 30
    /// Dead tokens are remembered so that they get the right error; a script that mints millions must not fill the memory.
    private static let remembered = 4_096

    private(set) var tokens: [Token] = []
    private var lastForce: Int?
    private var forces = DailyCount()

    var current: Token? { tokens.last }

    /// `/cgi-bin/token`: always a new token, and the one before lives on for the overlap.
    mutating func renew(now: Int, rules: Rules, mint: () -> String) -> Issue {
        replace(now: now, rules: rules, survivingUntil: now + rules.overlap, mint: mint)
    }

    /// `/cgi-bin/stable_token`: the same token while it lives, a new one in its last minutes, when both work.
    mutating func steady(now: Int, rules: Rules, mint: () -> String) -> Issue {
        // A life shorter than two overlaps would roll over at every call.
        let rollover = min(rules.overlap, rules.lifetime / 2)
        if let current, now <= current.dies - rollover, now < current.dies {
            return Issue(token: current.text, expiresIn: current.dies - now, isNew: false)
        }
        return replace(now: now, rules: rules, survivingUntil: .max, mint: mint)
    }

    /// `force_refresh`: a new token at most every 30 seconds and `forcesPerDay` times a day.
    mutating func force(now: Int, rules: Rules, mint: () -> String) throws(Refusal) -> Issue {
        if let lastForce, now - lastForce < Self.secondsBetweenForces {
            return steady(now: now, rules: rules, mint: mint)
        }
        guard forces.spend(limit: rules.forcesPerDay, now: now) else { throw .dailyQuota }
        lastForce = now
        let surviving = rules.forceKillsAtOnce ? now : now + rules.overlap
        return replace(now: now, rules: rules, survivingUntil: surviving, mint: mint)
    }

    mutating func killCurrent(now: Int) {
        guard let last = tokens.indices.last else { return }
        tokens[last].dies = min(tokens[last].dies, now)
    }

    func standing(of text: String, now: Int) -> Standing {
        guard let token = tokens.last(where: { $0.text == text }) else { return .unknown }
        if now < token.dies { return .valid }
        return token.dies < token.expires ? .replaced : .expired
    }

    private mutating func replace(
        now: Int, rules: Rules, survivingUntil: Int, mint: () -> String
    ) -> Issue {
        let last = tokens.indices.last
        for index in tokens.indices {
            // Only one predecessor works beside the current token, so that two forced refreshes end a leaked one.
            let end = index == last ? survivingUntil : now
            tokens[index].dies = min(tokens[index].dies, end)
        }
        let token = Token(text: mint(), issued: now, expires: now + rules.lifetime, dies: now + rules.lifetime)
        tokens.append(token)
        if tokens.count > Self.remembered { tokens.removeFirst(tokens.count - Self.remembered) }
        return Issue(token: token.text, expiresIn: rules.lifetime, isNew: true)
    }
}
