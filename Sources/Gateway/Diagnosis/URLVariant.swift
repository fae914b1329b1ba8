import Wire

/// A URL that may have been signed in place of the one WeChat verifies, and by which usual mistakes.
struct URLVariant: Sendable, Equatable {
    let mistakes: [SignatureMistake]
    let url: String
    /// The URL that was to be signed.
    private let origin: String

    private init(url: String) {
        mistakes = []
        self.url = url
        origin = url
    }

    private init(_ variant: URLVariant, with mistake: SignatureMistake, url: String) {
        mistakes = variant.mistakes + [mistake]
        self.url = url
        origin = variant.origin
    }

    private typealias Slip = (SignatureMistake, (String) -> [String])

    /// What WeChat verifies, first; then each single mistake; then, because a framework behind a proxy makes two at a
    /// time (`http://host:8080/`), each pair of them. No URL comes twice.
    static func all(of evidence: SignatureEvidence) -> [URLVariant] {
        let slips = slips(of: evidence)
        var found: [URLVariant] = []
        var seen: Set<String> = []
        func add(_ variant: URLVariant) {
            if seen.insert(variant.url).inserted { found.append(variant) }
        }
        let verified = evidence.verifiedURLs.map { URLVariant(url: page($0)) }
        for variant in verified { add(variant) }
        for variant in verified { apply(slips, to: variant, add) }
        // Pairs are many: they are thought of for one URL.
        for variant in found where variant.mistakes.count == 1 && variant.origin == verified.first?.url {
            apply(slips, to: variant, add)
        }
        return found
    }

    private static func apply(_ slips: [Slip], to variant: URLVariant, _ add: (URLVariant) -> Void) {
        for (mistake, make) in slips where !variant.mistakes.contains(mistake) {
            for url in make(variant.url) { add(URLVariant(variant, with: mistake, url: url)) }
        }
    }

    /// The usual mistakes. One that gives a URL which an earlier one gave explains nothing new.
    private static func slips(of evidence: SignatureEvidence) -> [Slip] {
        let fragments = ([evidence.url] + evidence.realAuthUrl).compactMap { url in
            url.firstIndex(of: "#").map { String(url[$0...]) }
        }
        let current = page(SignatureEvidence.asOpened(evidence.url))
        let entry = evidence.entryUrl.map { page(SignatureEvidence.asOpened($0)) }
        // What a router writes where there was no fragment.
        let fragment: Slip = (.fragmentSigned, { url in (fragments + ["#/", "#"]).map { url + $0 } })
        // On iOS the mistake of its own: the entry URL is verified. Elsewhere it says less than what is wrong with the URL.
        let isCurrent: Slip = (evidence.isIOS ? .currentURLSigned : .otherPageSigned, { _ in [current] })
        return [fragment] + (evidence.isIOS ? [isCurrent] : []) + [
            (.entryURLSigned, { _ in [entry].compactMap { $0 } }),
            (.otherScheme, { url in [otherScheme(url)].compactMap { $0 } }),
            (.queryDropped, queryDropped),
            (.shareParametersDropped, { without(["from", "isappinstalled", "scene"], in: $0) }),
            (.loginParametersDropped, { without(["code", "state"], in: $0) }),
            (.encodedOnceMore, encoded),
            (.decoded, decoded),
            (.portDropped, { url in [withoutPort(url)].compactMap { $0 } }),
            (.portAdded, withPorts),
            (.ampersandEscaped, { [$0.replacing("&", with: "&amp;")] }),
            (.trailingSlash, trailingSlash),
            (.lineBreak, { url in ["\n", "\r\n", " "].map { url + $0 } }),
        ] + (evidence.isIOS ? [] : [isCurrent]) + [
            (.otherPageSigned, parents),
            (.urlMissing, { _ in ["", "undefined", "null"] }),
        ]
    }

    private static func page(_ url: String) -> String {
        String(url.prefix { $0 != "#" })
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

    private static func otherScheme(_ url: String) -> String? {
        guard let (scheme, authority, rest) = parts(url) else { return nil }
        return (scheme == "https://" ? "http://" : "https://") + authority + rest
    }

    /// Without it; or up to its first `&`, which is what arrives of a URL that was put into a query unencoded.
    private static func queryDropped(_ url: String) -> [String] {
        guard url.contains("?") else { return [] }
        return [String(url.prefix { $0 != "?" }), String(url.prefix { $0 != "&" })]
    }

    private static func encoded(_ url: String) -> [String] {
        let once = PercentCoding.encodeComponent(url)
        return [once, PercentCoding.encodeComponent(once), url.replacing("%", with: "%25")]
    }

    /// All of it, the path alone, the query alone.
    private static func decoded(_ url: String) -> [String] {
        let cut = url.firstIndex(of: "?") ?? url.endIndex
        let (path, query) = (String(url[..<cut]), String(url[cut...]))
        func plain(_ text: String) -> String { (try? PercentCoding.decode(text)) ?? text }
        let spaced = (try? PercentCoding.decode(query, plusIsSpace: true)) ?? query
        return [plain(path) + plain(query), plain(path) + query, path + plain(query), plain(path) + spaced]
    }

    /// The scheme's own, and those that programs listen on behind a proxy.
    private static func withPorts(_ url: String) -> [String] {
        guard let (scheme, authority, rest) = parts(url), !authority.contains(":") else { return [] }
        return [scheme == "https://" ? 443 : 80, 80, 443, 8080, 8443, 8000, 3000].map {
            "\(scheme)\(authority):\($0)\(rest)"
        }
    }

    private static func withoutPort(_ url: String) -> String? {
        guard let (scheme, authority, rest) = parts(url), let colon = authority.firstIndex(of: ":") else { return nil }
        return scheme + authority[..<colon] + rest
    }

    private static func trailingSlash(_ url: String) -> [String] {
        var urls = [url.hasSuffix("/") ? String(url.dropLast()) : url + "/"]
        if let (scheme, authority, rest) = parts(url), rest.hasPrefix("/?") {
            urls.append(scheme + authority + rest.dropFirst())
        }
        return urls + [slashAfterHost(url)].compactMap { $0 }
    }

    /// `https://host?q` as browsers write it; nil where it is written so already.
    static func slashAfterHost(_ url: String) -> String? {
        guard let (scheme, authority, rest) = parts(url), !rest.hasPrefix("/") else { return nil }
        return "\(scheme)\(authority)/\(rest)"
    }

    /// WeChat adds parameters when a page is shared or a visitor logs in, so that a URL remembered from before differs.
    private static func without(_ names: Set<Substring>, in url: String) -> [String] {
        guard let question = url.firstIndex(of: "?") else { return [] }
        let kept = url[url.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
            .filter { !names.contains($0.prefix { $0 != "=" }) }
        return [kept.isEmpty ? String(url[..<question]) : url[..<question] + "?" + kept.joined(separator: "&")]
    }

    /// The folders above the page, and the site's root: where a single-page application was entered.
    private static func parents(_ url: String) -> [String] {
        guard let (scheme, authority, rest) = parts(url) else { return [] }
        var path = rest.prefix { $0 != "?" }
        var urls: [String] = []
        while let slash = path.lastIndex(of: "/"), urls.count < 16 {
            urls.append(scheme + authority + path[...slash])
            if slash > path.startIndex { urls.append(scheme + authority + path[..<slash]) }
            path = path[..<slash]
        }
        return urls
    }
}
