import Secure

/// The sites that log their visitors in here, as they are configured now.
struct Sites: Sendable {
    private let all: [Configuration.Site]
    /// What a name that nobody has is held against.
    private let nobody = Secret(bytes: Random.bytes(32))

    init(_ all: [Configuration.Site]) {
        self.all = all
    }

    func named(_ name: String) throws(Failure) -> Configuration.Site {
        guard let site = all.first(where: { $0.name == name }) else { throw .unknownSite }
        return site
    }

    /// The site whose name and secret these are. It takes as long for a name that nobody has, and compares digests, so
    /// that no time tells of a secret how long it is. A site whose secret was left out, as with the sandbox it may be,
    /// is nobody.
    func bearing(_ credentials: BasicCredentials) -> Configuration.Site? {
        let site = all.first { $0.name == credentials.user && !$0.secret.isEmpty }
        let secret = (site?.secret ?? nobody).withBytes { Digest.sha256($0) }
        return constantTimeEquals(Digest.sha256(credentials.password), secret) ? site : nil
    }
}

extension Configuration.Site {
    /// A path of the site, or a URL on its own origin; always absolute.
    func target(_ text: String) throws(TargetRefusal) -> ReturnTarget {
        let target: ReturnTarget
        do throws(TargetRefusal) {
            target = try ReturnRules(site: origin).target(text.hasPrefix("/") ? "\(origin)\(text)" : text)
        } catch {
            throw error == .notListed ? .otherSite : error
        }
        guard !Self.holdsOurs(target.location) else { throw .reservedName }
        return target
    }

    /// Whether some reader of the query could take a part of it for what Magpie adds. Readers differ in where a parameter
    /// ends, and PHP takes `magpie.ticket` and `magpie[ticket` for `magpie_ticket`.
    private static func holdsOurs(_ location: String) -> Bool {
        let query = location.utf8.prefix { $0 != UInt8(ascii: "#") }.drop { $0 != UInt8(ascii: "?") }
        let names = String(decoding: ReturnRules.percentDecoded(Array(query)[...]).map(folded), as: UTF8.self)
        return [SiteVisit.ticketParameter, SiteVisit.returnedNonceParameter].contains { names.contains($0) }
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        switch byte {
        case 0x30...0x39, 0x61...0x7A: byte
        case 0x41...0x5A: byte | 0x20
        default: UInt8(ascii: "_")
        }
    }
}
