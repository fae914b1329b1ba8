import Wire

/// What whoever sends bytes that are no request, or comes with one connection too many, is told: nothing of what he sent is
/// repeated.
struct RefusalText {
    let message: String
    let hint: String?

    /// - Parameter error: nil for one connection too many.
    init(_ error: WireError?) {
        message = error.map(Self.message) ?? "There are too many connections at the moment."
        hint =
            error.map(Self.hint)
            ?? "See limits.connections and connectionsPerAddress; a proxy in front belongs into trustedProxies."
    }

    private static func message(of error: WireError) -> String {
        switch error {
        case .badRequestLine, .badVersion:
            "The first line must be a method, an address without spaces, HTTP/1.1 or HTTP/1.0, and CR LF."
        case .badTarget:
            "The address is no path, holds a character that a URL escapes, or a % without two digits behind it."
        case .unsupportedVersion: "This server speaks HTTP/1.1 and HTTP/1.0."
        case .targetTooLong(let limit): "The first line is longer than \(limit) bytes."
        case .badFieldName: "The name of a header is no token, or writes one that counts here with an underscore."
        case .badFieldLine:
            "A header must be a name, a colon and a value without control characters, on one line that ends in CR LF."
        case .fieldsTooLarge(let limit):
            "One header, all of them, or those behind a chunked body are longer than \(limit) bytes."
        case .tooManyFields(let limit): "There are more than \(limit) headers."
        case .cookiesTooLarge(let limit): "The cookies are longer than \(limit) bytes."
        case .tooManyCookies(let limit): "There are more than \(limit) cookies."
        case .badHost: "The header Host is missing, is there twice or names no host."
        case .unmetExpectation: "The header Expect may ask for 100-continue only."
        case .badContentLength: "The header Content-Length is not one number."
        case .conflictingLengths: "Content-Length and Transfer-Encoding contradict each other."
        case .badTransferEncoding: "The header Transfer-Encoding cannot be understood."
        case .unsupportedTransferCoding: "The only Transfer-Encoding that this server knows is chunked."
        case .badChunk: "The body is not chunked as it should be."
        case .chunkExtensionTooLarge: "The extensions of the body's chunks are too long."
        case .bodyTooLarge(let limit): "The body is longer than \(limit) bytes."
        case .timedOut: "The request did not arrive in time."
        // These no request has.
        case .badFieldValue, .badStatusLine, .truncated, .trailingBytes, .badEscape, .duplicateParameter, .badCookie,
            .badURL:
            "The request cannot be understood."
        }
    }

    private static func hint(of error: WireError) -> String? {
        switch error {
        case .badRequestLine, .badVersion:
            "A space in an address is written %20. If this was TLS, it came to a port that speaks plain HTTP."
        case .badTarget:
            "Escape the path, and each value of the query by itself: encodeURIComponent in JavaScript."
        case .targetTooLong: "The limit is limits.requestLine of the configuration."
        case .fieldsTooLarge:
            "One header may have 8,192 bytes at most; limits.headerBytes of the configuration is for all of them."
        case .tooManyFields: "The limit is limits.headerFields of the configuration."
        case .bodyTooLarge: "The limit is limits.bodyBytes of the configuration."
        default: nil
        }
    }
}
