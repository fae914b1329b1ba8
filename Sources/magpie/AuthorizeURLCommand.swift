import Gateway
import Secure
import WeChat
import Wire

/// `magpie authorize-url`: the link that sends a visitor through WeChat's login, for menus and tests.
enum AuthorizeURLCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        guard let path = ConfigurationFile.path(arguments) else {
            Terminal.complain(
                "magpie: there is no configuration to take the account from; name one with --config FILE, or make one: "
                    + "cp config/magpie.example.json5 config/magpie.json5")
            return .configuration
        }
        var sources = ConfigurationSources.process
        // A link holds no secret, so it can be made where there is none.
        sources.requiresSecrets = false
        guard let loaded = ConfigurationFile.load(path, sources: sources, warns: false) else { return .configuration }
        do throws(Invocation.Mistake) {
            Terminal.print(try link(arguments, loaded.configuration, randomState: Random.hex(bytes: 16)))
            return .success
        } catch {
            return Commands.refuse(error)
        }
    }

    static func link(
        _ arguments: Arguments, _ configuration: Gateway.Configuration, randomState: @autoclosure () -> String
    ) throws(Invocation.Mistake) -> String {
        func mistake(_ text: String) -> Invocation.Mistake { .init(text: text, command: "authorize-url") }
        let accounts = configuration.accounts
        guard let account = arguments["account"].map({ name in accounts.first { $0.name == name } }) ?? accounts.first
        else {
            let names = accounts.map(\.name).joined(separator: ", ")
            throw mistake("there is no account \"\(arguments["account"] ?? "")\"; the configuration has \(names)")
        }
        let menu = arguments["state"].flatMap { account.menus[$0] }
        var scope = menu?.scope ?? .base
        if let name = arguments["scope"] {
            guard let asked = Scope(name: name) else { throw mistake("--scope is base or userinfo") }
            scope = asked
        }
        // The first account needs no name in the path, as in requests.
        let isFirst = account.name == accounts.first?.name
        let redirect = "\(configuration.publicURL)/redirect" + (isFirst ? "" : "/\(account.name)")
        if let uri = arguments["redirect-uri"] {
            guard let url = try? WebURL(uri), url.fragment == nil else {
                throw mistake("--redirect-uri is an absolute http or https URL without a fragment")
            }
            let isOwnPath = url.path == "/redirect" || url.path.hasPrefix("/redirect/")
            guard !isOwnPath || url.origin != configuration.publicURL.description else {
                throw mistake(
                    "--redirect-uri is for a callback of your own; leave it out for Magpie's, and name a menu")
            }
        } else if menu == nil {
            throw mistake(advice(on: account, state: arguments["state"], redirect))
        }
        let state = arguments["state"] ?? randomState()
        do throws(OAuthError) {
            return try oauth(account, configuration.upstream).authorizeURL(
                redirectURI: arguments["redirect-uri"] ?? redirect, scope: scope, state: state)
        } catch {
            throw mistake("--state is 1 to 128 letters and digits: WeChat echoes no others")
        }
    }
}

extension AuthorizeURLCommand {
    /// What to do in the place of a link whose state our own `/redirect` would refuse.
    private static func advice(
        on account: Gateway.Configuration.Account, state: String?, _ redirect: String
    ) -> String {
        let names = account.menus.keys.sorted().joined(separator: ", ")
        let menus =
            names.isEmpty
            ? "account \(account.name) has no menus; declare one in its menus"
            : "account \(account.name) has these: \(names)"
        return """
            \(state.map { "\"\($0)\" is no menu" } ?? "--state names the link's menu"): \(menus).
            For a login without a menu, send visitors to \(redirect)?to=/PATH; for a callback of your own, add --redirect-uri.
            """
    }

    /// A link is made of the AppID alone: no secret, no call.
    private static func oauth(
        _ account: Gateway.Configuration.Account, _ upstream: Gateway.Configuration.Upstream
    ) -> OAuth {
        let nameless = WeChat.Account(name: account.name, appID: account.appID, appSecret: Secret("unused"))
        return OAuth(platform: Platform(account: nameless, fetcher: NoFetcher()), openBase: upstream.open.description)
    }

    private struct NoFetcher: Fetcher {
        func fetch(_ call: Call) async throws(FetchError) -> Reply {
            throw .unreachable(host: "nowhere")
        }
    }
}
