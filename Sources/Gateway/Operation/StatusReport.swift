package import FoundationEssentials
import Glibc
import Secure
package import WeChat

/// What an operator wants to know at a glance: `/status` gives it as JSON to programs and as a page to people, and
/// `magpie status` in words. It holds no secret and nothing about one visitor.
package struct StatusReport: Codable, Sendable {
    package var version: String
    /// Tells two processes apart that serve one address while one takes the other's place.
    package var pid: Int32
    package var startedAt: Date
    package var uptimeSeconds: Int
    /// As `/ready` says it.
    package var ready: Bool
    package var shuttingDown: Bool
    package var configuration: LoadedConfiguration
    package var store: StorePart
    package var accounts: [KeeperStatus]
    /// How the calls of WeChat ended since the start.
    package var upstream: [UpstreamPart]
    package var visitors: VisitorPart
    /// Remaining life of the own listener's certificate; nil where a proxy ends TLS.
    package var certificateSecondsLeft: Int?

    package struct LoadedConfiguration: Codable, Sendable {
        package var loadedAt: Date
        package var lastReload: Reloads.Last?
    }

    package struct StorePart: Codable, Sendable {
        package var ready: Bool
        package var reason: String?
    }

    package struct UpstreamPart: Codable, Sendable {
        package var account: String
        /// WeChat's path.
        package var call: String
        package var succeeded: Int
        package var failed: Int
        package var lastSuccessAt: Date?
        package var lastFailureAt: Date?
        /// Whether the last one failed.
        package var failing: Bool
        /// The last failure in WeChat's words, and what to do about it.
        package var lastError: String?
        package var hint: Hint?
        /// Whether that is the operator's affair, and not a visitor's.
        package var concernsOperator: Bool
    }

    /// Since the start.
    package struct VisitorPart: Codable, Sendable {
        package var connectionsOpen: Int
        package var signatures: Int
        package var logins: Int
        package var sessionsOpened: Int
    }
}

extension StatusReport {
    /// What renews certificates by itself does so a month before.
    package static let certificateMargin = 14 * 86_400

    /// Something to see to.
    package struct Trouble: Sendable, Equatable {
        /// An account's name, or what else it is about.
        package var subject: String
        package var what: String
        package var hint: Hint?
    }

    /// The gravest first: what keeps visitors out, then what will.
    package var troubles: [Trouble] {
        var troubles: [Trouble] = []
        if !store.ready {
            troubles.append(
                Trouble(
                    subject: "store", what: store.reason ?? "not ready",
                    hint: Hint(
                        english:
                            "Nobody can log in. Look at the disk's space and the file's owner: mode 600, Magpie's user.",
                        chinese: "当前无法登录：请检查磁盘空间，以及存储文件的属主与权限（600）。")))
        }
        for account in accounts {
            // The ticket needs the token: the cause is told once.
            let part = account.token.lastError != nil ? account.token : account.ticket
            if let error = part.lastError {
                troubles.append(Trouble(subject: account.account, what: error, hint: part.hint))
            } else if let error = account.storeError {
                troubles.append(Trouble(subject: account.account, what: error, hint: nil))
            }
        }
        for part in upstream where part.failing && part.concernsOperator {
            guard let error = part.lastError, !troubles.contains(where: { $0.what == error }) else { continue }
            troubles.append(Trouble(subject: part.account, what: error, hint: part.hint))
        }
        if let left = certificateSecondsLeft, left < Self.certificateMargin {
            troubles.append(
                Trouble(
                    subject: "tls",
                    what: left > 0 ? "the certificate ends in \(left / 86_400) days" : "the certificate has ended",
                    hint: Hint(
                        english: "Renew it, put it in its place and send SIGHUP; look at what renews it by itself.",
                        chinese: "请更新证书文件后发送 SIGHUP，并检查自动续期任务。")))
        }
        if let last = configuration.lastReload, last.outcome == Reloads.Outcome.refused.rawValue {
            troubles.append(
                Trouble(
                    subject: "configuration", what: "the last reload was refused (\(last.problems))",
                    hint: Hint(
                        english: "The former configuration goes on. The log names the keys; `magpie check` does, too.",
                        chinese: "仍在使用之前的配置。日志中列出了有误的配置项，也可运行 magpie check。")))
        }
        return troubles
    }
}

extension AdminRoutes {
    func report() async -> StatusReport {
        let time = now()
        let loaded = reloads.state
        let readiness = await readiness.report()
        return StatusReport(
            version: Version.current, pid: getpid(), startedAt: startedAt,
            uptimeSeconds: Int(time.timeIntervalSince(startedAt)), ready: readiness.ready,
            shuttingDown: readiness.shuttingDown,
            configuration: .init(loadedAt: loaded.loadedAt, lastReload: loaded.last),
            store: .init(ready: readiness.store.ready, reason: readiness.store.reason),
            accounts: accounts.all.map { $0.keeper.status() },
            upstream: accounts.all.flatMap { desk in
                upstream.lines(of: desk.name).map { .init(desk.name, $0.operation, $0.line) }
            },
            visitors: .init(
                connectionsOpen: metrics.connectionsOpen[Metrics.Listener.public.rawValue].value,
                signatures: metrics.signatures.sum(of: Metrics.SignatureOutcome.signed.rawValue),
                logins: metrics.logins.sum(of: Metrics.LoginOutcome.succeeded.rawValue),
                sessionsOpened: metrics.sessionsOpened.samples.reduce(0) { $0 + $1.value }),
            certificateSecondsLeft: tls?.certificateSecondsLeft)
    }
}

extension StatusReport.UpstreamPart {
    fileprivate init(_ account: String, _ operation: WeChat.Operation, _ line: UpstreamJournal.Line) {
        self.init(
            account: account, call: operation.rawValue, succeeded: line.succeeded, failed: line.failed,
            lastSuccessAt: line.lastSuccessAt, lastFailureAt: line.lastFailureAt, failing: line.isFailing,
            lastError: line.lastFailure?.description, hint: line.lastFailure?.hint,
            concernsOperator: line.lastFailure.map { ![.restartLogin, .outcome].contains($0.reaction) } ?? false)
    }
}

extension MetricTable {
    /// Over all accounts, of one outcome.
    fileprivate func sum(of outcome: String) -> Int {
        samples.filter { $0.labels.last?.value == outcome }.reduce(0) { $0 + $1.value }
    }
}
