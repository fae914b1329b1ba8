package import Wire

/// One line of a route table: a method, a path, and who answers.
package struct Route: Sendable {
    package typealias Handler = @Sendable (Request, Captures) async -> Response

    package let method: Method
    /// Such as `/redirect/{account}`: a segment in braces takes whatever stands there, but not nothing.
    package let path: String
    package let handler: Handler

    package init(_ method: Method, _ path: String, _ handler: @escaping Handler) {
        self.method = method
        self.path = path
        self.handler = handler
    }
}

/// What stood in the place of a route's braces, percent-decoded.
package struct Captures: Sendable {
    private let values: [(name: String, value: String)]

    fileprivate init(_ values: [(name: String, value: String)]) {
        self.values = values
    }

    package static let none = Captures([])

    package subscript(name: String) -> String? {
        values.first { $0.name == name }?.value
    }
}

/// Finds the route of a request, and answers where there is none: 404, 405 with `Allow`, 501 for an unknown method.
///
/// A path is compared after decoding, segment by segment, so that no spelling of it passes a check under one name and
/// reaches a handler under another. A path with an escaped slash, backslash or NUL, or with dot segments, is none.
package struct Router: Responder {
    private var exact: [String: [Route]] = [:]
    private var patterns: [Pattern] = []
    private let fallback: (any Responder)?

    private struct Pattern: Sendable {
        let segments: [Segment]
        var routes: [Route]
    }

    private enum Segment: Hashable, Sendable {
        case literal(String)
        case capture(String)
    }

    /// - Parameter fallback: answers for the paths that no route has, such as files.
    package init(_ routes: [Route], fallback: (any Responder)? = nil) {
        self.fallback = fallback
        for route in routes {
            guard route.path.contains("{") else {
                exact[route.path, default: []].append(route)
                continue
            }
            let segments = route.path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map { part in
                part.hasPrefix("{") ? Segment.capture(String(part.dropFirst().dropLast())) : .literal(String(part))
            }
            if let index = patterns.firstIndex(where: { $0.segments == segments }) {
                patterns[index].routes.append(route)
            } else {
                patterns.append(Pattern(segments: segments, routes: [route]))
            }
        }
    }

    package func respond(to request: Request) async -> Response {
        guard request.method.isKnown else { return Response(.notImplemented) }
        if request.path == "*" { return whole(request) }
        // Most requests: the path as it stands is a route's.
        if let routes = exact[request.path] { return await answer(request, routes, .none) }
        guard let segments = Self.segments(of: request.path) else { return Response(.badRequest) }
        if request.path.utf8.contains(UInt8(ascii: "%")), let routes = exact["/" + segments.joined(separator: "/")] {
            return await answer(request, routes, .none)
        }
        for pattern in patterns {
            if let captures = Self.match(pattern.segments, segments) {
                return await answer(request, pattern.routes, captures)
            }
        }
        return await fallback?.respond(to: request) ?? Response(.notFound)
    }

    private func answer(_ request: Request, _ routes: [Route], _ captures: Captures) async -> Response {
        let wanted: Method = request.method == .head ? .get : request.method
        if let route = routes.first(where: { $0.method == request.method })
            ?? routes.first(where: { $0.method == wanted })
        {
            return await route.handler(request, captures)
        }
        let allowed = Self.allowed(routes.map(\.method))
        return Response(request.method == .options ? .noContent : .methodNotAllowed, [(.allow, allowed)])
    }

    /// `OPTIONS *` asks about the server as a whole (RFC 9110 §9.3.7); `CONNECT` names no path either.
    private func whole(_ request: Request) -> Response {
        let routes = exact.values.joined() + patterns.flatMap(\.routes)
        let status: Status = request.method == .options ? .noContent : .methodNotAllowed
        return Response(status, [(.allow, Self.allowed(routes.map(\.method) + [.get]))])
    }

    private static func allowed(_ methods: [Method]) -> String {
        var names = Set(methods.map(\.description))
        if names.contains("GET") { names.insert("HEAD") }
        names.insert("OPTIONS")
        return names.sorted().joined(separator: ", ")
    }

    /// The decoded segments of a path; nil for one that could be read in two ways.
    private static func segments(of path: String) -> [String]? {
        var segments: [String] = []
        for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let segment = try? PercentCoding.decode(String(part)), segment != ".", segment != "..",
                !segment.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 < 0x20 })
            else { return nil }
            segments.append(segment)
        }
        return segments
    }

    private static func match(_ pattern: [Segment], _ segments: [String]) -> Captures? {
        guard pattern.count == segments.count else { return nil }
        var values: [(name: String, value: String)] = []
        for (part, segment) in zip(pattern, segments) {
            switch part {
            case .literal(let text): guard text == segment else { return nil }
            case .capture(let name):
                guard !segment.isEmpty else { return nil }
                values.append((name, segment))
            }
        }
        return Captures(values)
    }
}
