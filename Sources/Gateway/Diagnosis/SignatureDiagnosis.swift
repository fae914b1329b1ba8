package import FoundationEssentials
import Secure

/// "Why is my signature invalid?": recomputes it over the usual mistakes with every ticket at hand, and names those that
/// explain it.
///
/// It is values in, value out: `POST /diagnose/signature` brings what the keepers remember, `magpie diagnose --ticket`
/// one ticket that somebody typed.
package struct SignatureDiagnosis: Sendable {
    let accounts: [SuspectAccount]
    let now: Date

    package init(accounts: [SuspectAccount], now: Date) {
        self.accounts = accounts
        self.now = now
    }

    /// With the tickets of every configured account.
    init(_ accounts: Accounts, now: Date) async {
        var suspects: [SuspectAccount] = []
        for desk in accounts.all { suspects.append(await SuspectAccount(desk)) }
        self.init(accounts: suspects, now: now)
    }

    package func examine(_ evidence: SignatureEvidence) -> SignatureReport {
        let own = accounts.first { $0.appID == evidence.appId }
        var apparent: [SignatureMistake] = own == nil ? [.unknownAppID] : []
        guard evidence.signature.utf8.count == 40, let digest = Hex.decode(evidence.signature) else {
            return report(.explained, evidence, own, mistakes: (apparent + [.badSignatureShape]).map(\.finding))
        }
        if evidence.signature.contains(where: \.isUppercase) { apparent.append(.badSignatureShape) }
        if let (key, text) = match(digest, evidence, own) {
            let mistakes = apparent.map(\.finding) + [key].compactMap { $0 } + text.mistakes.map(\.finding)
            return report(
                mistakes.isEmpty ? .valid : .explained, evidence, own, signedURL: text.url, mistakes: mistakes)
        }
        apparent += SignedTimestamp.apparentMistakes(in: evidence.timestamp)
        return report(
            apparent.isEmpty ? .unexplained : .explained, evidence, own, mistakes: apparent.map(\.finding))
    }

    // MARK: - What was hashed

    private struct SignedText {
        let url: String
        let mistakes: [SignatureMistake]
        /// What follows the ticket.
        let rest: String

        init(_ variant: URLVariant, _ stamp: SignedTimestamp, nonceName: String = "noncestr", _ nonce: String) {
            url = variant.url
            let naming: [SignatureMistake] = nonceName == "noncestr" ? [] : [.parameterName]
            mistakes = variant.mistakes + naming + stamp.mistakes
            rest = "&\(nonceName)=\(nonce)&timestamp=\(stamp.text)&url=\(url)"
        }

        func isSigned(_ digest: [UInt8], with key: SigningKey) -> Bool {
            Digest.sha1(Array("jsapi_ticket=".utf8) + key.value.revealBytes() + Array(rest.utf8)) == digest
        }
    }

    /// The key and the text that give the signature. What is one mistake away is tried with every account's keys; what
    /// is farther, and much more, with the page's own.
    private func match(
        _ digest: [UInt8], _ evidence: SignatureEvidence, _ own: SuspectAccount?
    ) -> (key: SignatureReport.Finding?, text: SignedText)? {
        let variants = URLVariant.all(of: evidence)
        let stamps = SignedTimestamp.all(of: evidence.timestamp)
        let nonce = evidence.nonceStr
        var near: [SignedText] = []
        var far: [SignedText] = []
        for variant in variants {
            for stamp in stamps {
                if variant.mistakes.count > 1 {
                    far.append(SignedText(variant, stamp, nonce))
                } else {
                    near.append(SignedText(variant, stamp, nonce))
                    near.append(SignedText(variant, stamp, nonceName: "nonceStr", nonce))
                }
            }
        }
        if let page = variants.first {
            far += SignedTimestamp.inMilliseconds(of: evidence.timestamp).map { SignedText(page, $0, nonce) }
        }
        let others = accounts.filter { $0.name != own?.name }
        let own = own.map { [$0] } ?? []
        return match(digest, near, with: own, areOwn: true) ?? match(digest, near, with: others, areOwn: false)
            ?? match(digest, far, with: own, areOwn: true)
    }

    private func match(
        _ digest: [UInt8], _ texts: [SignedText], with accounts: [SuspectAccount], areOwn: Bool
    ) -> (key: SignatureReport.Finding?, text: SignedText)? {
        for account in accounts {
            for key in account.keys {
                guard let text = texts.first(where: { $0.isSigned(digest, with: key) }) else { continue }
                return (key.finding(stranger: areOwn ? nil : account.name, now: now), text)
            }
        }
        return nil
    }

    // MARK: - The report

    private func report(
        _ verdict: SignatureReport.Verdict, _ evidence: SignatureEvidence, _ own: SuspectAccount?,
        signedURL: String? = nil, mistakes: [SignatureReport.Finding] = []
    ) -> SignatureReport {
        let url = String((evidence.verifiedURLs.first ?? "").prefix { $0 != "#" })
        return SignatureReport(
            verdict: verdict, url: url, signedURL: signedURL == url ? nil : signedURL, mistakes: mistakes,
            next: verdict == .explained ? [] : SignatureAdvice(evidence, own, verdict, now).findings)
    }
}
