package import Wire

/// Finds the route of a request, and answers where there is none: 404, 405 with `Allow`, 501 for an unknown method.
///
/// A path is compared after decoding, segment by segment. A trailing slash makes another path.
package struct Router: Responder {
    private struct Resource: Sendable {
        let shape: [String?]
        var routes: [Route]
    }

    /// The paths without braces, and at the same place their routes. There are few, and the busiest come first: to
    /// compare with each costs less than to hash one.
    private var paths: [String] = []
    private var exact: [[Route]] = []
    /// The routes that answer at once.
    private var immediate: [Route] = []
    /// One route of each path and pattern.
    private let resources: [Route]
    private var patterns: [Resource] = []
    private let fallback: (any Responder)?
    private let refusal: @Sendable (Status, Request) -> Response

    /// - Parameters:
    ///   - fallback: answers for the paths that no route has, such as files.
    ///   - refusal: the text of a refusal; `Allow` is added here.
    package init(
        _ routes: [Route], fallback: (any Responder)? = nil,
        refusal: @escaping @Sendable (Status, Request) -> Response = { status, _ in Response(status) }
    ) {
        self.fallback = fallback
        self.refusal = refusal
        for route in routes {
            let shape = route.shape
            if route.immediate != nil { immediate.append(route) }
            if !shape.contains(nil) {
                if let index = paths.firstIndex(of: route.path) {
                    exact[index].append(route)
                } else {
                    paths.append(route.path)
                    exact.append([route])
                }
            } else if let index = patterns.firstIndex(where: { $0.shape == shape }) {
                patterns[index].routes.append(route)
            } else {
                patterns.append(Resource(shape: shape, routes: [route]))
            }
        }
        resources = (exact + patterns.map(\.routes)).compactMap(\.first)
    }

    /// Who answers a request.
    private enum Answerer {
        case route(Route, Captures)
        case fallback
        case here(Reason)
    }

    /// Why the router answers itself.
    private enum Reason {
        case refusal(Status)
        /// The request is for the server as a whole, or for no path.
        case server
        /// None of the routes of the path has the method.
        case method([Route])
    }

    package func respond(to request: Request) async -> Response {
        await answer(to: request).response(to: request)
    }

    package func answer(to request: Request) async -> Answer {
        let answerer = answerer(of: request)
        guard case .route(let route, let captures) = answerer else {
            return .response(await answer(request, by: answerer))
        }
        return await route.handler(request, captures)
    }

    // Never inlined, as what is below: a handler that waits would hold the room that they need.
    @inline(never)
    private func answer(_ request: Request, by answerer: Answerer) async -> Response {
        switch answerer {
        case .here(let reason): return answer(request, because: reason)
        case .fallback: return await fallback?.respond(to: request) ?? refusal(.notFound, request)
        case .route: preconditionFailure("a route answers by itself")
        }
    }

    @inline(never)
    private func answerer(of request: Request) -> Answerer {
        guard request.method.isKnown else { return .here(.refusal(.notImplemented)) }
        // A tunnel is never opened and nothing is echoed, whatever the path; `*` names no path at all.
        if request.path == "*" || request.method == .trace { return .here(.server) }
        // Most requests: the path as it stands is a route's.
        if let routes = routes(at: request.path) { return answerer(of: request, routes, []) }
        guard let path = RequestPath(request.path) else { return .here(.refusal(.badRequest)) }
        if request.path.utf8.contains(UInt8(ascii: "%")), let routes = routes(at: path.text) {
            return answerer(of: request, routes, [])
        }
        for resource in patterns {
            if let values = Self.match(resource.shape, path.segments) {
                return answerer(of: request, resource.routes, values)
            }
        }
        return .fallback
    }

    package func respondNow(to request: borrowing RequestView, into sink: inout AnswerSink) -> Bool {
        let routes = immediate.span
        for index in routes.indices where routes[index].isOf(request) {
            return routes[index].immediate?(request, &sink) ?? false
        }
        guard let fallback, !mayHaveRoute(request.path) else { return false }
        return fallback.respondNow(to: request, into: &sink)
    }

    /// Whether a path, as it came, may be a route's. One with an escape is another once it is decoded.
    private func mayHaveRoute(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        if path.contains(UInt8(ascii: "%")) { return true }
        let routes = resources.span
        for index in routes.indices where routes[index].mayBe(at: path) { return true }
        return false
    }

    private func routes(at path: String) -> [Route]? {
        paths.firstIndex(of: path).map { exact[$0] }
    }

    private static func route(of request: Request, among routes: [Route]) -> Route? {
        routes.first { $0.method == request.method } ?? routes.first { $0.methods.contains(request.method) }
    }

    private func answerer(of request: Request, _ routes: [Route], _ values: [String]) -> Answerer {
        guard let route = Self.route(of: request, among: routes) else { return .here(.method(routes)) }
        return .route(route, values.isEmpty ? .none : Captures(route.captureNames, values))
    }

    @inline(never)
    private func answer(_ request: Request, because reason: Reason) -> Response {
        switch reason {
        case .refusal(let status): return refusal(status, request)
        case .server: return answerForServer(request)
        case .method(let routes):
            let methods = routes.flatMap(\.methods)
            return request.method == .options
                ? Response(.noContent, [(.allow, Self.allowed(methods))]) : refuse(request, allowing: methods)
        }
    }

    /// `OPTIONS *` asks about the server as a whole (RFC 9110 §9.3.7), whose paths together allow these.
    private func answerForServer(_ request: Request) -> Response {
        let methods = (exact.joined() + patterns.flatMap(\.routes)).flatMap(\.methods) + [.get, .head]
        return request.method == .options
            ? Response(.ok, [(.allow, Self.allowed(methods))]) : refuse(request, allowing: methods)
    }

    /// RFC 9110 §15.5.6: a 405 must say what is allowed.
    private func refuse(_ request: Request, allowing methods: [Method]) -> Response {
        var response = refusal(.methodNotAllowed, request)
        // The names of methods are tokens, which a field's value may hold.
        try? response.fields.set(.allow, Self.allowed(methods))
        return response
    }

    static func allowed(_ methods: [Method]) -> String {
        Set(methods.map(\.description) + ["OPTIONS"]).sorted().joined(separator: ", ")
    }

    /// What stands in the place of the braces; nil when the path has another shape.
    private static func match(_ shape: [String?], _ segments: [String]) -> [String]? {
        guard shape.count == segments.count else { return nil }
        var values: [String] = []
        for (literal, segment) in zip(shape, segments) {
            if let literal {
                guard literal == segment else { return nil }
            } else {
                guard !segment.isEmpty else { return nil }
                values.append(segment)
            }
        }
        return values
    }
}
