/// The name of a header field: compared without regard to case, written in its usual spelling.
package struct FieldName: Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    let known: KnownField?
    /// The spelling of a name that is not among the known ones; empty otherwise.
    private let other: String

    private init(_ known: KnownField) {
        self.known = known
        other = ""
    }

    /// Refuses what is not a token (RFC 9110 §5.1).
    package init?(_ name: String) {
        let token = ByteSet.token
        guard !name.isEmpty, name.utf8.count <= UInt16.max, token.holdsAll(of: name) else { return nil }
        known = KnownField.named(name.utf8Span.span)
        other = known == nil ? name : ""
    }

    /// A literal in the source that is not a token is a bug.
    package init(stringLiteral name: String) {
        guard let valid = FieldName(name) else { preconditionFailure("\"\(name)\" is not a field name") }
        self = valid
    }

    package var description: String {
        known.map { $0.spelling.description } ?? other
    }

    /// Hands over the bytes of the spelling, without making a string of a known name.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let known { return known.spelling.withUTF8Buffer(body) }
        var text = other
        return text.withUTF8(body)
    }

    package static var accept: FieldName { FieldName(.accept) }
    package static var acceptEncoding: FieldName { FieldName(.acceptEncoding) }
    package static var acceptLanguage: FieldName { FieldName(.acceptLanguage) }
    package static var accessControlAllowCredentials: FieldName { FieldName(.accessControlAllowCredentials) }
    package static var accessControlAllowHeaders: FieldName { FieldName(.accessControlAllowHeaders) }
    package static var accessControlAllowMethods: FieldName { FieldName(.accessControlAllowMethods) }
    package static var accessControlAllowOrigin: FieldName { FieldName(.accessControlAllowOrigin) }
    package static var accessControlMaxAge: FieldName { FieldName(.accessControlMaxAge) }
    package static var accessControlRequestHeaders: FieldName { FieldName(.accessControlRequestHeaders) }
    package static var accessControlRequestMethod: FieldName { FieldName(.accessControlRequestMethod) }
    package static var allow: FieldName { FieldName(.allow) }
    package static var authorization: FieldName { FieldName(.authorization) }
    package static var cacheControl: FieldName { FieldName(.cacheControl) }
    package static var connection: FieldName { FieldName(.connection) }
    package static var contentEncoding: FieldName { FieldName(.contentEncoding) }
    package static var contentLength: FieldName { FieldName(.contentLength) }
    package static var contentSecurityPolicy: FieldName { FieldName(.contentSecurityPolicy) }
    package static var contentType: FieldName { FieldName(.contentType) }
    package static var cookie: FieldName { FieldName(.cookie) }
    package static var crossOriginResourcePolicy: FieldName { FieldName(.crossOriginResourcePolicy) }
    package static var date: FieldName { FieldName(.date) }
    package static var etag: FieldName { FieldName(.etag) }
    package static var expect: FieldName { FieldName(.expect) }
    package static var forwarded: FieldName { FieldName(.forwarded) }
    package static var host: FieldName { FieldName(.host) }
    package static var ifModifiedSince: FieldName { FieldName(.ifModifiedSince) }
    package static var ifNoneMatch: FieldName { FieldName(.ifNoneMatch) }
    package static var keepAlive: FieldName { FieldName(.keepAlive) }
    package static var lastModified: FieldName { FieldName(.lastModified) }
    package static var location: FieldName { FieldName(.location) }
    package static var origin: FieldName { FieldName(.origin) }
    package static var range: FieldName { FieldName(.range) }
    package static var referer: FieldName { FieldName(.referer) }
    package static var referrerPolicy: FieldName { FieldName(.referrerPolicy) }
    package static var retryAfter: FieldName { FieldName(.retryAfter) }
    package static var secFetchDest: FieldName { FieldName(.secFetchDest) }
    package static var secFetchMode: FieldName { FieldName(.secFetchMode) }
    package static var secFetchSite: FieldName { FieldName(.secFetchSite) }
    package static var server: FieldName { FieldName(.server) }
    package static var setCookie: FieldName { FieldName(.setCookie) }
    package static var strictTransportSecurity: FieldName { FieldName(.strictTransportSecurity) }
    package static var te: FieldName { FieldName(.te) }
    package static var trailer: FieldName { FieldName(.trailer) }
    package static var transferEncoding: FieldName { FieldName(.transferEncoding) }
    package static var upgrade: FieldName { FieldName(.upgrade) }
    package static var userAgent: FieldName { FieldName(.userAgent) }
    package static var vary: FieldName { FieldName(.vary) }
    package static var wwwAuthenticate: FieldName { FieldName(.wwwAuthenticate) }
    package static var xContentTypeOptions: FieldName { FieldName(.xContentTypeOptions) }
    package static var xForwardedFor: FieldName { FieldName(.xForwardedFor) }
    package static var xForwardedHost: FieldName { FieldName(.xForwardedHost) }
    package static var xForwardedProto: FieldName { FieldName(.xForwardedProto) }
    package static var xRealIP: FieldName { FieldName(.xRealIP) }
    package static var xRequestID: FieldName { FieldName(.xRequestID) }
}

extension FieldName: Hashable {
    package static func == (left: FieldName, right: FieldName) -> Bool {
        left.known == right.known && left.other.asciiLowercased == right.other.asciiLowercased
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(known)
        hasher.combine(other.asciiLowercased)
    }
}
