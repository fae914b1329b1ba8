import Wire

/// A response made of literal fields and bytes.
func answer(_ status: Status, _ fields: [(FieldName, String)], _ bytes: [UInt8]) -> Response {
    Response(status, fields, body: .bytes(bytes))
}

/// How the two families of endpoints dress their replies. Clients that look at the Content-Type are in for it.
enum Dress: String, Sendable {
    case api = "application/json; encoding=utf-8"
    case web = "text/plain"
}

extension Request {
    /// A parameter of the query. The platform takes what it can read and treats the rest as missing.
    func parameter(_ name: String) -> String? { try? query.first(name) }

    /// The address under which this listener was reached, for links back to it.
    var origin: String {
        "\(isSecure ? "https" : "http")://\(authority.map(\.description) ?? "127.0.0.1")"
    }
}
