import Gateway
import Store
import WeChat

/// Asks WeChat about one account: is the AppSecret right, may this machine call, may the account use the JS-SDK.
struct AccountChecks {
    let account: WeChat.Account
    let fetcher: any Fetcher
    let timeout: Duration

    /// Always asks for the stable token, and keeps nothing: the old call would end the token of a running gateway, and
    /// a token out of its store would hide a secret that has become wrong.
    func run() async -> [Finding] {
        let probe = WeChat.Account(
            name: account.name, appID: account.appID, appSecret: account.appSecret, usesStableToken: true)
        let keeper = Keeper(
            platform: Platform(account: probe, fetcher: fetcher, timeout: timeout), store: MemoryStore())
        do {
            _ = try await keeper.token()
        } catch {
            return [finding("\(account.name): no access token", error)]
        }
        let token = Finding.good("\(account.name): AppID, AppSecret and this machine's address are accepted")
        do {
            _ = try await keeper.ticket()
        } catch {
            return [token, finding("\(account.name): no JS-SDK ticket", error)]
        }
        return [token, .good("\(account.name): the JS-SDK may be used")]
    }

    private func finding(_ title: String, _ error: KeeperError) -> Finding {
        guard let upstream = error.upstream else { return .bad("\(title): \(error)", code: .unavailable) }
        let hint = upstream.hint
        return .bad("\(title): \(upstream)", hint.english, hint.chinese, code: Self.code(of: upstream))
    }

    /// A refusal is answered by a change in the console or the configuration; all else passes, or lies in between.
    private static func code(of error: UpstreamError) -> ExitCode {
        guard case .refused(let refusal) = error else { return .unavailable }
        return refusal.code == .systemBusy ? .unavailable : .configuration
    }
}
