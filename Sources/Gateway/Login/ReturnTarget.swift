/// Where a visitor goes after login: a path of this site, or an absolute URL whose host and port are allow-listed.
///
/// A value of this type has passed `ReturnRules`; it is checked once more before it is written to `Location`.
package struct ReturnTarget: Hashable, Sendable {
    package let location: String

    /// For `ReturnRules`, which have checked it.
    init(checked location: String) {
        self.location = location
    }

    /// The same target with one more query parameter, before any fragment. `value` must need no escaping.
    package func adding(parameter name: String, value: String) -> ReturnTarget {
        let fragmentStart = location.firstIndex(of: "#") ?? location.endIndex
        let page = location[..<fragmentStart]
        let separator = page.contains("?") ? "&" : "?"
        return ReturnTarget(checked: "\(page)\(separator)\(name)=\(value)\(location[fragmentStart...])")
    }
}

/// Why a target was refused. The texts name the rule, never the value.
package enum TargetRefusal: Error, Hashable {
    case length
    case character
    case escape
    case form
    case host
    case notListed
    case otherSite
    case reservedName
    case path
    case loop

    package var rule: String {
        switch self {
        case .length: "it must be 1 to 2048 bytes long"
        case .character:
            "it may hold only visible ASCII characters, without \\ \" < > ^ ` { | }; percent-encode the rest"
        case .escape: "every % must begin an escape of two hexadecimal digits"
        case .form: "it must be a path that begins with one /, or an https URL"
        case .host: "its host is not a valid domain name, or its port is not a number from 1 to 65535"
        case .notListed: "its host and port are not in returnDomains"
        case .otherSite: "it is not on the origin of the site"
        case .reservedName: "its query holds magpie_ticket or magpie_nonce, which are put there at the end"
        case .path: "its path holds //, a dot segment, or an escaped slash, backslash or control character"
        case .loop: "it points at the login itself"
        }
    }
}
