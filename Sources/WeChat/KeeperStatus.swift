public import FoundationEssentials

/// What an operator wants to know of one account. It holds no value of a credential.
public struct KeeperStatus: Sendable, Equatable, Codable {
    /// The token, or the ticket.
    public struct Part: Sendable, Equatable, Codable {
        /// Whether there is one that may be used now.
        public let isUsable: Bool
        /// How many this account has had, as far as its store remembers; `nil` while there is none.
        public let generation: Int?
        public let obtainedAt: Date?
        /// Seconds since then.
        public let age: Int?
        /// Until when it is used.
        public let expiresAt: Date?
        /// When WeChat is asked next.
        public let nextRefresh: Date
        /// The failures since the last success.
        public let failures: Int
        public let lastFailureAt: Date?
        /// WeChat's code for the last failure, where it gave one.
        public let lastErrorCode: ErrorCode?
        /// The last failure in words.
        public let lastError: String?
        /// What to do about it.
        public let hint: Hint?
    }

    public let account: String
    public let appID: String
    public let token: Part
    public let ticket: Part
    /// Tokens replaced on demand since midnight in Beijing, of 20 that WeChat takes.
    public let forcedToday: Int
    /// Why the store could not be used the last time, if so.
    public let storeError: String?

    /// Whether pages can be signed now.
    public var isReady: Bool { ticket.isUsable }
}

extension KeeperStatus.Part {
    init(_ slot: Slot, at now: Date) {
        let current = slot.current
        isUsable = slot.usable(at: now) != nil
        generation = current?.generation
        obtainedAt = current?.obtainedAt
        age = current.map { Int(now.timeIntervalSince($0.obtainedAt)) }
        expiresAt = current?.expiresAt
        nextRefresh = slot.wakesAt(now)
        failures = slot.setback?.streak ?? 0
        lastFailureAt = slot.setback?.failedAt
        if case .refused(let error) = slot.setback?.error { lastErrorCode = error.code } else { lastErrorCode = nil }
        lastError = slot.setback?.error?.description
        hint = slot.setback?.error?.hint
    }
}
