import Foundation
import WeChat

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Signs a page and logs a visitor in, against the sandbox, in one Swift program.
@main struct Main {
    static func main() async throws {
        let platformURL = CommandLine.arguments.dropFirst().first ?? "http://127.0.0.1:8090"
        // The account that `magpie sandbox` comes with. Yours: the console's AppID, and its AppSecret from the environment.
        let account = Account(
            name: "main", appID: "wx5a9d60c07b3e1f82", appSecret: "3f1c9a7e5b2d48608c4e6a1f0d9b7352")
        let platform = Platform(account: account, fetcher: SessionFetcher(api: platformURL))
        let keeper = Keeper(platform: platform, store: DictionaryStore())
        // Renews the token and the ticket ahead of time, as long as the program runs.
        let renewing = Task { await keeper.run() }

        let page = try await JSSDK(keeper: keeper).sign(url: "http://127.0.0.1:3000/orders?id=1#top")
        print("signed", page.url, "with", page.signature)

        // Where to send the visitor's browser. The state is kept with his session, and compared when he comes back.
        let oauth = OAuth(platform: platform, openBase: platformURL)
        let state = UUID().uuidString.filter { $0 != "-" }
        let address = try oauth.authorizeURL(
            redirectURI: "http://127.0.0.1:3000/callback", scope: .userinfo, state: state)
        let answer = try await Visitor.open(address)
        guard answer["state"] == state, let code = answer["code"] else {
            print("WeChat sent no code back; the visitor refused")
            return
        }
        do {
            let grant = try await oauth.exchange(code: code)
            let profile = try await oauth.profile(grant)
            print("logged in", grant.openID, profile.nickname ?? "without a nickname")
        } catch {
            // What to do is in the error: begin the login over, wait, or look into WeChat's console.
            print("not logged in:", error, "->", error.reaction)
        }
        renewing.cancel()
        await renewing.value
        await keeper.finish()
    }
}

/// The visitor's browser, as far as this example needs one: where WeChat sends him back to, and with which parameters.
/// In your program that is a request to `/callback`.
enum Visitor {
    static func open(_ address: String) async throws -> [String: String] {
        guard let url = URL(string: address) else { return [:] }
        let (_, response) = try await Exchange.send(URLRequest(url: url))
        let location = response.value(forHTTPHeaderField: "Location") ?? ""
        let items = URLComponents(string: location)?.queryItems ?? []
        return Dictionary(items.map { ($0.name, $0.value ?? "") }) { first, _ in first }
    }
}
