import Wire

/// What whoever sends bytes that are no request, or comes with one connection too many, is told: nothing of what he sent is
/// repeated.
struct RefusalText {
    let message: String
    let hint: String?

    /// - Parameter error: nil for one connection too many.
    init(_ error: WireError?) {
        message = error.map(Self.message) ?? "There are too many connections at the moment."
        hint = error.flatMap(Self.hint)
    }

    private static func message(of error: WireError) -> String {
        switch error {
        case .badRequestLine: "The first line is not a method, an address and HTTP/1.1, with one space between."
        case .badTarget: "The address is no path, or holds a character that a URL escapes."
        case .badVersion: "The first line does not end in HTTP/1.1 or HTTP/1.0."
        case .unsupportedVersion: "This server speaks HTTP/1.1 and HTTP/1.0."
        case .targetTooLong(let limit): "The first line is longer than \(limit) bytes."
        case .badFieldName: "The name of a header is no token, or writes one that counts here with an underscore."
        case .badFieldValue: "The value of a header holds a control character."
        case .badFieldLine: "A header is not a name, a colon and a value on one line that ends in CR LF."
        case .fieldsTooLarge(let limit): "The headers, or one of them, are longer than \(limit) bytes."
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
        case .chunkExtensionTooLarge(let limit): "The extensions of a chunk are longer than \(limit) bytes."
        case .bodyTooLarge(let limit): "The body is longer than \(limit) bytes."
        case .timedOut: "The request did not arrive in time."
        case .badStatusLine, .truncated, .trailingBytes, .badEscape, .duplicateParameter, .badCookie, .badURL:
            "The request cannot be understood."
        }
    }

    private static func hint(for error: WireError) -> String? {
        switch error {
        case .badTarget: "Escape each value of the query: url= takes encodeURIComponent(location.href.split('#')[0])."
        case .targetTooLong: "The limit is limits.requestLine of the configuration."
        case .fieldsTooLarge: "limits.headerBytes of the configuration is for all of them; one may have 8,192 bytes."
        case .tooManyFields: "The limit is limits.headerFields of the configuration."
        case .bodyTooLarge: "The limit is limits.bodyBytes of the configuration."
        default: nil
        }
    }
}
