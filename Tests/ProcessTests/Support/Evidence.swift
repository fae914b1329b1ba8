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

    private var canaries: [Canary] {
        [
            Canary("a token, ticket or code", Walk.mark), Canary("AppSecret 1", Walk.secrets[0]),
            Canary("AppSecret 2", Walk.secrets[1]), Canary("adminToken", Walk.adminToken),
            Canary("console token", Walk.consoleToken),
        ] + sessions.map { Canary("a session id", $0) } + bindings.map { Canary("a binding", $0) }
            + states.map { Canary("a state", $0) }
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
    private var written: [(name: String, bytes: [UInt8])] {
        let files = FileManager.default.enumerator(atPath: home.folder)?.compactMap { $0 as? String } ?? []
        // The configuration is the test's own.
        return files.filter { $0 != "magpie.json5" }.sorted().map { ($0, readBytes("\(home.folder)/\($0)")) }
            + commandLines.map { ("command line", $0) }
    }

    func hits() -> [String] {
        let canaries = canaries
        var hits: [String] = []
        for (label, response) in records {
            let bytes = censored(label, response)
            hits += canaries.flatMap { $0.found(in: bytes) }.map { "\(label): \($0)" }
        }
        let person = [Canary("openid", Walk.openID), Canary("unionid", Walk.unionID)]
        for (name, bytes) in written {
            hits += (canaries + person).flatMap { $0.found(in: bytes) }.map { "\(name): \($0)" }
        }
        return hits
    }

    /// What the search misses though it is there.
    func controls() -> [String] {
        var missing: [String] = []
        let all = records.flatMap { Array($0.response.text.utf8) }
        let shown = ["a session id", "a binding", "a state", "a token, ticket or code"]
        for canary in canaries where shown.contains(canary.name) && canary.found(in: all).isEmpty {
            missing.append(canary.name)
        }
        let logs = written.filter { $0.name.hasSuffix(".out") }.flatMap(\.bytes)
        if !String(decoding: logs, as: UTF8.self).contains(#""event":"request""#) { missing.append("the log") }
        if !written.contains(where: { $0.name.hasPrefix("store") && !$0.bytes.isEmpty }) { missing.append("the store") }
        return missing
    }
}
