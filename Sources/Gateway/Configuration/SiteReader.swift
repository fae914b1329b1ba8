import Secure

/// The `sites` section: who may send visitors here to log in, and gets them back with a ticket.
struct SiteReader {
    let sources: ConfigurationSources
    let publicURL: Origin?

    /// Only sites without a complaint are complete; a list with complaints is never used.
    func sites(of root: SectionReader) -> [Configuration.Site] {
        var sites: [Configuration.Site] = []
        root.sections("sites", of: "sites") { section in
            guard let site = read(section) else { return }
            for earlier in sites {
                if earlier.name == site.name {
                    section.complain(
                        "name", "another site is called \(quoted(site.name))", expected: "a name of its own")
                }
                if earlier.origin == site.origin {
                    section.complain(
                        "origin", "the site \(quoted(earlier.name)) has the same origin",
                        expected: "one entry per origin")
                }
                // Whoever knows the one could redeem the other's tickets. Those that were left out are all alike.
                if earlier.secret == site.secret, !site.secret.isEmpty {
                    section.complain(
                        "secret", "the site \(quoted(earlier.name)) has the same secret", expected: "one of its own")
                }
            }
            sites.append(site)
        }
        return sites
    }

    private func read(_ section: SectionReader) -> Configuration.Site? {
        let name = section.text("name", expected: "a short name") { name throws(Objection) in
            guard AccountReader.isName(name, limit: 64) else {
                throw Objection("\(quoted(name)) is no site name", expected: "1 to 64 letters, digits, _ and -")
            }
            return name
        }
        let origin = section.text("origin", expected: Self.originShape, checkedOrigin)
        let secret = section.secret("secret", from: sources) { secret throws(Objection) in
            // RFC 7617 §2: what stands after the colon of Basic; 32 of them cannot be guessed.
            guard secret.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), (32...512).contains(secret.utf8.count) else {
                throw Objection(
                    "is no secret that keeps strangers out (\(secret.utf8.count) bytes)",
                    expected: "32 to 512 visible ASCII characters, such as the output of: openssl rand -hex 32")
            }
        }
        section.require("name", #"a short name, such as "shop""#)
        section.require("origin", Self.originShape)
        section.require("secret", #"{ env: "SHOP_SECRET" }, for instance"#)
        guard let name, let origin, let secret else { return nil }
        return Configuration.Site(name: name, origin: origin, secret: secret)
    }

    private func checkedOrigin(_ text: String) throws(Objection) -> Origin {
        let origin = try Origin(checking: text)
        guard origin.isSecure || origin.isLoopback else {
            throw Objection("\(quoted(text)) would send tickets in the clear", expected: "https")
        }
        guard origin != publicURL else {
            throw Objection(
                "\(quoted(text)) is publicURL itself, whose pages have the session already",
                expected: "another site's origin")
        }
        do throws(TargetRefusal) {
            _ = try ReturnRules(site: origin).target("\(origin)/")
        } catch {
            throw Objection("\(quoted(text)) can be no target: \(error.rule)", expected: Self.originShape)
        }
        return origin
    }

    private static let originShape = #"the scheme and host of the site, such as "https://shop.example.org""#
}
