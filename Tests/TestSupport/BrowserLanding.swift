/// Where a browser goes: the parts of the WHATWG URL parser that decide it, written for tests, so that what the product
/// takes is read once more by nobody's rules but the browser's.
package enum BrowserLanding: Equatable, Sendable {
    case sameOrigin
    /// Scheme, host in lower case (an IPv6 address in its brackets), port.
    case host(String, String, Int)
    case elsewhere

    /// - Parameter base: the scheme of the page that holds the address.
    package init(of text: String, base: String = "https") {
        // Control characters and spaces at the ends go, tabs and line breaks go everywhere (§4.4).
        var scalars = Array(text.unicodeScalars)
        let inner = scalars.drop { $0.value <= 0x20 }.reversed().drop { $0.value <= 0x20 }.reversed()
        scalars = inner.filter { $0 != "\t" && $0 != "\n" && $0 != "\r" }
        let isSlash = { (scalar: Unicode.Scalar) in scalar == "/" || scalar == "\\" }
        var scheme = base
        var rest = scalars[...]
        if let colon = scalars.firstIndex(of: ":"), let first = scalars.first, first.properties.isAlphabetic,
            first.isASCII,
            scalars[..<colon].allSatisfy({
                $0.isASCII && ($0.properties.isAlphabetic || "0123456789+-.".unicodeScalars.contains($0))
            })
        {
            scheme = Self.text(scalars[..<colon])
            guard ["http", "https"].contains(scheme) else {
                self = .elsewhere
                return
            }
            rest = scalars[(colon + 1)...]
            // "https:path" is relative to a base of the same scheme, anything else names a host.
            if scheme == base, !(rest.count >= 2 && rest.prefix(2).allSatisfy(isSlash)) {
                self = .sameOrigin
                return
            }
        } else {
            guard rest.count >= 2, rest.prefix(2).allSatisfy(isSlash) else {
                self = .sameOrigin
                return
            }
        }
        rest = rest.drop(while: isSlash)
        let authority = rest.prefix { !isSlash($0) && $0 != "?" && $0 != "#" }
        let afterUser = authority.lastIndex(of: "@").map { authority[($0 + 1)...] } ?? authority
        let bracket = afterUser.first == "[" ? afterUser.firstIndex(of: "]") : nil
        let hostEnd = afterUser[(bracket ?? afterUser.startIndex)...].firstIndex(of: ":") ?? afterUser.endIndex
        let digits = Self.text(afterUser[hostEnd...].dropFirst())
        let port = digits.isEmpty ? (scheme == "https" ? 443 : 80) : Int(digits) ?? -1
        self = .host(scheme, Self.text(afterUser[..<hostEnd]), port)
    }

    private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(scalars)).lowercased()
    }
}
