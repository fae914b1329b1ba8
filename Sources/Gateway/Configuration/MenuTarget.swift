extension ReturnRules {
    /// The rules as they follow from a configuration.
    package init(domains: [Domain], publicURL: Origin) {
        self.init(
            hosts: domains.map { Host(name: $0.name) }, ownScheme: publicURL.scheme,
            ownHost: Host(name: publicURL.host, port: publicURL.port))
    }

    /// The rules of another site: its own origin and nothing else.
    init(site origin: Origin) {
        self.init(
            hosts: [], ownScheme: origin.scheme, ownHost: Host(name: origin.host, port: origin.port),
            holdsLogin: false)
    }
}

/// The target of a menu is held against the same rules as the `to` of a login, but while the operator still watches.
enum MenuTarget {
    static func check(_ text: String, domains: [Domain], publicURL: Origin) throws(Objection) {
        do throws(TargetRefusal) {
            _ = try ReturnRules(domains: domains, publicURL: publicURL).target(text)
        } catch {
            throw Objection(
                "\(quoted(text)) is refused: \(error.rule)", expected: "a path, or an https URL on a listed host")
        }
    }
}
