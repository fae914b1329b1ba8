import HTTP
import Reactor
import Synchronization
import Wire

/// WeChat's API as far as a login and a ticket need it: every code is good, and is somebody's with an openid of its own.
struct Platform: Responder {
    /// How long the exchange of a code takes.
    let delay: Duration
    private let state = State()

    private final class State: Sendable {
        let underWay = Atomic(0)
        let most = Atomic(0)
    }

    /// Serves until standard input ends.
    static func run(_ options: Options, on group: LoopGroup) async throws {
        let platform = Platform(delay: options.milliseconds("delay", default: 0))
        var settings = ServerOptions()
        settings.connections = 100_000
        settings.requestsPerConnection = 0
        settings.idleTimeout = .seconds(3_600)
        let server = Server(
            name: "platform", address: options.address("listen"), group: group, options: settings, responder: platform)
        try server.listen()
        server.start()
        say(#"{"ready":true}"#)
        await endOfInput()
        await server.stop(within: .seconds(1))
    }

    func respond(to request: Request) async -> Response {
        switch request.path {
        case "/cgi-bin/stable_token", "/cgi-bin/token":
            return reply(#"{"access_token":"\#(Self.filler(136))","expires_in":7200}"#)
        case "/cgi-bin/ticket/getticket":
            return reply(#"{"errcode":0,"errmsg":"ok","ticket":"\#(Self.filler(86))","expires_in":7200}"#)
        case "/sns/oauth2/access_token":
            return await exchange(request)
        case "/_most":
            // How many exchanges were under way at once.
            return reply(#"{"most":\#(state.most.load(ordering: .relaxed))}"#)
        default:
            return Response(.notFound)
        }
    }

    private func exchange(_ request: Request) async -> Response {
        guard let code = try? request.query.first("code") else {
            return reply(#"{"errcode":41008,"errmsg":"missing code"}"#)
        }
        let underWay = state.underWay.add(1, ordering: .relaxed).newValue
        state.most.max(underWay, ordering: .relaxed)
        if delay > .zero { try? await sleep(for: delay) }
        state.underWay.subtract(1, ordering: .relaxed)
        return reply(
            """
            {"access_token":"\(Self.filler(89))","expires_in":7200,"refresh_token":"\(Self.filler(89))",\
            "openid":"o\(code.suffix(27))","scope":"snsapi_base"}
            """)
    }

    private func reply(_ json: String) -> Response { .json(Array(json.utf8)) }

    /// As long as the real ones.
    private static func filler(_ length: Int) -> String { String(repeating: "k", count: length) }
}
