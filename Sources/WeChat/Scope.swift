/// What a login asks the visitor for.
public enum Scope: String, Sendable, Codable, CaseIterable {
    /// Silent; gives the openid only.
    case base = "snsapi_base"
    /// With a page of consent; gives nickname and avatar, too.
    case userinfo = "snsapi_userinfo"

    /// Reads `base` and `userinfo` as well as WeChat's own names; `nil` for anything else.
    public init?(name: String) {
        switch name {
        case "base", Scope.base.rawValue: self = .base
        case "userinfo", Scope.userinfo.rawValue: self = .userinfo
        default: return nil
        }
    }

    /// `base` or `userinfo`.
    public var name: String { self == .base ? "base" : "userinfo" }

    /// Whether a grant of this scope does where `wanted` is asked for.
    public func satisfies(_ wanted: Scope) -> Bool { self == .userinfo || wanted == .base }
}
