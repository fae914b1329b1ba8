import Wire

/// The recorded traffic, for assertions: what the program under test really sent, and what it was answered.
extension ControlAPI {
    private static let filters = ["path", "account", "since", "last"]

    @Sendable static func requests(
        _ state: inout Platform.State, _ request: Request
    ) throws(ControlError) -> JSONValue {
        // A misspelt filter must not pass for none: the assertion behind it would then look at everything.
        for name in request.query.keys where !filters.contains(name) {
            throw .badInput("\"\(name)\" is not known here; known are \(filters.joined(separator: ", "))")
        }
        let since = try number("since", of: request) ?? 0
        let last = try number("last", of: request) ?? Traffic.capacity
        let path = request.parameter("path")
        let account = request.parameter("account")
        let chosen = state.traffic.latest.filter { exchange in
            guard exchange.number > since else { return false }
            if let path, !Fault.isCovered(exchange.path, by: path) { return false }
            guard let account else { return true }
            return state.account(of: exchange).map { [$0.name, $0.appID].contains(account) } ?? false
        }
        return [
            "last": .number(Double(state.traffic.lastNumber)),
            "requests": .list(chosen.suffix(last).map { json($0, in: state) }),
        ]
    }

    static func json(_ exchange: Traffic.Exchange, in state: Platform.State) -> JSONValue {
        [
            "number": .number(Double(exchange.number)), "time": .number(Double(exchange.time)),
            "method": .text(exchange.method), "path": .text(exchange.path),
            "account": state.account(of: exchange).map { .text($0.name) } ?? .null,
            "parameters": JSONValue.object(exchange.parameters).withoutSecrets,
            "userAgent": .text(exchange.userAgent), "caller": .text(exchange.caller),
            "status": exchange.status.map { .number(Double($0)) } ?? .null,
            "answer": exchange.answerMembers.withoutSecrets,
            "location": exchange.location.map { .text(shown(location: $0)) } ?? .null,
            "fault": exchange.fault.map { .text($0) } ?? .null,
        ]
    }

    /// A callback's address with its code shortened.
    private static func shown(location: String) -> String {
        guard let mark = location.firstIndex(of: "?") else { return location }
        let pairs = location[location.index(after: mark)...].split(separator: "&").map { pair in
            pair.hasPrefix("code=") ? "code=" + JSONValue.shortened(String(pair.dropFirst(5))) : String(pair)
        }
        return location[...mark] + pairs.joined(separator: "&")
    }
}

extension Platform.State {
    /// Whose call it was: by the appid that it named, or by the token it showed.
    func account(of exchange: Traffic.Exchange) -> Account? {
        let parameters = exchange.parameters
        if let appID = (parameters["appid"] ?? parameters["appId"])?.string {
            return ledger(of: appID).map { ledgers[$0].account }
        }
        guard let token = parameters["access_token"]?.string, !token.isEmpty else { return nil }
        if let grant = grants.grant(accessToken: token) { return ledger(of: grant.appID).map { ledgers[$0].account } }
        return ledgers.first { ledger in
            [ledger.legacy, ledger.stable].contains { $0.standing(of: token, now: now) != .unknown }
        }?.account
    }
}
