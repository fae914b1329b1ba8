import Wire

/// Finds what was signed instead, by signing every usual mistake and comparing.
extension Platform.State {
    struct Explanation: Equatable {
        let code: String
        let reason: String
    }

    func explain(_ config: PageConfig, at index: Int) -> Explanation {
        let own = ledgers[index].tickets["jsapi"]?.tickets ?? []
        let page = SignedText(url: config.url, timestamp: config.timestamp, nonce: config.nonce)
        let lowered = config.signature.lowercased()
        if own.contains(where: { now < $0.dies && page.signature(ticket: $0.text) == lowered }) {
            return Explanation(code: "upper-case", reason: "the signature is right but not in lower-case hexadecimal")
        }
        if let ticket = own.last(where: { page.signature(ticket: $0.text) == lowered }) {
            let reason = "signed with a ticket that ended \(now - ticket.dies) s ago; ask for the ticket again"
            return Explanation(code: "old-ticket", reason: reason)
        }
        if let card = ledgers[index].tickets["wx_card"]?.tickets,
            card.contains(where: { page.signature(ticket: $0.text) == lowered })
        {
            return Explanation(code: "card-ticket", reason: "signed with a wx_card ticket instead of the jsapi one")
        }
        for (other, ledger) in ledgers.enumerated() where other != index {
            let theirs = ledger.tickets["jsapi"]?.tickets ?? []
            guard theirs.contains(where: { page.signature(ticket: $0.text) == lowered }) else { continue }
            let reason = "signed with the ticket of account \(ledger.account.name), not of this appId"
            return Explanation(code: "other-account", reason: reason)
        }
        for mistake in mistakes(config) {
            if own.contains(where: { mistake.text.signature(ticket: $0.text) == lowered }) {
                return Explanation(code: mistake.code, reason: mistake.reason)
            }
        }
        if own.isEmpty {
            let reason = "this sandbox has issued no jsapi ticket yet, so nothing can have been signed with one"
            return Explanation(code: "no-ticket", reason: reason)
        }
        let reason =
            "no usual mistake gives this signature; compare nonceStr, timestamp and the URL \(config.url) with what was signed"
        return Explanation(code: "unknown", reason: reason)
    }

    private struct Mistake {
        let code: String
        let reason: String
        let text: SignedText
    }

    private func mistakes(_ config: PageConfig) -> [Mistake] {
        let right = SignedText(url: config.url, timestamp: config.timestamp, nonce: config.nonce)
        var found: [Mistake] = []
        func add(_ code: String, _ reason: String, url: String) {
            guard url != config.url, !url.isEmpty else { return }
            var text = right
            text.url = url
            found.append(Mistake(code: code, reason: reason, text: text))
        }
        add("fragment", "the URL was signed with its #fragment; cut it before signing", url: config.fullURL)
        add(
            "other-url",
            "another page's URL was signed: iOS goes by the URL the page was entered with, Android by the current one",
            url: config.otherURL)
        for (code, reason, url) in spellings(of: config.url) { add(code, reason, url: url) }

        var milliseconds = right
        milliseconds.timestamp += "000"
        found.append(
            Mistake(code: "milliseconds", reason: "the timestamp was signed in milliseconds", text: milliseconds))
        var camelCase = right
        camelCase.nonceName = "nonceStr"
        found.append(
            Mistake(code: "nonce-name", reason: "nonceStr= was signed; in the text it is noncestr=", text: camelCase))
        return found
    }

    /// The same page, written as people write it by mistake.
    private func spellings(of url: String) -> [(code: String, reason: String, url: String)] {
        guard let page = PageURL(url) else { return [] }
        let port = page.port.map { ":" + $0 } ?? ""
        let authority = page.host + port
        let usual = page.scheme == "https" ? "443" : "80"
        let beforeQuery = String(url.prefix { $0 != "?" })
        let swapped = page.scheme == "https" ? "http" : "https"
        let slash = page.rest.hasPrefix("/") ? "" : "/"
        let decoded = (try? PercentCoding.decode(url, plusIsSpace: false)) ?? ""
        return [
            ("scheme", "\(swapped) was signed, the page is \(page.scheme)", "\(swapped)://\(authority)\(page.rest)"),
            ("query", "the URL was signed without its query", beforeQuery),
            ("query", "the URL was signed without its path and query", "\(page.scheme)://\(authority)/"),
            ("origin", "only the origin was signed", "\(page.scheme)://\(authority)"),
            ("slash", "the URL was signed without the / after the host", withoutRootSlash(page, authority)),
            (
                "slash", "the URL was signed with a / the page does not have",
                "\(page.scheme)://\(authority)\(slash)\(page.rest)"
            ),
            ("slash", "the URL was signed with a / at its end", url + "/"),
            ("encoded", "the percent-encoded form of the whole URL was signed", PercentCoding.encodeComponent(url)),
            ("decoded", "the URL was signed with its percent-encoding decoded", decoded),
            (
                "port", "a port was signed that the page's URL does not show",
                "\(page.scheme)://\(page.host):\(usual)\(page.rest)"
            ),
            ("port", "the URL was signed without its port", "\(page.scheme)://\(page.host)\(page.rest)"),
            ("ampersand", "&amp; was signed instead of &", url.replacing("&", with: "&amp;")),
            ("newline", "the signed URL ends with a line break", url + "\n"),
        ]
    }

    private func withoutRootSlash(_ page: PageURL, _ authority: String) -> String {
        page.rest == "/" || page.rest.hasPrefix("/?") ? "\(page.scheme)://\(authority)\(page.rest.dropFirst())" : ""
    }
}
