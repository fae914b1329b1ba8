import Wire

/// The map of the sandbox: every path, and who answers it.
struct SandboxRoutes: Sendable {
    typealias Handler = @Sendable (Request) async -> Response

    private let platform: Platform
    private let injector: FaultInjector
    private let control: ControlAPI
    private var handlers: [String: [Method: Handler]] = [:]
    private let api: PlatformAPI

    init(
        platform: Platform, beginning: Platform.State, hosts: [String], pause: @escaping @Sendable (Int) async -> Void
    ) {
        self.platform = platform
        injector = FaultInjector(platform: platform, pause: pause)
        control = ControlAPI(platform: platform, door: ControlGuard(hosts: hosts), beginning: beginning)
        api = PlatformAPI(platform: platform)
        addPlatform()
        addPages()
        addControl()
    }

    func respond(to request: Request) async -> Response {
        guard let methods = handlers[request.path] else { return await respondToOther(request) }
        guard let handler = methods[request.method == .head ? .get : request.method] else {
            let allowed = methods.keys.map(\.description).sorted().joined(separator: ", ")
            return Response(.methodNotAllowed, [(.allow, allowed)])
        }
        return await handler(request)
    }

    /// Pictures have a path each; what else is unknown is unknown in the platform's own manner.
    private func respondToOther(_ request: Request) async -> Response {
        if request.path.hasPrefix("/mmopen/vi_32/") {
            return await injector.answer(request, countedAs: "/mmopen/vi_32/") { api.avatar(for: $0) }
        }
        if request.path.hasPrefix("/cgi-bin/") || request.path.hasPrefix("/sns/") {
            return await injector.answer(request, countedAs: "unknown") { api.respondToUnknown($0) }
        }
        return .text("404 not found\n", status: .notFound)
    }

    private mutating func add(_ method: Method, _ path: String, _ handler: @escaping Handler) {
        handlers[path, default: [:]][method] = handler
    }

    /// A route that is counted, and that scripts can break.
    private mutating func addBreakable(_ method: Method, _ path: String, _ handler: @escaping Handler) {
        let injector = injector
        add(method, path) { request in await injector.answer(request, countedAs: path, handler) }
    }

    private mutating func addPlatform() {
        let api = api
        for endpoint in PlatformAPI.endpoints {
            for method in [Method.get, .post] {
                addBreakable(method, endpoint.path) { api.respond(to: $0, at: endpoint) }
            }
        }
    }

    private mutating func addPages() {
        let pages = AuthorizePages(platform: platform)
        for flavour in [AuthorizeLink.Flavour.official, .website] {
            addBreakable(.get, flavour.rawValue) { pages.open($0, flavour: flavour) }
            addBreakable(.post, flavour.rawValue + "/decide") { pages.decide($0, flavour: flavour) }
        }
        add(.get, "/connect/visitor") { pages.showVisitor($0) }
        add(.post, "/connect/visitor") { pages.setVisitor($0) }

        let platform = platform
        addBreakable(.get, "/open/js/jweixin-1.6.0.js") { _ in
            Self.script(ClientSDK.script(requiresWeChat: platform.with { $0.knobs.requireWeChat }))
        }
        addBreakable(.get, "/open/js/weixin-bridge.js") { _ in
            Self.script(ClientBridge.script(requiresWeChat: platform.with { $0.knobs.requireWeChat }))
        }
        let door = control.door
        add(.get, "/") { request in
            do throws(ControlError) {
                // It shows what the control API shows, so that it is as careful whom it shows it.
                try door.check(request)
            } catch {
                return error.response
            }
            let accounts = platform.with { $0.ledgers.map(\.account) }
            return HomePage(accounts: accounts, origin: request.origin).page.response()
        }
    }

    private mutating func addControl() {
        let control = control
        for operation in ControlAPI.operations {
            add(operation.method, operation.path) { control.respond(to: $0, with: operation.call) }
        }
        add(.post, "/_sandbox/reset") { control.reset($0) }
        let preverify = PreverifyEndpoint(platform: platform)
        addBreakable(.post, PreverifyEndpoint.path) { preverify.respond(to: $0) }
        add(.options, PreverifyEndpoint.path) { preverify.preflight($0) }
    }

    private static func script(_ text: String) -> Response {
        answer(
            .ok,
            [
                (.contentType, "text/javascript; charset=utf-8"), (.cacheControl, "no-cache"),
                (.accessControlAllowOrigin, "*"), (.crossOriginResourcePolicy, "cross-origin"),
                (.xContentTypeOptions, "nosniff"),
            ], Array(text.utf8))
    }
}
