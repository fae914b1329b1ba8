import Wire

/// Scripted faults, given and shown.
extension ControlAPI {
    private static let kinds = ["errcode", "status", "delay", "hang", "garbage", "reset", "drip", "truncate"]

    @Sendable static func faults(_ state: inout Platform.State, _ request: Request) -> JSONValue {
        ["faults": .list(state.script.faults.map(json))]
    }

    @Sendable static func clearFaults(_ state: inout Platform.State, _ request: Request) -> JSONValue {
        state.script.clear()
        return ["faults": []]
    }

    @Sendable static func addFault(_ state: inout Platform.State, _ request: Request) throws(ControlError) -> JSONValue
    {
        let input = try ControlInput(request, knowing: ["path", "nth", "count", "errmsg"] + kinds)
        guard let path = try input.text("path"), path.hasPrefix("/") else {
            throw .badInput(
                "\"path\" is missing: a path such as /cgi-bin/token, or the beginning of several with a * behind")
        }
        let nth = try input.integer("nth", in: 1...1_000_000) ?? 1
        let count = try input.integer("count", in: 1...1_000_000) ?? 1
        let kind = try kind(in: input)
        guard state.script.faults.count < 1_000 else { throw .badInput("a thousand faults are waiting already") }
        return ["fault": json(state.script.add(path: path, nth: nth, count: count, kind: kind))]
    }

    private static func kind(in input: ControlInput) throws(ControlError) -> Fault.Kind {
        let given = kinds.filter { input.has($0) }
        guard let name = given.first, given.count == 1 else {
            throw .badInput("give exactly one of \(kinds.joined(separator: ", "))")
        }
        if input.has("errmsg") && name != "errcode" { throw .badInput("\"errmsg\" belongs to \"errcode\"") }
        switch name {
        case "errcode":
            guard let code = try input.integer("errcode", in: -1...9_999_999) else { break }
            return .errcode(code, try input.text("errmsg") ?? Refusal.text(of: code))
        case "status":
            guard let code = try input.integer("status", in: 200...599) else { break }
            return .status(code)
        case "delay":
            guard let milliseconds = try input.integer("delay", in: 0...600_000) else { break }
            return .delay(milliseconds)
        case "hang": return .hang(try milliseconds("hang", in: input, default: 60_000))
        case "drip": return .drip(try milliseconds("drip", in: input, default: 20))
        default:
            guard try input.flag(name) == true else { throw .badInput("\"\(name)\" can only be true") }
            return name == "garbage" ? .garbage : name == "reset" ? .reset : .truncate
        }
        throw .badInput("\"\(name)\" must be a whole number")
    }

    private static func milliseconds(
        _ name: String, in input: ControlInput, default usual: Int
    ) throws(ControlError) -> Int {
        if input[name] == .flag(true) { return usual }
        guard let milliseconds = try input.integer(name, in: 0...600_000) else { return usual }
        return milliseconds
    }

    private static func json(_ fault: Fault) -> JSONValue {
        [
            "id": .number(Double(fault.id)), "path": .text(fault.path), "nth": .number(Double(fault.nth)),
            "count": .number(Double(fault.count)), "seen": .number(Double(fault.seen)), "kind": .text(fault.kind.name),
        ]
    }
}
