import Wire

/// One way in which the URL that was signed can differ from the one WeChat verifies: the usual mistakes, by name.
struct URLVariant: Sendable {
    let mistake: SignatureMistake?
    let url: String

    /// The URL as it should be signed first, then each mistake that changes it. `others` are what the client verified.
    static func all(of url: String, others: [String]) -> [URLVariant] {
        let page = String(url.prefix { $0 != "#" })
        var variants = [URLVariant(mistake: nil, url: page)]
        func add(_ mistake: SignatureMistake, _ text: String?) {
            guard let text, !variants.contains(where: { $0.url == text }) else { return }
            variants.append(URLVariant(mistake: mistake, url: text))
        }
        add(.fragmentSigned, url)
        for other in others { add(.otherPageSigned, String(other.prefix { $0 != "#" })) }
        add(.otherScheme, otherScheme(page))
        add(.queryDropped, String(page.prefix { $0 != "?" }))
        add(.encodedOnceMore, PercentCoding.encodeComponent(page))
        add(.encodedOnceMore, PercentCoding.encodeComponent(url))
        add(.decoded, try? PercentCoding.decode(page))
        add(.portAdded, withPort(page))
        add(.portDropped, withoutPort(page))
        add(.ampersandEscaped, page.replacing("&", with: "&amp;"))
        add(.trailingSlash, page.hasSuffix("/") ? String(page.dropLast()) : page + "/")
        add(.trailingSlash, slashAfterHost(page))
        add(.lineBreak, page + "\n")
        add(.lineBreak, page + "\r\n")
        add(.shareParametersDropped, withoutShareParameters(page))
        return variants
    }

    private static func otherScheme(_ url: String) -> String? {
        if url.hasPrefix("https://") { return "http://" + url.dropFirst(8) }
        return url.hasPrefix("http://") ? "https://" + url.dropFirst(7) : nil
    }

    /// Scheme, host with port, and the rest.
    private static func parts(_ url: String) -> (scheme: String, authority: String, rest: String)? {
        for scheme in ["https://", "http://"] where url.hasPrefix(scheme) {
            let after = url.dropFirst(scheme.count)
            let end = after.firstIndex { "/?#".contains($0) } ?? after.endIndex
            return (scheme, String(after[..<end]), String(after[end...]))
        }
        return nil
    }

    private static func withPort(_ url: String) -> String? {
        guard let (scheme, authority, rest) = parts(url), !authority.contains(":") else { return nil }
        return "\(scheme)\(authority):\(scheme == "https://" ? 443 : 80)\(rest)"
    }

    private static func withoutPort(_ url: String) -> String? {
        guard let (scheme, authority, rest) = parts(url), let colon = authority.firstIndex(of: ":") else { return nil }
        return scheme + authority[..<colon] + rest
    }

    private static func slashAfterHost(_ url: String) -> String? {
        guard let (scheme, authority, rest) = parts(url) else { return nil }
        if rest.isEmpty || rest.hasPrefix("?") { return "\(scheme)\(authority)/\(rest)" }
        return rest == "/" || rest.hasPrefix("/?") ? scheme + authority + rest.dropFirst() : nil
    }

    /// WeChat adds these when a page is shared, so that a URL remembered from before differs.
    private static func withoutShareParameters(_ url: String) -> String? {
        guard let question = url.firstIndex(of: "?") else { return nil }
        let kept = url[url.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("from=") && !$0.hasPrefix("isappinstalled=") && !$0.hasPrefix("scene=") }
        return kept.isEmpty ? String(url[..<question]) : url[..<question] + "?" + kept.joined(separator: "&")
    }
}
