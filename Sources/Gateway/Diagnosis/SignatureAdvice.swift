import FoundationEssentials
import Wire

/// What to look at when a signature by itself explains nothing: it is right, or made of something nobody here knows.
struct SignatureAdvice {
    private let evidence: SignatureEvidence
    private let own: SuspectAccount?
    private let verdict: SignatureReport.Verdict
    private let now: Date

    init(
        _ evidence: SignatureEvidence, _ own: SuspectAccount?, _ verdict: SignatureReport.Verdict, _ now: Date
    ) {
        self.evidence = evidence
        self.own = own
        self.verdict = verdict
        self.now = now
    }

    var findings: [SignatureReport.Finding] {
        [domain, noTicket, browser, wecom, age, verdict == .valid ? client : otherTicket].compactMap { $0 }
    }

    private var domain: SignatureReport.Finding? {
        guard let own, let url = evidence.verifiedURLs.first,
            let isCovered = try? PageURL.check(url.utf8Span.span, parameter: "url", where: { own.covers($0.text) }),
            !isCovered
        else { return nil }
        return .init(
            code: "domain",
            english: "The page's host is not in jsDomains; WeChat's console must list it, too (JS 接口安全域名).",
            chinese: "页面域名不在 jsDomains 中，公众号后台的 JS 接口安全域名也要包含它。")
    }

    private var noTicket: SignatureReport.Finding? {
        guard let own, own.keys.isEmpty else { return nil }
        return .init(
            code: "no_ticket",
            english: "Account \"\(own.name)\" has no ticket yet, so there is nothing to compare with.",
            chinese: "账号“\(own.name)”还没有 ticket，无从比较。")
    }

    private var agent: String { (evidence.userAgent ?? "").lowercased() }

    private var browser: SignatureReport.Finding? {
        guard !agent.isEmpty, !agent.contains("micromessenger") else { return nil }
        return .init(
            code: "not_wechat", english: "The page was not open in WeChat, where alone wx.config is answered.",
            chinese: "页面不是在微信中打开的，wx.config 只在微信中有效。")
    }

    private var wecom: SignatureReport.Finding? {
        guard agent.contains("wxwork") else { return nil }
        return .init(
            code: "wecom",
            english: "WeCom verifies wx.config with the corp's ticket and wx.agentConfig with the agent's: an Official "
                + "Account's ticket fits neither.",
            chinese: "企业微信用企业的 jsapi_ticket 校验 wx.config，用应用的 ticket 校验 wx.agentConfig，公众号的 ticket 都不适用。")
    }

    /// WeChat ends a ticket after two hours; a signature that old came out of a cache.
    private var age: SignatureReport.Finding? {
        guard let seconds = Double(evidence.timestamp), seconds < 10_000_000_000 else { return nil }
        let made = Date(timeIntervalSince1970: seconds)
        guard now.timeIntervalSince(made) > 7_200 else { return nil }
        let age = SigningKey.Age(from: made, to: now)
        return .init(
            code: "old_signature",
            english: "The signature was made \(age.english), and a ticket lives two hours: some cache has kept it.",
            chinese: "签名生成于\(age.chinese)，而 ticket 的有效期为两小时：签名可能被缓存了。")
    }

    private var client: SignatureReport.Finding {
        guard evidence.realAuthUrl.isEmpty else {
            return .init(
                code: "verified",
                english: "The signature fits what WeChat verified. If it is refused, wx.config was given another "
                    + "appId, timestamp or nonceStr than these.",
                chinese: "签名与微信校验的 URL 相符。若仍被拒绝，请检查传给 wx.config 的 appId、timestamp、nonceStr 是否与此一致。")
        }
        return .init(
            code: "client_url",
            english: "The signature fits this URL, so the client verified another one: compare realAuthUrl, and on iOS "
                + "the URL the page was entered with.",
            chinese: "签名与该 URL 相符，客户端校验的是另一个 URL：请对照 realAuthUrl，iOS 请检查首次进入的 URL。")
    }

    private var otherTicket: SignatureReport.Finding {
        .init(
            code: "other_ticket",
            english: "No ticket at hand gives this signature for this URL: it may be another page's, nonceStr may "
                + "differ from the one that was signed, another server may be signing, or the ticket is older than the "
                + "last two.",
            chinese: "用现有的 ticket 和该 URL 得不出这个签名：可能是为另一个页面签的，nonceStr 与签名时不同，由别的服务器签名，或 ticket 早已更换。")
    }
}
