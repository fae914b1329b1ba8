/// Where the platform's behaviour is a matter of circumstance, or not known for certain, a knob chooses.
///
/// `GET /_sandbox/settings` shows them, `POST /_sandbox/settings` changes those it names.
package struct Knobs: Codable, Equatable, Sendable {
    /// Refuse an authorize link whose parameters are not in the documented order.
    package var strictOrder = true
    /// Demand `MicroMessenger` in the User-Agent of pages and of the script, as the platform does; off, any browser will do.
    package var requireWeChat = false
    /// Whether `redirect_uri` and signed pages may carry a port, which the platform never allows: `none`, `any` (a phone in
    /// the same network), or `loopback` hosts only.
    package var ports = Ports.loopback
    /// Give followers' `snsapi_userinfo` without a page of consent.
    package var followersSilent = true
    /// The person who is taken when the browser has chosen none, so that a test needs no page. Empty: ask.
    package var visitor = ""
    /// Take the page of consent for allowed when the visitor is known.
    package var autoConsent = false
    /// Call back twice with different codes and one state, unless the link says `connect_redirect=1`.
    package var doubleCallback = false
    /// Seconds.
    package var tokenLifetime = 7_200
    package var tokenOverlap = 300
    package var ticketLifetime = 7_200
    package var ticketOverlap = 7_200
    package var codeLifetime = 300
    package var websiteCodeLifetime = 600
    package var webTokenLifetime = 7_200
    package var refreshTokenLifetime = 30 * 86_400
    /// `constant`: a ticket read again still says 7200. `remaining`: it says what is left.
    package var ticketExpiresIn = TicketExpiry.constant
    package var ticketDiesWithToken = false
    package var forceKillsAtOnce = false
    /// Where the codes seen in real life and in documents differ.
    package var expiredCodeErrcode = 40029
    package var unknownTokenErrcode = 40014
    package var whitelistErrcode = 40164
    package var wrongSecretErrcode = 40125
    /// `/sns/userinfo` of a snapshot identity: `virtual` data, or `unauthorized` (48001) as in 2022.
    package var snapshotProfile = SnapshotProfile.virtual
    package var tokensPerDay = 2_000
    package var stablePerMinute = 10_000
    package var stablePerDay = 500_000
    package var forcesPerDay = 20
    package var ticketsPerDay = 1_000_000
    package var webCallsPerMinute = 50_000
    package var clearsPerMonth = 10
    /// Every API call takes this much longer, in milliseconds.
    package var latency = 0

    package enum Ports: String, Codable, Sendable {
        case none
        case loopback
        case any
    }

    package enum TicketExpiry: String, Codable, Sendable {
        case constant
        case remaining
    }

    package enum SnapshotProfile: String, Codable, Sendable {
        case virtual
        case unauthorized
    }

    package init() {}

    /// What is wrong with these values, in sentences.
    var complaints: [String] {
        var complaints: [String] = []
        let ranges: [(String, Int, ClosedRange<Int>)] = [
            ("tokenLifetime", tokenLifetime, 1...7_200), ("tokenOverlap", tokenOverlap, 0...300),
            ("ticketLifetime", ticketLifetime, 1...86_400), ("ticketOverlap", ticketOverlap, 0...86_400),
            ("codeLifetime", codeLifetime, 1...86_400), ("websiteCodeLifetime", websiteCodeLifetime, 1...86_400),
            ("webTokenLifetime", webTokenLifetime, 1...86_400),
            ("refreshTokenLifetime", refreshTokenLifetime, 1...366 * 86_400),
            ("tokensPerDay", tokensPerDay, 0...1_000_000_000), ("stablePerMinute", stablePerMinute, 0...1_000_000_000),
            ("stablePerDay", stablePerDay, 0...1_000_000_000), ("forcesPerDay", forcesPerDay, 0...1_000_000_000),
            ("ticketsPerDay", ticketsPerDay, 0...1_000_000_000),
            ("webCallsPerMinute", webCallsPerMinute, 0...1_000_000_000),
            ("clearsPerMonth", clearsPerMonth, 0...1_000_000_000), ("latency", latency, 0...60_000),
        ]
        for (name, value, range) in ranges where !range.contains(value) {
            complaints.append("\(name) is \(value), outside \(range.lowerBound)…\(range.upperBound)")
        }
        let choices: [(String, Int, [Int])] = [
            ("expiredCodeErrcode", expiredCodeErrcode, [40029, 42003]),
            ("unknownTokenErrcode", unknownTokenErrcode, [40014, 40001]),
            ("whitelistErrcode", whitelistErrcode, [40164, 61004]),
            ("wrongSecretErrcode", wrongSecretErrcode, [40125, 40001]),
        ]
        for (name, value, allowed) in choices where !allowed.contains(value) {
            complaints.append("\(name) is \(value), not one of \(allowed.map(String.init).joined(separator: ", "))")
        }
        return complaints
    }

    func allowsPort(on page: PageURL) -> Bool {
        switch ports {
        case .none: false
        case .loopback: page.isLoopback
        case .any: true
        }
    }

    var tokenRules: TokenFamily.Rules {
        .init(
            lifetime: tokenLifetime, overlap: tokenOverlap, forcesPerDay: forcesPerDay,
            forceKillsAtOnce: forceKillsAtOnce)
    }

    var ticketRules: TicketFamily.Rules {
        .init(lifetime: ticketLifetime, overlap: ticketOverlap, reportsRemaining: ticketExpiresIn == .remaining)
    }
}
