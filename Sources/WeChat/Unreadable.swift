/// Why a reply could not be used, though one came. No case holds a value from it.
public enum Unreadable: Error, Hashable, Sendable {
    /// More than 64 KiB.
    case tooLarge
    /// Nested deeper than any documented reply.
    case tooDeep
    /// Not JSON, or cut short.
    case notJSON
    /// Two equal keys in one object: something in between has been rewriting the reply.
    case duplicateKey
    /// Neither the field that was asked for nor an `errcode`.
    case missing(field: String)
    /// The field is there and holds what it cannot hold, such as a token with a line break.
    case invalid(field: String)
}

extension Unreadable: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLarge: "WeChat's reply is too large"
        case .tooDeep: "WeChat's reply is nested too deeply"
        case .notJSON: "WeChat's reply is not JSON"
        case .duplicateKey: "WeChat's reply names a field twice"
        case .missing(let field): "WeChat's reply lacks \(field)"
        case .invalid(let field): "WeChat's reply has an unusable \(field)"
        }
    }
}
