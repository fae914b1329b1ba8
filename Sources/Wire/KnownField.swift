/// The field names which the server looks at, numbered, so that a lookup compares one byte instead of a name.
enum KnownField: UInt8, CaseIterable, Sendable {
    case accept = 1
    case acceptEncoding, acceptLanguage, allow, authorization, cacheControl, connection, contentEncoding
    case contentLength, contentSecurityPolicy, contentType, cookie, crossOriginResourcePolicy, date, etag, expect
    case forwarded, host, ifModifiedSince, ifNoneMatch, keepAlive, lastModified, location, origin, range, referer
    case referrerPolicy, retryAfter, secFetchDest, secFetchMode, secFetchSite, server, setCookie
    case strictTransportSecurity, te, trailer, transferEncoding, upgrade, userAgent, vary, wwwAuthenticate
    case xContentTypeOptions, xForwardedFor, xForwardedHost, xForwardedProto, xRealIP, xRequestID
    case accessControlAllowCredentials, accessControlAllowHeaders, accessControlAllowMethods
    case accessControlAllowOrigin, accessControlMaxAge, accessControlRequestHeaders, accessControlRequestMethod

    var spelling: StaticString {
        switch self {
        case .accept: "Accept"
        case .acceptEncoding: "Accept-Encoding"
        case .acceptLanguage: "Accept-Language"
        case .allow: "Allow"
        case .authorization: "Authorization"
        case .cacheControl: "Cache-Control"
        case .connection: "Connection"
        case .contentEncoding: "Content-Encoding"
        case .contentLength: "Content-Length"
        case .contentSecurityPolicy: "Content-Security-Policy"
        case .contentType: "Content-Type"
        case .cookie: "Cookie"
        case .crossOriginResourcePolicy: "Cross-Origin-Resource-Policy"
        case .date: "Date"
        case .etag: "ETag"
        case .expect: "Expect"
        case .forwarded: "Forwarded"
        case .host: "Host"
        case .ifModifiedSince: "If-Modified-Since"
        case .ifNoneMatch: "If-None-Match"
        case .keepAlive: "Keep-Alive"
        case .lastModified: "Last-Modified"
        case .location: "Location"
        case .origin: "Origin"
        case .range: "Range"
        case .referer: "Referer"
        case .referrerPolicy: "Referrer-Policy"
        case .retryAfter: "Retry-After"
        case .secFetchDest: "Sec-Fetch-Dest"
        case .secFetchMode: "Sec-Fetch-Mode"
        case .secFetchSite: "Sec-Fetch-Site"
        case .server: "Server"
        case .setCookie: "Set-Cookie"
        case .strictTransportSecurity: "Strict-Transport-Security"
        case .te: "TE"
        case .trailer: "Trailer"
        case .transferEncoding: "Transfer-Encoding"
        case .upgrade: "Upgrade"
        case .userAgent: "User-Agent"
        case .vary: "Vary"
        case .wwwAuthenticate: "WWW-Authenticate"
        case .xContentTypeOptions: "X-Content-Type-Options"
        case .xForwardedFor: "X-Forwarded-For"
        case .xForwardedHost: "X-Forwarded-Host"
        case .xForwardedProto: "X-Forwarded-Proto"
        case .xRealIP: "X-Real-IP"
        case .xRequestID: "X-Request-ID"
        case .accessControlAllowCredentials: "Access-Control-Allow-Credentials"
        case .accessControlAllowHeaders: "Access-Control-Allow-Headers"
        case .accessControlAllowMethods: "Access-Control-Allow-Methods"
        case .accessControlAllowOrigin: "Access-Control-Allow-Origin"
        case .accessControlMaxAge: "Access-Control-Max-Age"
        case .accessControlRequestHeaders: "Access-Control-Request-Headers"
        case .accessControlRequestMethod: "Access-Control-Request-Method"
        }
    }

    /// An open-addressed table of 256 slots over all names: a name meets one or two candidates.
    private static let slots: [UInt8] = {
        var slots = [UInt8](repeating: 0, count: 256)
        for field in allCases {
            let name = Array(field.spelling.description.utf8)
            var slot = Self.slot(of: name.span)
            while slots[slot] != 0 { slot = (slot + 1) & 255 }
            slots[slot] = field.rawValue
        }
        return slots
    }()

    private static func slot(of name: Span<UInt8>) -> Int {
        let first = Int(name[0] | 0x20)
        let middle = Int(name[name.count / 2] | 0x20)
        let last = Int(name[name.count - 1] | 0x20)
        return (name.count &* 37 &+ first &* 7 &+ middle &* 3 &+ last) & 255
    }

    /// Finds the known field with this name, in any case. The name must hold no control byte: `| 0x20` folds letters,
    /// and would take a CR for a "-".
    static func named(_ name: Span<UInt8>) -> KnownField? {
        guard !name.isEmpty else { return nil }
        var slot = slot(of: name)
        while let candidate = KnownField(rawValue: slots[slot]) {
            if matches(candidate.spelling.bytes.span, name) { return candidate }
            slot = (slot + 1) & 255
        }
        return nil
    }

    private static func matches(_ spelling: Span<UInt8>, _ name: Span<UInt8>) -> Bool {
        guard spelling.count == name.count else { return false }
        var index = 0
        while index + 8 <= name.count {
            // Eight bytes from here are within both.
            let word = name.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
            let wanted = spelling.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
            guard (word ^ wanted) & 0xDFDF_DFDF_DFDF_DFDF == 0 else { return false }
            index += 8
        }
        while index < name.count {
            guard spelling[index] | 0x20 == name[index] | 0x20 else { return false }
            index += 1
        }
        return true
    }
}
