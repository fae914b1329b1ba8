import Secure
import Wire

/// User and password of an `Authorization: Basic` (RFC 7617).
struct BasicCredentials: Sendable {
    let user: String
    let password: [UInt8]

    /// Nil unless the text after the scheme is the Base64 of a pair.
    init?(_ encoded: String) {
        guard let pair = Base64.decode(encoded), let colon = pair.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        user = String(decoding: pair[..<colon], as: UTF8.self)
        password = Array(pair[(colon + 1)...])
    }
}

/// The one `Authorization` of a request: its scheme in lower case, and what stands after it. Two of them are none.
struct Authorization {
    let scheme: String
    let value: String

    init?(_ request: Request) {
        guard request.fields.count(.authorization) == 1, let text = request.fields[.authorization],
            let space = text.firstIndex(of: " ")
        else { return nil }
        scheme = text[..<space].lowercased()
        value = String(text[text.index(after: space)...])
    }
}
