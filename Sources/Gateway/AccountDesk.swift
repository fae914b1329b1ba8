package import Secure
package import WeChat

/// One configured account with everything that serves it: its keeper, its login and its allow-lists.
///
/// A class, so that a request holds it with one reference.
package final class AccountDesk: Sendable {
    package let account: Account
    package let keeper: Keeper
    package let jssdk: JSSDK
    package let oauth: OAuth
    /// Hosts whose pages are signed.
    private let covered: CoveredHosts
    package let returns: ReturnRules
    package let menus: [String: Menu]
    /// The console's Token for server verification; nil when it is not used.
    package let verificationToken: Secret?
    /// Counts the pages signed: found once, since every signature is counted.
    let signed: MetricCell

    /// A menu of the account: its fixed state gives the target and the scope.
    package struct Menu: Sendable {
        package let target: ReturnTarget
        package let scope: Scope
    }

    package var name: String { account.name }

    package init(
        account: Account, keeper: Keeper, oauth: OAuth, jsDomains: [Domain], returns: ReturnRules,
        menus: [String: Menu], verificationToken: Secret?, metrics: Metrics
    ) {
        self.account = account
        self.keeper = keeper
        self.jssdk = JSSDK(keeper: keeper)
        self.oauth = oauth
        covered = CoveredHosts(of: jsDomains)
        self.returns = returns
        self.menus = menus
        self.verificationToken = verificationToken
        signed = metrics.signatures[account.name, Metrics.SignatureOutcome.signed.rawValue]
    }

    func covers(host: String) -> Bool { covers(host: host.utf8Span.span) }

    /// Whether pages of `host`, which is in lower case, are this account's.
    func covers(host: Span<UInt8>) -> Bool { covered.contains(host) }
}

/// The configured accounts; a request that names none means the first.
package struct Accounts: Sendable {
    package let all: [AccountDesk]
    private let places: [String: Int]

    /// `desks` holds at least one.
    package init(_ desks: [AccountDesk]) {
        precondition(!desks.isEmpty, "a gateway without an account has nothing to do")
        all = desks
        places = Dictionary(zip(desks.map(\.name), desks.indices)) { first, _ in first }
    }

    package func named(_ name: String?) throws(Failure) -> AccountDesk {
        all[try place(of: name)]
    }

    /// Where in `all` it is.
    func place(of name: String?) throws(Failure) -> Int {
        guard let name else { return 0 }
        guard let place = places[name] else { throw .unknownAccount }
        return place
    }

    /// Where a login for this account begins and ends; the first account's needs no name.
    func loginPath(of desk: AccountDesk) -> String {
        desk.name == all[0].name ? "/redirect" : "/redirect/\(desk.name)"
    }
}
