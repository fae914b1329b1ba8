/// What is wrong with bytes that came over the wire, or with a value that may not go out over it.
///
/// Every error of a `RequestParser` ends its connection: after a byte that could not be understood, nothing that
/// follows can be trusted to be a request (RFC 9112 §9.6, §11.2).
package enum WireError: Error, Hashable, Sendable {
    // The head of a request.
    case badRequestLine
    case badTarget
    case badVersion
    /// `HTTP/` with digits, but not 1.0 or 1.1.
    case unsupportedVersion
    case targetTooLong(limit: Int)
    case badFieldName
    case badFieldValue
    /// A line that is not `name: value` CRLF: no colon, folded, or ended by a bare LF or CR.
    case badFieldLine
    case fieldsTooLarge(limit: Int)
    case tooManyFields(limit: Int)
    case cookiesTooLarge(limit: Int)
    case tooManyCookies(limit: Int)
    case badHost
    case unmetExpectation

    // Where the body ends.
    case badContentLength
    /// `Content-Length` beside `Transfer-Encoding`: the classic of request smuggling.
    case conflictingLengths
    case badTransferEncoding
    case unsupportedTransferCoding
    case badChunk
    case chunkExtensionTooLarge(limit: Int)
    case bodyTooLarge(limit: Int)

    // The head of a response.
    case badStatusLine
    /// The bytes ended before the message did.
    case truncated
    /// Bytes follow a message that was complete.
    case trailingBytes

    /// A deadline passed before the request was complete.
    case timedOut

    // Values inside a message.
    case badEscape
    case duplicateParameter
    case badCookie
    case badURL

    /// The status with which a server answers it.
    package var status: Status {
        switch self {
        case .timedOut: .requestTimeout
        case .bodyTooLarge, .chunkExtensionTooLarge: .payloadTooLarge
        case .targetTooLong: .uriTooLong
        case .unmetExpectation: .expectationFailed
        case .fieldsTooLarge, .tooManyFields, .cookiesTooLarge, .tooManyCookies: .headerFieldsTooLarge
        case .unsupportedTransferCoding: .notImplemented
        case .unsupportedVersion: .versionNotSupported
        default: .badRequest
        }
    }

    /// Whether the connection must be closed after the answer: always, but for faults of a value inside a message whose
    /// own end is known.
    package var closesConnection: Bool {
        switch self {
        case .badEscape, .duplicateParameter, .badCookie, .badURL: false
        default: true
        }
    }
}
