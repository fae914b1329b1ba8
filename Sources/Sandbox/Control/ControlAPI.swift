import Wire

/// The sandbox's own API under `/_sandbox/`: what tests and consoles use to look at the platform and to break it.
///
/// JSON in, JSON out. Refused are foreign hosts and origins (`ControlGuard`), unknown members, and values of a wrong kind.
/// - `GET  /_sandbox/` names every call.
/// - `GET  /_sandbox/counters`: `{"counters": {path: calls}}` since the last reset.
/// - `POST /_sandbox/reset` `{"what": "counters" | "events" | "requests" | "faults" | "everything"}`; without `what` the first four.
///   Everything: tokens, tickets, codes, people and knobs are as they were at the start, and the clock is right again.
/// - `GET /_sandbox/faults`, `DELETE /_sandbox/faults`, `POST /_sandbox/faults`
///   `{"path", "nth"?: 1, "count"?: 1, and one of "errcode": n (and "errmsg"), "status": n, "delay": ms, "hang": ms | true,
///   "garbage": true, "reset": true, "drip": ms | true, "truncate": true}`: see `Fault`.
/// - `POST /_sandbox/kill` `{"what": "token" | "ticket", "appid"?, "family"?: "legacy" | "stable"}`.
/// - `GET /_sandbox/clock`, `POST /_sandbox/clock` `{"advance": seconds}`.
/// - `GET /_sandbox/events[?since=number][&last=count][&kind=kind]`: the last thousand.
/// - `GET /_sandbox/requests[?path=path][&account=name or appid][&since=number][&last=count]`: `{"last": number, "requests":
///   [{"number", "time", "method", "path", "account", "parameters", "userAgent", "caller", "status", "answer", "location",
///   "fault"}]}`, the last five hundred calls of the platform and its pages. A path may end with `*`, as a fault's. Secrets
///   are cut away, and of tokens, tickets and codes all but the last six characters.
/// - `GET /_sandbox/users`, `POST /_sandbox/users` `{"key", "nickname"?, "follows"?, "unionid"?, "avatar"?, "limited"?,
///   "snapshot"?: "never" | "first" | "always", "passwordChanged"?: true}` changes a person or adds one.
/// - `GET /_sandbox/settings`, `POST /_sandbox/settings`: the knobs (`Knobs`); a post changes those it names.
/// - `GET /_sandbox/accounts`, `POST /_sandbox/accounts` `{"appid", "jsDomains"?, "redirectDomains"?, "scopes"?,
///   "whitelist"?: [address or block] | "off", "secretFrozen"?}`.
/// - `GET /_sandbox/state`: accounts with their living tokens and tickets. Nothing in a sandbox is a secret.
/// - `POST /_sandbox/preverify`: what the stand-in for `wx.config` asks (`PreverifyEndpoint`); not a control call.
struct ControlAPI: Sendable {
    typealias Call = @Sendable (inout Platform.State, Request) throws(ControlError) -> JSONValue

    let platform: Platform
    let door: ControlGuard
    /// The platform as it was when the sandbox was built, for a reset of everything.
    let beginning: Platform.State

    struct Operation: Sendable {
        let method: Method
        let path: String
        let call: Call
    }

    static let operations: [Operation] = [
        Operation(method: .get, path: "/_sandbox/", call: index),
        Operation(method: .get, path: "/_sandbox/counters", call: counters),
        Operation(method: .get, path: "/_sandbox/faults", call: faults),
        Operation(method: .post, path: "/_sandbox/faults", call: addFault),
        Operation(method: .delete, path: "/_sandbox/faults", call: clearFaults),
        Operation(method: .post, path: "/_sandbox/kill", call: kill),
        Operation(method: .get, path: "/_sandbox/clock", call: clock),
        Operation(method: .post, path: "/_sandbox/clock", call: moveClock),
        Operation(method: .get, path: "/_sandbox/events", call: events),
        Operation(method: .get, path: "/_sandbox/requests", call: requests),
        Operation(method: .get, path: "/_sandbox/users", call: users),
        Operation(method: .post, path: "/_sandbox/users", call: changeUser),
        Operation(method: .get, path: "/_sandbox/settings", call: settings),
        Operation(method: .post, path: "/_sandbox/settings", call: changeSettings),
        Operation(method: .get, path: "/_sandbox/accounts", call: accounts),
        Operation(method: .post, path: "/_sandbox/accounts", call: changeAccount),
        Operation(method: .get, path: "/_sandbox/state", call: state),
    ]

