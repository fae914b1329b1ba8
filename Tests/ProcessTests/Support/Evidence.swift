import Foundation
import TestSupport

/// All that the product said and wrote, and the search through it.
struct Evidence {
    let home: MagpieHome
    let platform: FakePlatform
    private(set) var records: [(label: String, response: RawResponse)] = []
    private(set) var sessions: Set<String> = []
    private(set) var bindings: Set<String> = []
    private(set) var states: Set<String> = []
    /// Of the processes.
    var commandLines: [[UInt8]] = []

    init(home: MagpieHome, platform: FakePlatform) {
        self.home = home
        self.platform = platform
    }

    mutating func keep(_ label: String, _ response: RawResponse) {
        records.append((label, response))
        for cookie in response.setCookies {
            let pair = cookie.prefix { $0 != ";" }.split(separator: "=").map(String.init)
            guard pair.count == 2 else { continue }
            if pair[0] == home.cookieName { sessions.insert(pair[1]) } else { bindings.insert(pair[1]) }
        }
        if let state = response.parameter("state") { states.insert(state) }
    }

    /// An answer without what may stand in it: cookies in Set-Cookie, the state in the link to the platform, the token
    /// in the token centre's answer.
    private func censored(_ label: String, _ response: RawResponse) -> [UInt8] {
        var text = response.statusLine
        for (name, value) in response.fields {
            var value = value
            if name == "set-cookie" {
                for id in sessions.union(bindings) { value = value.replacingOccurrences(of: id, with: "") }
            }
            if name == "location", value.hasPrefix("\(platform.origin)/connect/oauth2/authorize?") {
                for state in states { value = value.replacingOccurrences(of: "state=\(state)", with: "") }
            }
            text += "\n\(name): \(value)"
        }
        var body = response.body
        if label.hasPrefix("admin GET /access-token") || label == "admin POST /access-token/report" {
            let alive = platform.change { $0.accounts.values.flatMap { $0.aliveTokens + [$0.token ?? ""] } }
            let used = platform.calls.compactMap { $0.query["access_token"] }
            for token in Set(alive + used) { body = body.replacingOccurrences(of: token, with: "") }
        }
        return Array("\(text)\n\n\(body)".utf8)
    }

    /// Everything the processes wrote, by name.
    private var written: [(name: String, bytes: [UInt8])] { home.written + commandLines.map { ("command line", $0) } }

    func hits() -> [String] {
        let canaries = home.canaries
        // The visitor and his own backend are told who he is; no log is.
        let person = ["openid", "unionid"]
        let told = CanarySearch(canaries.filter { !person.contains($0.name) })
        let logged = CanarySearch(canaries)
        return records.flatMap { label, response in told.found(in: censored(label, response)).map { "\(label): \($0)" }
        }
            + written.flatMap { name, bytes in logged.found(in: bytes).map { "\(name): \($0)" } }
    }

    /// What the search misses though it is there.
    func controls() -> [String] {
        var missing: [String] = []
        let all = records.flatMap { Array($0.response.text.utf8) }
        let shown = ["cookie \(home.cookieName)", "state", "token, ticket or code"]
        for canary in home.canaries where shown.contains(canary.name) && CanarySearch([canary]).found(in: all).isEmpty {
            missing.append(canary.name)
        }
        for name in shown where !home.canaries.contains(where: { $0.name == name }) { missing.append(name) }
        let logs = written.filter { $0.name.hasSuffix(".out") }.flatMap(\.bytes)
        if !String(decoding: logs, as: UTF8.self).contains(#""event":"request""#) { missing.append("the log") }
        if !written.contains(where: { $0.name.hasPrefix("store") && !$0.bytes.isEmpty }) { missing.append("the store") }
        return missing
    }
}
