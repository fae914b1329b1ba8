import Secure

/// What the WeChat client asks of the platform when a page calls `wx.config`: is this signature right for the page that is
/// really open?
struct PageConfig: Equatable, Sendable {
    var appID: String
    var timestamp: String
    var nonce: String
    var signature: String
    /// The page as the client sees it: the entry URL on iOS, the current one elsewhere. No fragment.
    var url: String
    /// With its fragment, to explain a signature that was made over it.
    var fullURL: String
    /// The one of entry and current URL that this client does not go by.
    var otherURL: String
}

/// The platform's answer. Real life gives the text; the reason is the sandbox's own.
struct Verdict: Equatable, Sendable {
    enum Outcome: String, Sendable {
        case ok
        case invalidSignature = "invalid signature"
        case invalidDomain = "invalid url domain"
        case fail
    }

    let outcome: Outcome
    var code = ""
    var reason = ""

    static let ok = Verdict(outcome: .ok)
}

extension Platform.State {
    func preverify(_ config: PageConfig) -> Verdict {
        if let missing = missingField(of: config) {
            return Verdict(outcome: .fail, code: "incomplete", reason: "wx.config was given no \(missing)")
        }
        guard config.timestamp.count <= 13, config.timestamp.allSatisfy({ "0"..."9" ~= $0 }), config.timestamp != "0"
        else {
            let reason = "timestamp must be whole seconds since 1970, and is not a number of that kind"
            return Verdict(outcome: .fail, code: "bad-timestamp", reason: reason)
        }
        guard let index = ledger(of: config.appID) else {
            let reason = "no account of this sandbox has the appId; GET /_sandbox/state lists them"
            return Verdict(outcome: .invalidSignature, code: "unknown-appid", reason: reason)
        }
        if let refused = domainVerdict(of: config.url, for: ledgers[index].account) { return refused }
        guard config.timestamp.count <= 10 else {
            let reason = "timestamp is in milliseconds; WeChat wants seconds"
            return Verdict(outcome: .invalidSignature, code: "milliseconds", reason: reason)
        }
        let tickets = ledgers[index].tickets["jsapi"]?.tickets ?? []
        let page = SignedText(url: config.url, timestamp: config.timestamp, nonce: config.nonce)
        for ticket in tickets where now < ticket.dies && page.signature(ticket: ticket.text) == config.signature {
            return .ok
        }
        let explanation = explain(config, at: index)
        return Verdict(outcome: .invalidSignature, code: explanation.code, reason: explanation.reason)
    }

    private func missingField(of config: PageConfig) -> String? {
        let fields = [
            ("appId", config.appID), ("timestamp", config.timestamp), ("nonceStr", config.nonce),
            ("signature", config.signature),
        ]
        return fields.first { $0.1.isEmpty }?.0
    }

    private func domainVerdict(of url: String, for account: Account) -> Verdict? {
        guard let page = PageURL(url) else {
            let reason = "the page is not an http or https page"
            return Verdict(outcome: .invalidDomain, code: "not-a-web-page", reason: reason)
        }
        guard page.isCovered(by: account.jsDomains) else {
            let list = account.jsDomains.joined(separator: ", ")
            let reason = "\(page.host) is not among the JS interface safe domains: \(list)"
            return Verdict(outcome: .invalidDomain, code: "domain-not-listed", reason: reason)
        }
        guard page.port == nil || page.port == "80" || page.port == "443" || knobs.allowsPort(on: page) else {
            let reason = "the page is on port \(page.port ?? ""); JS interface safe domains serve ports 80 and 443 only"
            return Verdict(outcome: .invalidDomain, code: "port-not-allowed", reason: reason)
        }
        return nil
    }
}

/// The text whose SHA-1 is the signature. The spelling of the names and their order are the platform's.
struct SignedText {
    var url: String
    var timestamp: String
    var nonce: String
    var nonceName = "noncestr"

    func signature(ticket: String) -> String {
        let text = "jsapi_ticket=\(ticket)&\(nonceName)=\(nonce)&timestamp=\(timestamp)&url=\(url)"
        return hex(Digest.sha1(Array(text.utf8)))
    }
}
