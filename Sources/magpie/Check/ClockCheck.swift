import HTTP
import Wire

/// Compares the machine's clock with the one WeChat puts into its answers.
///
/// A clock that is off lets tokens look valid that are not, and fails TLS altogether when it is off by much.
enum ClockCheck {
    /// Seconds; the answer's own journey is within it.
    static let tolerance = 30

    /// Nil when there is no answer, which the checks of the accounts report, or no date in it.
    static func run(_ client: Client, api: WebURL, now: () -> Int) async -> Finding? {
        guard let answer = try? await client.send(ClientRequest(.get, to: api, path: "/")),
            let date = answer.fields[.date].flatMap(HTTPDate.parse)
        else { return nil }
        return finding(skew: now() - date)
    }

    static func finding(skew: Int) -> Finding {
        guard abs(skew) > tolerance else { return .good("the clock agrees with WeChat's") }
        let direction = skew > 0 ? "ahead of" : "behind"
        return .bad(
            "this machine's clock is \(abs(skew)) s \(direction) WeChat's",
            "Set it, and keep it with NTP (timedatectl, chrony).",
            "服务器时间不准，请开启 NTP 校时。")
    }
}
