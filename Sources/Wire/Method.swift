/// The method of a request (RFC 9110 §9). Methods are case-sensitive: `get` is some other method.
package enum Method: Hashable, Sendable {
    case get
    case head
    case post
    case put
    case delete
    case options
    case patch
    case connect
    case trace
    /// A well-formed token which this server does not know; it is answered with 501.
    case other(String)

    /// Every method with a name of its own here.
    package static let known: [Method] = [.get, .head, .post, .put, .delete, .options, .patch, .connect, .trace]

    package init(_ name: String) {
        self =
            switch name {
            case "GET": .get
            case "HEAD": .head
            case "POST": .post
            case "PUT": .put
            case "DELETE": .delete
            case "OPTIONS": .options
            case "PATCH": .patch
            case "CONNECT": .connect
            case "TRACE": .trace
            default: .other(name)
            }
    }

    package var isKnown: Bool {
        if case .other = self { false } else { true }
    }

    /// Whether sending it twice is the same as sending it once (RFC 9110 §9.2.2).
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace: true
        case .post, .patch, .connect, .other: false
        }
    }
}

extension Method: CustomStringConvertible {
    package var description: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .patch: "PATCH"
        case .connect: "CONNECT"
        case .trace: "TRACE"
        case .other(let name): name
        }
    }
}
