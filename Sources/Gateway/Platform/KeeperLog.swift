import FoundationEssentials
import Store
import WeChat

/// What a keeper tells, as log lines and figures.
enum KeeperLog {
    static func note(_ event: KeeperEvent, account: String, log: EventLog, metrics: Metrics) {
        switch event {
        case .refreshed(let credential):
            metrics.hold(
                .init(credential.kind), of: account, issued: credential.obtainedAt, expires: credential.expiresAt)
            log.info("credential", [.outcome("refreshed"), .account(account), .kind(credential.kind.rawValue)])
        case .adopted(let credential):
            metrics.hold(
                .init(credential.kind), of: account, issued: credential.obtainedAt, expires: credential.expiresAt)
            log.info("credential", [.outcome("adopted"), .account(account), .kind(credential.kind.rawValue)])
        case .failed(let kind, let error):
            log.warn(
                "credential",
                [.outcome("failed"), .account(account), .kind(kind.rawValue), .reason(error.description)]
                    + .errcode(of: error.upstream))
        case .storeFailed(let error):
            log.error("store", [.account(account), .reason(error.description)])
        }
    }
}

extension Metrics.Credential {
    fileprivate init(_ kind: Credential.Kind) {
        switch kind {
        case .token: self = .token
        case .ticket: self = .ticket
        }
    }
}

extension [LogField] {
    /// WeChat's code, where it gave one.
    static func errcode(of error: UpstreamError?) -> [LogField] {
        guard case .refused(let refusal) = error else { return [] }
        return [.errcode(refusal.code.rawValue)]
    }

    static func errcode(of error: OAuthError) -> [LogField] {
        guard case .upstream(let upstream) = error else { return [] }
        return errcode(of: upstream)
    }
}
