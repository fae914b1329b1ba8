import Wire

/// The platform's endpoints for whoever looks for what went wrong: how much of a quota is used, and what a `rid` was.
extension PlatformAPI {
    /// `POST /cgi-bin/openapi/quota/get {"cgi_path"}`.
    @Sendable static func quota(_ state: inout Platform.State, _ request: Request) throws(Refusal) -> Reply {
        let index = try state.ledger(holding: request.parameter("access_token"))
        let path = try body(of: request)["cgi_path"]?.string
        guard let quota = state.quotas(at: index).first(where: { $0.path == path }) else { throw .unknownQuota }
        return .object([
            "errcode": .number(0), "errmsg": .text("ok"),
            "quota": .object([
                "daily_limit": .number(quota.limit), "used": .number(quota.used),
                "remain": .number(max(0, quota.limit - quota.used)),
            ]),
        ])
    }

    /// `POST /cgi-bin/openapi/rid/get {"rid"}`: the account's own call whose error text ended with this rid.
    @Sendable static func explainedRequest(
        _ state: inout Platform.State, _ request: Request
    ) throws(Refusal) -> Reply {
        let index = try state.ledger(holding: request.parameter("access_token"))
        let appID = state.ledgers[index].account.appID
        guard let rid = try body(of: request)["rid"]?.string, rid.utf8.count == 26 else { throw .unknownRequest }
        let found = state.traffic.latest.last { exchange in
            let message = Self.message(of: exchange)
            return message?.hasSuffix("rid: \(rid)") == true && state.account(of: exchange)?.appID == appID
        }
        guard let found else { throw .unknownRequest }
        let asked = JSONValue(parsing: found.body)?.withoutSecrets.bytes ?? []
        return .object([
            "errcode": .number(0), "errmsg": .text("ok"),
            "request": .object([
                "invoke_time": .number(found.time), "cost_in_ms": .number((found.answeredAt - found.time) * 1_000),
                "request_url": .text(url(of: found)), "request_body": .text(String(decoding: asked, as: UTF8.self)),
                "response_body": .text(String(decoding: found.answer, as: UTF8.self)),
                "client_ip": .text(found.caller),
            ]),
        ])
    }

    private static func message(of exchange: Traffic.Exchange) -> String? {
        guard case .object(let members) = exchange.answerMembers else { return nil }
        return members["errmsg"]?.string
    }

    /// The call's address, with what is secret in it cut away.
    private static func url(of exchange: Traffic.Exchange) -> String {
        let query = Query(raw: exchange.query)
        let pairs = query.keys.map { name in
            let value = JSONValue.object([name: .text((try? query.first(name)) ?? "")]).withoutSecrets
            if case .object(let members) = value { return "\(name)=\(members[name]?.string ?? "")" }
            return name
        }
        return pairs.isEmpty ? exchange.path : "\(exchange.path)?\(pairs.joined(separator: "&"))"
    }
}

extension Platform.State {
    /// The daily quotas of an account: path, limit, and what has been used of it today.
    func quotas(at index: Int) -> [(path: String, limit: Int, used: Int)] {
        let ledger = ledgers[index]
        return [
            ("/cgi-bin/token", knobs.tokensPerDay, ledger.legacyDay.used(now: now)),
            ("/cgi-bin/stable_token", knobs.stablePerDay, ledger.stableDay.used(now: now)),
            ("/cgi-bin/ticket/getticket", knobs.ticketsPerDay, ledger.ticketDay.used(now: now)),
        ]
    }
}
