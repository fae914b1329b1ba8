/// What a request says about one cookie name.
package enum CookieValue: Hashable, Sendable {
    case absent
    case one(String)
    /// The name came twice. A sibling host can plant a second cookie, and their order proves nothing (RFC 6265bis
    /// §4.2.2), so neither may be believed.
    case ambiguous

    /// Walks the `Cookie` lines. Pairs without a name, without "=" or with odd values have no effect; a value is taken
    /// as it stands, quotes included, since nothing here ever sends a quoted one.
    static func find(_ name: String, in fields: Fields) -> CookieValue {
        guard !name.isEmpty else { return .absent }
        var found = CookieValue.absent
        for entry in fields.entries where fields.matches(entry, .cookie) {
            for pair in fields.valueBytes(of: entry).split(separator: UInt8(ascii: ";")) {
                guard let equals = pair.firstIndex(of: UInt8(ascii: "=")),
                    trimmed(pair[..<equals]).elementsEqual(name.utf8)
                else { continue }
                guard case .absent = found else { return .ambiguous }
                found = .one(String(decoding: trimmed(pair[(equals + 1)...]), as: UTF8.self))
            }
        }
        return found
    }

    /// How many pairs a `Cookie` value holds, the empty ones included: an upper bound of the work it causes.
    static func pairCount(_ value: some Sequence<UInt8>) -> Int {
        value.reduce(1) { $1 == UInt8(ascii: ";") ? $0 + 1 : $0 }
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while bytes.first?.isWhitespace == true { bytes.removeFirst() }
        while bytes.last?.isWhitespace == true { bytes.removeLast() }
        return bytes
    }
}

/// A cookie to set (RFC 6265 §4.1), as the text of one `Set-Cookie` field.
package struct SetCookie: Hashable, Sendable {
    package enum SameSite: String, Sendable {
        case strict = "Strict"
        case lax = "Lax"
        case none = "None"
    }

    package var name: String
    package var value: String
    package var path: String
    /// In seconds; 0 deletes the cookie, `nil` leaves it to the browser's session.
    package var maxAge: Int?
    package var secure: Bool
    package var httpOnly: Bool
    package var sameSite: SameSite

    package init(
        name: String, value: String, path: String = "/", maxAge: Int? = nil, secure: Bool = true, httpOnly: Bool = true,
        sameSite: SameSite = .lax
    ) {
        self.name = name
        self.value = value
        self.path = path
        self.maxAge = maxAge
        self.secure = secure
        self.httpOnly = httpOnly
        self.sameSite = sameSite
    }

    /// The field's value. Throws `.badCookie` where the name is not a token, the value or path holds a byte that would
    /// end it, name and value exceed 4,096 bytes (RFC 6265bis §5.6), or a prefix promises what the attributes break.
    package func serialized() throws(WireError) -> String {
        let isWellFormed =
            !name.isEmpty && name.utf8.allSatisfy(ByteSet.token.contains)
            && value.utf8.allSatisfy(ByteSet.cookieValue.contains) && name.utf8.count + value.utf8.count <= 4096
            && path.hasPrefix("/") && path.utf8.allSatisfy(ByteSet.cookiePath.contains)
        let prefix = name.asciiLowercased
        let keepsPromise =
            (!prefix.hasPrefix("__host-") || (secure && path == "/"))
            && (!prefix.hasPrefix("__secure-") || secure) && (sameSite != .none || secure)
        guard isWellFormed, keepsPromise else { throw .badCookie }
        var text = "\(name)=\(value); Path=\(path)"
        if let maxAge { text += "; Max-Age=\(max(0, maxAge))" }
        if secure { text += "; Secure" }
        if httpOnly { text += "; HttpOnly" }
        return text + "; SameSite=\(sameSite.rawValue)"
    }
}
