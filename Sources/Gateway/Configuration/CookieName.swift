/// The session cookie's name: which ones a browser takes, and what `https` makes of it.
enum CookieName {
    static let hostPrefix = "__Host-"

    /// Cookie names are tokens (RFC 6265 §4.1.1, RFC 9110 §5.6.2).
    static func check(_ name: String) throws(Objection) {
        let isToken = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "!#$%&'*+-.^_`|~".utf8.contains($0)
            }
        }
        guard isToken, (1...64).contains(name.utf8.count) else {
            throw Objection("\(quoted(name)) is no cookie name", expected: "1 to 64 letters, digits and _ - .")
        }
        // Browsers compare the prefixes without regard to case (RFC 6265bis §4.1.3), so every spelling is one.
        let lowered = name.lowercased()
        if lowered.hasPrefix("__host-") || lowered.hasPrefix("__secure-") {
            throw Objection(
                "\(quoted(name)) carries a prefix", expected: "the name without it: with https, \(hostPrefix) is added")
        }
    }
}

extension Configuration {
    /// The cookie's name as browsers see it. The prefix makes them refuse a cookie of that name which a sibling host
    /// planted or which travelled without TLS; it is possible on https only.
    package var cookieName: String {
        isSecure ? CookieName.hostPrefix + session.cookieName : session.cookieName
    }
}
