/// OAuth codes and what they were exchanged for: single use, bound to one account, and dated.
struct Grants: Sendable {
    struct Code: Equatable, Sendable {
        let text: String
        let appID: String
        let scope: String
        let user: String
        let isSnapshot: Bool
        let expires: Int
        var isUsed = false
    }

    struct Grant: Equatable, Sendable {
        let appID: String
        let scope: String
        let user: String
        let isSnapshot: Bool
        let openID: String
        let grantedAt: Int
        var accessToken: String
        var accessExpires: Int
        let refreshToken: String
        let refreshExpires: Int
    }

    enum TokenStanding: Equatable {
        case valid(Grant)
        case expired
        case unknown
    }

    // A load test mints without end; what is older than this many others answers like something never issued.
    private static let remembered = 65_536

    private var codes = Ring<Code>(capacity: remembered)
    private var grants = Ring<Grant>(capacity: remembered)
    /// Access tokens that a refresh replaced, so that they are told "expired" and not "unknown".
    private var retired = Ring<Bool>(capacity: remembered)
    private var grantOfToken: [String: String] = [:]

    mutating func keep(_ code: Code) { codes[code.text] = code }

    /// Consumes the code. Everything that can be wrong with it is said here and nowhere else.
    mutating func redeem(_ text: String, appID: String, now: Int, expired: Refusal) throws(Refusal) -> Code {
        guard var code = codes[text], code.appID == appID else { throw .badCode }
        guard !code.isUsed else { throw .usedCode }
        guard now < code.expires else { throw expired }
        code.isUsed = true
        codes[text] = code
        return code
    }

    mutating func keep(_ grant: Grant) {
        if let old = grants[grant.refreshToken], old.accessToken != grant.accessToken {
            grantOfToken[old.accessToken] = nil
            retired[old.accessToken] = true
        }
        if let evicted = grants.insert(grant, for: grant.refreshToken) { grantOfToken[evicted.accessToken] = nil }
        grantOfToken[grant.accessToken] = grant.refreshToken
    }

    func grant(refreshToken: String) -> Grant? { grants[refreshToken] }

    /// Living or not.
    func grant(accessToken: String) -> Grant? { grantOfToken[accessToken].flatMap { grants[$0] } }

    func standing(of accessToken: String, now: Int) -> TokenStanding {
        if retired[accessToken] != nil { return .expired }
        guard let grant = grant(accessToken: accessToken) else { return .unknown }
        return now < grant.accessExpires ? .valid(grant) : .expired
    }
}

/// A dictionary that forgets its oldest entry when it is full.
struct Ring<Value: Sendable>: Sendable {
    private let capacity: Int
    private var values: [String: Value] = [:]
    private var order: [String] = []
    private var oldest = 0

    init(capacity: Int) { self.capacity = capacity }

    subscript(key: String) -> Value? {
        get { values[key] }
        set {
            guard let newValue else { return }
            _ = insert(newValue, for: key)
        }
    }

    /// Returns what had to go.
    mutating func insert(_ value: Value, for key: String) -> Value? {
        guard values.updateValue(value, forKey: key) == nil else { return nil }
        guard order.count == capacity else {
            order.append(key)
            return nil
        }
        let evicted = values.removeValue(forKey: order[oldest])
        order[oldest] = key
        oldest = (oldest + 1) % capacity
        return evicted
    }
}
