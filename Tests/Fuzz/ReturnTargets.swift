@testable import Gateway
@testable import HTTP
@testable import Wire

// With: Tests/TestSupport/BrowserLanding.swift

/// The allow-list of login targets: what it takes, a browser follows to this site or to a listed host, with the parameter
/// of a refusal added too, and never into the login again.
func examine(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    for site in Site.all {
        guard let target = try? site.rules.target(text) else { continue }
        require(target.location == text, "\(text) became \(target.location)")
        for location in [target.location, target.adding(parameter: "wechat_error", value: "access_denied").location] {
            let landing = BrowserLanding(of: location, base: site.scheme)
            require(landing == .sameOrigin || site.listed(landing), "\(location.debugDescription) leads to \(landing)")
            if landing == .sameOrigin || landing == site.own { checkNoLoop(location) }
            let response = Response.redirect(to: location)
            require(response.fields.values(.location) == [location], "\(location.debugDescription) breaks its header")
        }
        require((try? site.rules.target(target.location)) == target, "\(text) is not taken again")
    }
}

private struct Site: Sendable {
    let scheme: String
    let own: BrowserLanding
    let rules: ReturnRules
    let listed: @Sendable (BrowserLanding) -> Bool

    static let all = [
        Site(
            scheme: "https", own: .host("https", "h5.example.com", 443),
            rules: ReturnRules(
                hosts: [
                    .init(name: "shop.example.com"), .init(name: "ports.example.com", port: 8443),
                    .init(name: "wild.example.com", coversOnlySubdomains: true),
                ], ownScheme: "https", ownHost: .init(name: "h5.example.com"))
        ) { landing in
            switch landing {
            case .host("https", let host, 443):
                ["shop.example.com", "h5.example.com"].contains(host)
                    || (host.hasSuffix(".wild.example.com") && isPlainName(host))
            case .host("https", "ports.example.com", 8443): true
            default: false
            }
        },
        Site(
            scheme: "http", own: .host("http", "127.0.0.1", 8080),
            rules: ReturnRules(
                hosts: [.init(name: "shop.example.com")], ownScheme: "http",
                ownHost: .init(name: "127.0.0.1", port: 8080))
        ) { landing in
            [.host("http", "127.0.0.1", 8080), .host("https", "shop.example.com", 443)].contains(landing)
        },
    ]

    /// The reader leaves escapes in a host; a browser undoes them.
    private static func isPlainName(_ host: String) -> Bool {
        host.utf8.allSatisfy { ByteSet.unreserved.contains($0) }
    }
}

/// The router's own reading of the path, which is what would start the login once more.
private func checkNoLoop(_ location: String) {
    let path: String
    if location.hasPrefix("/") {
        path = String(location.prefix { $0 != "?" && $0 != "#" })
    } else {
        guard let url = try? WebURL(location) else { return }
        path = url.path
    }
    require(RequestPath(path)?.segments.first != "redirect", "\(location) is the login")
}
