import Secure
import Wire

/// Who may use the admin listener: whoever bears the token, when there is one, and never a web page.
struct AdminGuard: Sendable {
    let token: Secret?
    /// On wrong tokens. One who has given too many is not even told whether the next one is right.
    let guesses: RateLimit

    func check(_ request: Request) throws(Failure) {
        // A page can make its visitor's browser call a listener on loopback, but not without these.
        if request.fields.contains(.origin) { throw .foreignOrigin }
        if let site = request.fields[.secFetchSite], site != "none", site != "same-origin" { throw .foreignOrigin }
        guard let token else { return }
        try guesses.check(request)
        let prefix = "bearer "
        guard request.fields.count(.authorization) == 1, let given = request.fields[.authorization],
            given.prefix(prefix.count).lowercased() == prefix,
            constantTimeEquals(
                Digest.sha256(Array(given.dropFirst(prefix.count).utf8)), Digest.sha256(Array(token.reveal().utf8)))
        else {
            try guesses.admit(request)
            throw .unauthorizedAdmin
        }
    }
}
