import Wire

/// The two cookies of Magpie, with the attributes that the public URL's scheme allows.
package struct Cookies: Sendable {
    let sessionName: String
    let bindingName: String
    let isSecure: Bool
    let sameSite: SetCookie.SameSite
    /// How long a browser keeps the session cookie, in seconds. The server's own clock decides in the end.
    let sessionLifetime: Int

    /// RFC 6265bis §5.5: browsers cap it at 400 days.
    private static let longestLifetime = 34_560_000

    func session(of request: Request) -> SessionID? {
        request.lend { session(of: $0) }
    }

    func session(of request: borrowing RequestView) -> SessionID? {
        sessionText(of: request).flatMap { SessionID($0) }
    }

    /// What the session's cookie holds, whatever it is.
    func sessionText(of request: borrowing RequestView) -> String? {
        guard case .one(let value) = request.cookie(sessionName) else { return nil }
        return value
    }

    func binding(of request: Request) -> Binding? {
        guard case .one(let value) = request.cookie(bindingName) else { return nil }
        return Binding(value)
    }

    func set(_ id: SessionID, on response: inout Response) throws(WireError) {
        try write(sessionName, id.reveal(), min(sessionLifetime, Self.longestLifetime), sameSite, on: &response)
    }

    func set(_ binding: Binding, on response: inout Response) throws(WireError) {
        // Lax whatever the session's is: WeChat's way back is a navigation from another site.
        try write(bindingName, binding.reveal(), Binding.lifetime, .lax, on: &response)
    }

    func clearSession(on response: inout Response) throws(WireError) {
        try write(sessionName, "", 0, sameSite, on: &response)
    }

    private func write(
        _ name: String, _ value: String, _ maxAge: Int, _ sameSite: SetCookie.SameSite, on response: inout Response
    ) throws(WireError) {
        let cookie = SetCookie(
            name: name, value: value, path: "/", maxAge: maxAge, secure: isSecure, httpOnly: true, sameSite: sameSite)
        try response.fields.append(.setCookie, cookie.serialized())
    }
}
