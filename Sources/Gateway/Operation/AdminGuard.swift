import Secure
import Wire

/// Who may use the admin listener: whoever bears the token, when there is one, and never a web page.
struct AdminGuard: Sendable {
    let token: Secret?
    /// On wrong tokens. One who has given too many is not even told whether the next one is right.
    let guesses: RateLimit

    func check(_ request: Request) throws(Failure) {
        // A page can make its visitor's browser call a listener on loopback, but not without these.
        if request.fields.contains(.origin) { throw .foreignOrigin(admitted: .ofNobody) }
        if let site = request.fields[.secFetchSite], site != "none", site != "same-origin" {
            throw .foreignOrigin(admitted: .ofNobody)
        }
        guard let token else { return }
        try guesses.check(request)
        guard let given = credential(of: request),
            constantTimeEquals(Digest.sha256(given), Digest.sha256(Array(token.reveal().utf8)))
        else {
            try guesses.admit(request)
            throw .unauthorizedAdmin
        }
    }

    /// What stands after "Bearer"; or, where nothing is changed, the password of "Basic", which a browser asks its person
    /// for. Of "Basic" a browser makes a habit, so what changes something wants what no browser sends by itself.
    private func credential(of request: Request) -> [UInt8]? {
        guard let authorization = Authorization(request) else { return nil }
        switch authorization.scheme {
        case "bearer": return Array(authorization.value.utf8)
        case "basic" where request.method == .get || request.method == .head:
            return BasicCredentials(authorization.value)?.password
        default: return nil
        }
    }
}
