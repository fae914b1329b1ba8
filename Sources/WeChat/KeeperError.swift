public import Store

/// Why there is no token or ticket now.
public enum KeeperError: Error, Hashable, Sendable {
    /// None is in memory or in the store, and WeChat gave none. Asking before `retryAfter` gets this same answer and
    /// makes no call.
    ///
    /// - `last`: What WeChat said last; `nil` when another process was to fetch and did not come back.
    case unavailable(last: UpstreamError?, retryAfter: Duration)
    /// There was a token, and the call made with it failed.
    case failed(UpstreamError)

    /// What WeChat, or the way to it, said; `nil` when this process did not ask.
    public var upstream: UpstreamError? {
        switch self {
        case .unavailable(let last, _): last
        case .failed(let error): error
        }
    }
}

extension KeeperError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unavailable(let last, let retryAfter):
            "no credential: \(last?.description ?? "another process holds the lease"); "
                + "next try in \(retryAfter.components.seconds) s"
        case .failed(let error): error.description
        }
    }
}

/// What a keeper did, for logs and counters. It holds no value of a credential.
public enum KeeperEvent: Sendable {
    /// WeChat handed out a credential.
    case refreshed(Credential)
    /// Another process's credential was found in the store.
    case adopted(Credential)
    /// WeChat could not be asked, or gave none; it is left alone for `retryAfter`.
    case failed(Credential.Kind, KeeperError)
    /// The store failed. Signing goes on from memory, and without the promise of one call for all processes.
    case storeFailed(StoreError)
}
