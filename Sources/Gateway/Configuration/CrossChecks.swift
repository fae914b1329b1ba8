import Reactor

/// The rules that tie several sections together, looked at when each of them has been read.
struct CrossChecks {
    let root: SectionReader
    /// Whether others may read the configuration file.
    let isShared: Bool

    func run(_ configuration: inout Configuration) {
        checkListeners(configuration)
        checkPublicURL(configuration)
        checkSession(&configuration)
        if isShared, root.findings.holdsSecrets {
            root.findings.add(
                "",
                Objection(
                    "the file holds secrets, and others may read it",
                    expected: "mode 600, or { env: … } and { file: … } in place of the secrets"),
                .warning)
        }
    }

    private func checkListeners(_ configuration: Configuration) {
        if configuration.listen == configuration.adminListen, configuration.listen.port != 0 {
            root.complain("adminListen", "is the same address as listen", expected: "an address of its own")
        }
        // Whoever reaches the admin listener gets access tokens from it. A secret that was complained of counts as set.
        if !configuration.adminListen.isLoopback, root.node("adminToken") == nil {
            root.complain(
                "adminListen", "\(configuration.adminListen) can be reached by others, and there is no adminToken",
                expected: "an adminToken, or a loopback address such as 127.0.0.1:8081")
        }
        if configuration.tls != nil, !configuration.isSecure, root.node("publicURL") != nil {
            root.complain("publicURL", "begins with http://, but tls is configured", expected: "https://")
        }
    }

    private func checkPublicURL(_ configuration: Configuration) {
        if configuration.publicURL.isLoopback { return }
        if !configuration.isSecure {
            root.warn(
                "publicURL", "is http: sessions travel in the clear, and no cookie is Secure",
                expected: "https in production")
        }
        if let port = configuration.publicURL.port, configuration.upstream.isWeChat {
            root.warn(
                "publicURL", "carries the port \(port): WeChat refuses logins to it (error 10003)",
                expected: "the default port, served by a proxy or by tls")
        }
    }

    private func checkSession(_ configuration: inout Configuration) {
        let findings = root.findings
        if configuration.session.idleTimeout > configuration.session.lifetime {
            if findings.positions["session.idleTimeout"] != nil {
                findings.add("session.idleTimeout", Objection("is longer than lifetime", expected: "at most lifetime"))
            }
            // A short lifetime alone is clear enough.
            configuration.session.idleTimeout = configuration.session.lifetime
        }
        switch configuration.session.sameSite {
        case .none where !configuration.isSecure:
            findings.add(
                "session.sameSite",
                Objection("\"None\" is only possible with an https publicURL", expected: "\"Lax\", or https"))
        case .strict:
            findings.add(
                "session.sameSite",
                Objection(
                    "\"Strict\" hides the session from the first page a visitor opens out of WeChat",
                    expected: "\"Lax\""),
                .warning)
        case .lax, .none: break
        }
    }
}

extension Configuration {
    /// Whether visitors come by https, whoever ends it.
    package var isSecure: Bool { publicURL.isSecure }

    /// The names a request's `Host` may carry, without ports; others get 421.
    package var hosts: Set<String> {
        var names: Set<String> = [publicURL.host]
        for account in accounts {
            names.formUnion(account.jsDomains.map(\.name))
            names.formUnion(account.returnDomains.map(\.name))
        }
        names.formUnion(furtherHosts.map(\.name))
        if publicURL.isLoopback {
            names.formUnion(["localhost", "127.0.0.1", "[::1]"])
        }
        return names
    }
}

extension Configuration.Upstream {
    /// The platform itself rather than a stand-in.
    package var isWeChat: Bool { open == .wechatOpen }
}
