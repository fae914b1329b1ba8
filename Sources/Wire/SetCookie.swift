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
            !name.isEmpty && ByteSet.token.holdsAll(of: name)
            && ByteSet.cookieValue.holdsAll(of: value) && name.utf8.count + value.utf8.count <= 4096
            && path.hasPrefix("/") && ByteSet.cookiePath.holdsAll(of: path)
        let bytes = name.utf8Span.span
        let keepsPromise =
            (!bytes.isPrefixedIgnoringCase(by: "__host-") || (secure && path == "/"))
            && (!bytes.isPrefixedIgnoringCase(by: "__secure-") || secure) && (sameSite != .none || secure)
        guard isWellFormed, keepsPromise else { throw .badCookie }
        let room = name.utf8.count + value.utf8.count + path.utf8.count + Self.roomForAttributes
        return String(unsafeUninitializedCapacity: room) { memory in
            var writer = ByteWriter(memory)
            writer.put(name.utf8Span.span)
            writer.put(UInt8(ascii: "="))
            writer.put(value.utf8Span.span)
            writer.put("; Path=")
            writer.put(path.utf8Span.span)
            if let maxAge {
                writer.put("; Max-Age=")
                writer.put(decimal: max(0, maxAge))
            }
            if secure { writer.put("; Secure") }
            if httpOnly { writer.put("; HttpOnly") }
            writer.put("; SameSite=")
            writer.put(sameSite.rawValue.utf8Span.span)
            return writer.count
        }
    }

    /// More than the names of the attributes and a number need.
    private static let roomForAttributes = 96
}