    func respond(to request: Request, with call: Call) -> Response {
        do throws(ControlError) {
            try door.check(request)
            var response = Response.json(try run(call, on: request).bytes)
            // A literal: it cannot fail.
            try? response.fields.append(.cacheControl, "no-store")
            return response
        } catch {
            return error.response
        }
    }

    func run(_ call: Call, on request: Request) throws(ControlError) -> JSONValue {
        try platform.with { (state) throws(ControlError) in
            let value = try call(&state, request)
            if request.method != .get { state.record("control", request.path, "done") }
            return value
        }
    }

    /// The call behind `POST` of a path.
    func call(named path: String) -> Call? {
        if path == "/_sandbox/reset" { return reset }
        return Self.operations.first { $0.method == .post && $0.path == path }?.call
    }

    /// `POST /_sandbox/reset`.
    var reset: Call {
        let beginning = beginning
        return { (state, request) throws(ControlError) in
            let input = try ControlInput(request, knowing: ["what"])
            let what = try input.choice("what", of: ["counters", "events", "requests", "faults", "everything"])
            switch what {
            case "everything": state = beginning
            case "counters": state.journal.clearCounters()
            case "events": state.journal.clearEvents()
            case "requests": state.traffic.clear()
            case "faults": state.script.clear()
            default:
                state.journal.clearCounters()
                state.journal.clearEvents()
                state.traffic.clear()
                state.script.clear()
            }
            return ["ok": true]
        }
    }

    @Sendable private static func index(_ state: inout Platform.State, _ request: Request) -> JSONValue {
        let names =
            operations.map { "\($0.method.description) \($0.path)" } + [
                "POST /_sandbox/reset", "POST /_sandbox/preverify",
            ]
        return [
            "sandbox": "a simulator of the WeChat platform; nothing here talks to WeChat",
            "calls": .list(names.sorted().map { .text($0) }),
        ]
    }

    @Sendable private static func counters(_ state: inout Platform.State, _ request: Request) -> JSONValue {
        ["counters": .object(state.journal.counters.mapValues { .number(Double($0)) })]
    }

    @Sendable private static func kill(_ state: inout Platform.State, _ request: Request) throws(ControlError)
        -> JSONValue
    {
        let input = try ControlInput(request, knowing: ["what", "appid", "family"])
        guard let what = try input.choice("what", of: ["token", "ticket"]) else {
            throw .badInput("\"what\" is missing: token or ticket")
        }
        let family = try input.choice("family", of: ["legacy", "stable"])
        let index = try ledger(named: try input.text("appid"), in: state)
        if what == "token" {
            state.killTokens(at: index, family: family)
        } else {
            state.ledgers[index].killTickets(now: state.now)
        }
        return ["ok": true]
    }

    @Sendable private static func clock(_ state: inout Platform.State, _ request: Request) -> JSONValue {
        ["now": .number(Double(state.now)), "advance": .number(Double(state.advance))]
    }

    @Sendable private static func moveClock(
        _ state: inout Platform.State, _ request: Request
    ) throws(ControlError) -> JSONValue {
        let input = try ControlInput(request, knowing: ["advance"])
        // Time only goes on: a token that has died stays dead.
        guard let seconds = try input.integer("advance", in: 0...10 * 366 * 86_400) else {
            throw .badInput("\"advance\" is missing: a number of seconds")
        }
        state.moveClock(by: seconds)
        return clock(&state, request)
    }

    @Sendable private static func events(_ state: inout Platform.State, _ request: Request) throws(ControlError)
        -> JSONValue
    {
        let since = try number("since", of: request) ?? 0
        let last = try number("last", of: request) ?? Journal.capacity
        let kind = request.parameter("kind")
        let chosen = state.journal.latest.filter { $0.number > since && (kind == nil || $0.kind == kind) }.suffix(last)
        return ["events": .list(chosen.map { JSONValue.encoding($0) })]
    }

    static func number(_ name: String, of request: Request) throws(ControlError) -> Int? {
        guard let text = request.parameter(name) else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw .badInput("\"\(name)\" must be a whole number, 0 or more")
        }
        return number
    }

    /// The account a call names, or the first official one when it names none.
    static func ledger(named appID: String?, in state: Platform.State) throws(ControlError) -> Int {
        if let appID {
            guard let index = state.ledger(of: appID) else { throw .badInput("no account has the appid \"\(appID)\"") }
            return index
        }
        guard let index = state.ledgers.indices.first else { throw .badInput("this sandbox has no account") }
        return index
    }
}
