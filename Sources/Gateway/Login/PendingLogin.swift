package import FoundationEssentials
package import WeChat

/// A login that has been started: what the callback must find again when WeChat sends the visitor back.
package struct PendingLogin: Sendable, Equatable {
    package var account: String
    package var target: ReturnTarget
    package var scope: Scope
    /// SHA-256 of the browser's binding, in hex; nil when a menu of the account began it.
    package var binding: String?
    /// How many times this login has been started over.
    package var restarts: Int
    /// Nil when it ends here, and not at another site.
    package var visit: SiteVisit?
}

/// A login that ended well, kept for ten minutes so that a reload, the back button or WeChat's second callback gets the
/// same answer. Only the browser that logged in can open `sealedSession`.
package struct CompletedLogin: Sendable, Equatable {
    package var account: String
    package var target: ReturnTarget
    package var scope: Scope
    package var binding: String
    package var restarts: Int
    package var visit: SiteVisit?
    package var sealedSession: Data
}

/// The life of a state: open, then claimed by one callback, then done or spent. It never goes back.
package enum LoginRecord: Sendable, Equatable {
    case open(PendingLogin)
    /// One callback is exchanging its code.
    case claimed(PendingLogin)
    case done(CompletedLogin)
    /// Used without a session: refused, or the code was no good.
    case spent(PendingLogin)
}

extension LoginRecord {
    /// What every stage keeps of the login.
    var login: PendingLogin {
        switch self {
        case .open(let login), .claimed(let login), .spent(let login): login
        case .done(let done):
            PendingLogin(
                account: done.account, target: done.target, scope: done.scope, binding: done.binding,
                restarts: done.restarts, visit: done.visit)
        }
    }
}
