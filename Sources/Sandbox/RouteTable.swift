import HTTP
import Wire

/// The map of the sandbox: every path, and who answers it.
struct RouteTable {
    private let platform: Platform
    private let injector: FaultInjector
    private let control: ControlAPI

    init(
        platform: Platform, beginning: Platform.State, hosts: [String], pause: @escaping @Sendable (Int) async -> Void
    ) {
        self.platform = platform
        injector = FaultInjector(platform: platform, pause: pause)
        control = ControlAPI(platform: platform, door: ControlGuard(hosts: hosts), beginning: beginning)
    }

    var router: Router {
        Router(
            apiRoutes + pageRoutes + scriptRoutes + controlRoutes, fallback: UnknownPath(injector: injector, api: api))
    }

    private var api: PlatformAPI { PlatformAPI(platform: platform) }

    private var apiRoutes: [Route] {
        let api = api
        // The wrong method is a refusal of the platform's own, and no 405.
        let endpoints = PlatformAPI.endpoints.flatMap { endpoint in
            [Method.get, .post].map { method in
                breakable(method, endpoint.path) { request, _ in api.respond(to: request, at: endpoint) }
            }
        }
        let picture = breakable(.get, "/mmopen/vi_32/{openid}/{size}") { _, captures in
            api.avatar(of: captures["openid"] ?? "", size: captures["size"] ?? "")
        }
        return endpoints + [picture]
    }

    private var pageRoutes: [Route] {
        let pages = AuthorizePages(platform: platform)
        let console = Console(platform: platform, control: control)
        let flavours = [AuthorizeLink.Flavour.official, .website]
        return flavours.flatMap { flavour in
            [
                breakable(.get, flavour.rawValue) { request, _ in pages.open(request, flavour: flavour) },
                breakable(.post, flavour.rawValue + "/decide") { request, _ in pages.decide(request, flavour: flavour)
                },
            ]
        } + [
            Route(.get, "/connect/visitor") { request, _ in pages.showVisitor(request) },
            Route(.post, "/connect/visitor") { request, _ in pages.setVisitor(request) },
            Route(.get, "/") { request, _ in console.show(request) },
            Route(.post, Console.path) { request, _ in console.press(request) },
        ]
    }

    private var scriptRoutes: [Route] {
        let platform = platform
        return [
            breakable(.get, "/open/js/jweixin-1.6.0.js") { _, _ in
                Self.script(ClientSDK.script(requiresWeChat: platform.with { $0.knobs.requireWeChat }))
            },
            breakable(.get, "/open/js/weixin-bridge.js") { _, _ in
                Self.script(ClientBridge.script(requiresWeChat: platform.with { $0.knobs.requireWeChat }))
            },
        ]
    }

    private var controlRoutes: [Route] {
        let control = control
        let preverify = PreverifyEndpoint(platform: platform)
        return ControlAPI.operations.map { operation in
            Route(operation.method, operation.path) { request, _ in control.respond(to: request, with: operation.call) }
        } + [
            Route(.post, "/_sandbox/reset") { request, _ in
                control.respond(to: request, with: control.reset)
            },
            breakable(.post, PreverifyEndpoint.path) { request, _ in preverify.respond(to: request) },
            Route(.options, PreverifyEndpoint.path) { request, _ in preverify.preflight(request) },
        ]
    }

    /// A route that is counted, and that scripts can break.
    private func breakable(_ method: Method, _ path: String, _ handler: @escaping Route.Handler) -> Route {
        Route(method, path) { [injector] request, captures in
            await injector.answer(request, countedAs: path) { await handler($0, captures) }
        }
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

/// What is unknown below the API's paths is unknown in the platform's own manner: with status 200.
private struct UnknownPath: Responder {
    let injector: FaultInjector
    let api: PlatformAPI

    func respond(to request: Request) async -> Response {
        guard request.path.hasPrefix("/cgi-bin/") || request.path.hasPrefix("/sns/") else {
            return .text("404 not found\n", status: .notFound)
        }
        // Counted together: whoever asks for a thousand unknown paths does not fill the counters.
        return await injector.answer(request, countedAs: "unknown") { api.respondToUnknown($0) }
    }
}
