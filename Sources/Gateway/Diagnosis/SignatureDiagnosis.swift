import FoundationEssentials
import Secure
import WeChat

/// "Why is my signature invalid?": recomputes it over the usual mistakes with every ticket at hand, and names those that
/// explain it.
struct SignatureDiagnosis: Sendable {
    let accounts: Accounts

    /// The answer of `POST /diagnose/signature`.
    struct Report: Encodable, Sendable, Equatable {
        enum Verdict: String, Encodable, Sendable {
            /// The signature is right; WeChat must have seen another URL or another domain list.
            case valid
            /// The signature was made from something else, named in `mistakes`.
            case explained
            /// None of the known mistakes gives this signature.
            case unexplained
        }

        struct Finding: Encodable, Sendable, Equatable {
            let code: String
            let english: String
            let chinese: String
        }

        let verdict: Verdict
        let mistakes: [Finding]
        let next: [Finding]
    }

    func examine(_ evidence: SignatureEvidence) async -> Report {
        var shape: [SignatureMistake] = []
        let own = accounts.all.first { $0.account.appID == evidence.appId }
        if own == nil { shape.append(.unknownAppID) }
        let isHexadecimal = evidence.signature.utf8.allSatisfy {
            (0x30...0x39).contains($0) || (0x61...0x66).contains($0)
        }
        guard evidence.signature.utf8.count == 40, isHexadecimal else {
            return report(.explained, shape + [.badSignatureShape], evidence, own)
        }
        for (ticket, ticketMistake) in await tickets(own) {
            for variant in URLVariant.all(of: evidence.url, others: evidence.realAuthUrl) {
                for (text, textMistakes) in texts(ticket, variant.url, evidence) {
                    guard hex(Digest.sha1(Array(text.utf8))) == evidence.signature else { continue }
                    let mistakes = shape + [ticketMistake, variant.mistake].compactMap { $0 } + textMistakes
                    return report(mistakes.isEmpty ? .valid : .explained, mistakes, evidence, own)
                }
            }
        }
        return report(shape.isEmpty ? .unexplained : .explained, shape, evidence, own)
    }

    /// Every ticket that may have been used: the account's own first.
    private func tickets(_ own: AccountDesk?) async -> [(String, SignatureMistake?)] {
        var tickets: [(String, SignatureMistake?)] = []
        let desks = accounts.all.sorted { left, _ in left.name == own?.name }
        for desk in desks {
            let isOwn = desk.name == own?.name
            if let ticket = desk.keeper.currentTicket() {
                tickets.append((ticket.reveal(), isOwn ? nil : .otherAccount))
            }
            if let ticket = await desk.keeper.previousTicket() {
                tickets.append((ticket.reveal(), isOwn ? .previousTicket : .otherAccount))
            }
        }
        return tickets
    }

    /// The text that is hashed, as it should be and with the mistakes in it.
    private func texts(
        _ ticket: String, _ url: String, _ evidence: SignatureEvidence
    ) -> [(text: String, mistakes: [SignatureMistake])] {
        var texts: [(text: String, mistakes: [SignatureMistake])] = []
        let isLong = evidence.timestamp.utf8.count == 13
        // The page may show seconds and have signed milliseconds, or show and sign the same wrong number.
        let stamps: [(String, [SignatureMistake])] =
            [(evidence.timestamp, isLong ? [.milliseconds] : [])]
            + (isLong ? [(String(evidence.timestamp.dropLast(3)), [.milliseconds])] : [])
        for (stamp, stampMistakes) in stamps {
            for (name, nameMistakes) in [("noncestr", []), ("nonceStr", [SignatureMistake.parameterName])] {
                let text = "jsapi_ticket=\(ticket)&\(name)=\(evidence.nonceStr)&timestamp=\(stamp)&url=\(url)"
                texts.append((text, stampMistakes + nameMistakes))
            }
        }
        return texts
    }

    private func report(
        _ verdict: Report.Verdict, _ mistakes: [SignatureMistake], _ evidence: SignatureEvidence, _ own: AccountDesk?
    ) -> Report {
        let findings = mistakes.map { Report.Finding(code: $0.rawValue, english: $0.english, chinese: $0.chinese) }
        return Report(verdict: verdict, mistakes: findings, next: next(verdict, evidence, own))
    }

    /// What to look at when the signature itself explains nothing.
    private func next(
        _ verdict: Report.Verdict, _ evidence: SignatureEvidence, _ own: AccountDesk?
    ) -> [Report.Finding] {
        guard verdict != .explained else { return [] }
        var next: [Report.Finding] = []
        if let own, let page = try? PageURL(evidence.url, parameter: "url"), !own.covers(host: page.host) {
            next.append(
                .init(
                    code: "domain", english: "The page's host is not in jsDomains; WeChat's console must list it, too.",
                    chinese: "页面域名不在 jsDomains 中，公众号后台的 JS 接口安全域名也要包含它。"))
        }
        if verdict == .valid {
            next.append(
                .init(
                    code: "client_url",
                    english:
                        "The signature fits this URL, so the client verified another one: compare realAuthUrl, and "
                        + "on iOS the URL the page was entered with.",
                    chinese: "签名与该 URL 相符，客户端校验的是另一个 URL：请对照 realAuthUrl，iOS 请检查首次进入的 URL。"))
        } else {
            next.append(
                .init(
                    code: "other_ticket",
                    english: "No ticket at hand gives this signature for this URL: it may be another page's, another "
                        + "server may be signing, or the ticket is older than the last two.",
                    chinese: "用现有的 ticket 和该 URL 得不出这个签名：可能是为另一个页面签的，可能由别的服务器签名，或 ticket 早已更换。"))
        }
        return next
    }
}
