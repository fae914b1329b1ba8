import Reactor
import Secure
import Wire

/// Turns a configuration file into a `Configuration`, or into every complaint about it at once.
///
/// Each section of the file is read by one function below, top to bottom in the order of the example file; a rule that
/// ties several sections together stands in `CrossChecks`.
package struct ConfigurationLoader {
    /// What a usable file yields.
    package struct Loaded: Sendable {
        package var configuration: Configuration
        /// Things to say once, with which Magpie works all the same.
        package let warnings: [Complaint]
    }

    private let sources: ConfigurationSources

    package init(sources: ConfigurationSources = .process) {
        self.sources = sources
    }

    package func load(file path: String) throws(ConfigurationRefusal) -> Loaded {
        let file: SmallFile
        do throws(SmallFile.Failure) {
            file = try SmallFile.read(path)
        } catch {
            throw ConfigurationRefusal(
                source: path, complaints: [Complaint(path: "", problem: "the file cannot be read: \(error.reason)")])
        }
        return try load(file.bytes, source: path, isShared: file.isShared)
    }

    /// - Parameter isShared: whether others may read the file, which matters once it holds secrets itself.
    package func load(
        _ bytes: [UInt8], source: String, isShared: Bool = false
    ) throws(ConfigurationRefusal) -> Loaded {
        try read(bytes, source: source, isShared: isShared).loaded
    }

    /// Every key the loader knows, `[]` standing for an index and `*` for a name the operator chooses.
    package static func knownKeys(
        readingWith bytes: [UInt8]
    ) throws(ConfigurationRefusal) -> Set<String> {
        let sources = ConfigurationSources { _ in nil }
        var lenient = sources
        lenient.requiresSecrets = false
        return try ConfigurationLoader(sources: lenient).read(bytes, source: "example", isShared: false).known
    }

    private func read(
        _ bytes: [UInt8], source: String, isShared: Bool
    ) throws(ConfigurationRefusal) -> (loaded: Loaded, known: Set<String>) {
        let document = try ConfigurationDocument(parsing: bytes, source: source)
        let findings = SectionReader.Findings(positions: document.positions)
        let root = SectionReader(document.root, findings: findings)
        let configuration = readRoot(root, isShared: isShared)
        root.finish()
        let complaints = findings.complaints.sorted { left, right in
            guard let left = left.position, let right = right.position else { return right.position != nil }
            return left < right
        }
        let refusals = complaints.filter { $0.severity == .refusal }
        guard refusals.isEmpty, let configuration else {
            throw ConfigurationRefusal(source: source, complaints: refusals)
        }
        let warnings = complaints.filter { $0.severity == .warning }
        return (Loaded(configuration: configuration, warnings: warnings), findings.known)
    }

    /// Nil only after a complaint.
    private func readRoot(_ root: SectionReader, isShared: Bool) -> Configuration? {
        let publicURL = root.text(
            "publicURL", expected: #""https://" and the host visitors see"#, Origin.init(checking:))
        root.require("publicURL", #"the origin visitors see, such as "https://h5.example.com""#)
        let accounts = AccountReader(sources: sources, publicURL: publicURL).accounts(of: root)
        // The other sections are read even without a publicURL, for their complaints.
        var rest = Configuration(publicURL: publicURL ?? .wechatOpen, accounts: accounts)
        rest.sites = SiteReader(sources: sources, publicURL: publicURL).sites(of: root)
        readUpstream(root, into: &rest.upstream)
        readListeners(root, into: &rest)
        readStore(root, into: &rest)
        readSession(root, into: &rest)
        LimitsReader.read(root, into: &rest.limits)
        readTLS(root, into: &rest)
        readLog(root, into: &rest)
        root.section("sandbox") { section, _ in
            section.readAddress("listen", into: &rest.sandboxListen)
            if case .unix = rest.sandboxListen {
                section.complain("listen", "no browser reaches a Unix socket", expected: "an address and port")
            }
        }
        CrossChecks(root: root, isShared: isShared).run(&rest)
        return publicURL == nil ? nil : rest
    }

    private func readListeners(_ root: SectionReader, into configuration: inout Configuration) {
        root.readAddress("listen", into: &configuration.listen)
        root.readAddress("adminListen", into: &configuration.adminListen)
        configuration.adminToken = root.secret("adminToken", from: sources) { token throws(Objection) in
            // RFC 6750 §2.1 says which bytes can travel after "Bearer"; 16 of them cannot be guessed.
            let isToken = token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != 0x5C }
            guard isToken, (16...512).contains(token.utf8.count) else {
                throw Objection(
                    "has a shape no bearer token has (\(token.utf8.count) bytes)",
                    expected: "16 to 512 visible ASCII characters, such as the output of: openssl rand -hex 32")
            }
        }
        configuration.trustedProxies =
            root.list("trustedProxies", of: #"addresses, such as "127.0.0.1" or "10.0.0.0/8""#) {
                text throws(Objection) in
                guard let block = AddressBlock(text) else {
                    throw Objection(
                        "\(quoted(text)) is no address",
                        expected: #"one such as "127.0.0.1", "10.0.0.0/8" or "fd00::/8""#)
                }
                return block
            } ?? configuration.trustedProxies
        configuration.furtherHosts =
            root.list("hosts", of: "host names") { text throws(Objection) in try Domain(host: text) }
            ?? configuration.furtherHosts
        if let directory = root.text("publicDirectory") { configuration.publicDirectory = directory }
    }

    private func readStore(_ root: SectionReader, into configuration: inout Configuration) {
        enum Kind: String, CaseIterable {
            case sqlite
            case file
            case memory
        }
        root.section("store") { section, _ in
            var kind = Kind.sqlite
            section.read("kind", into: &kind)
            let path = section.text("path", expected: "the path of a file or directory")
            switch kind {
            case .sqlite: configuration.store = .sqlite(path: path ?? "var/magpie.sqlite")
            case .file: configuration.store = .file(path: path ?? "var/store")
            case .memory:
                configuration.store = .memory
                if path != nil {
                    section.complain("path", "a store in memory has no path", expected: "no path, or another kind")
                }
            }
        }
    }

    private func readSession(_ root: SectionReader, into configuration: inout Configuration) {
        root.section("session") { section, _ in
            // Browsers keep no cookie for more than 400 days (RFC 6265bis §4.1.2.2).
            let days = Duration.seconds(60)...Duration.seconds(400 * 86_400)
            section.read("lifetime", into: &configuration.session.lifetime, in: days)
            section.read("idleTimeout", into: &configuration.session.idleTimeout, in: days)
            section.read("sameSite", into: &configuration.session.sameSite)
            let name = section.text("cookieName", expected: "a cookie name") { name throws(Objection) in
                try CookieName.check(name)
                return name
            }
            configuration.session.cookieName = name ?? configuration.session.cookieName
        }
    }

    private func readUpstream(_ root: SectionReader, into upstream: inout Configuration.Upstream) {
        root.section("upstream") { section, _ in
            upstream.api = section.text("api", expected: "a URL", Origin.upstream) ?? upstream.api
            upstream.open = section.text("open", expected: "a URL", Origin.upstream) ?? upstream.open
            section.read("timeout", into: &upstream.timeout, in: .milliseconds(100)...Duration.seconds(60))
            upstream.caFile = section.text("caFile", expected: "null or the path of a PEM file")
            if let path = upstream.caFile { section.requireReadable(path, "caFile") }
        }
    }

    private func readTLS(_ root: SectionReader, into configuration: inout Configuration) {
        root.section("tls") { section, isPresent in
            let certificate = section.text("certificate", expected: "the path of a PEM file")
            let key = section.text("key", expected: "the path of a PEM file")
            guard isPresent else { return }
            section.require("certificate", "the path of a PEM file")
            section.require("key", "the path of a PEM file")
            if let certificate { section.requireReadable(certificate, "certificate") }
            if let key, let file = section.requireReadable(key, "key") {
                _ = section.checkPrivacy(of: file, key, key: "key")
            }
            if let certificate, let key { configuration.tls = .init(certificate: certificate, key: key) }
        }
    }

    private func readLog(_ root: SectionReader, into configuration: inout Configuration) {
        root.section("log") { section, _ in
            configuration.log.file = section.text("file", expected: "null or the path of a file")
            section.read("level", into: &configuration.log.level)
            section.read("format", into: &configuration.log.format)
            section.read("access", into: &configuration.log.access)
        }
    }
}

extension SectionReader {
    func readAddress(_ key: String, into target: inout SocketAddress) {
        let expected = #"an address and port such as "127.0.0.1:8080", "[::1]:8080" or "unix:/run/magpie.sock""#
        let taken = text(key, expected: expected) { text throws(Objection) in
            // The one name whose meaning does not depend on a resolver.
            let name = "localhost:"
            let numeric = text.hasPrefix(name) ? "127.0.0.1:\(text.dropFirst(name.count))" : text
            guard let address = SocketAddress(parsing: numeric) else {
                throw Objection("\(quoted(text)) is no address to listen on", expected: expected)
            }
            return address
        }
        target = taken ?? target
    }

    @discardableResult
    func requireReadable(_ path: String, _ key: String) -> SmallFile? {
        do throws(SmallFile.Failure) {
            return try SmallFile.read(path)
        } catch {
            complain(key, "the file \(quoted(path)) cannot be read: \(error.reason)")
            return nil
        }
    }
}
