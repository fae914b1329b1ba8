import Wire

/// Why a control call was not carried out, in words for the person who wrote it.
struct ControlError: Error, Equatable, Sendable {
    let status: Status
    let code: String
    let message: String

    static func badInput(_ message: String) -> ControlError {
        ControlError(status: .badRequest, code: "bad_input", message: message)
    }

    var response: Response {
        .json(JSONValue.object(["error": ["code": .text(code), "message": .text(message)]]).bytes, status: status)
    }
}

/// The members of a control call's body. Whoever reads one says which names it knows; any other is refused by name, so
/// that a misspelt `cuont` never passes for a default.
struct ControlInput: Sendable {
    private let members: [String: JSONValue]

    init(_ request: Request, knowing names: [String]) throws(ControlError) {
        let value = request.body.isEmpty ? .object([:]) : JSONValue(parsing: request.body)
        guard let value else { throw .badInput("the body is not JSON") }
        guard case .object(let members) = value else { throw .badInput("the body must be a JSON object") }
        try self.init(members, knowing: names)
    }

    private init(_ members: [String: JSONValue], knowing names: [String]) throws(ControlError) {
        for name in members.keys.sorted() where !names.contains(name) {
            throw .badInput("\"\(name)\" is not known here; known are \(names.joined(separator: ", "))")
        }
        self.members = members
    }

    func has(_ name: String) -> Bool { members[name] != nil && members[name] != .null }

    subscript(name: String) -> JSONValue? { has(name) ? members[name] : nil }

    func text(_ name: String) throws(ControlError) -> String? {
        guard let value = self[name] else { return nil }
        guard case .text(let text) = value else { throw .badInput("\"\(name)\" must be a string") }
        return text
    }

    func flag(_ name: String) throws(ControlError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard case .flag(let flag) = value else { throw .badInput("\"\(name)\" must be true or false") }
        return flag
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(ControlError) -> Int? {
        guard let value = self[name] else { return nil }
        guard let integer = value.integer, range.contains(integer) else {
            throw .badInput("\"\(name)\" must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func choice(_ name: String, of choices: [String]) throws(ControlError) -> String? {
        guard let text = try text(name) else { return nil }
        guard choices.contains(text) else {
            throw .badInput("\"\(name)\" must be one of \(choices.joined(separator: ", "))")
        }
        return text
    }

    func texts(_ name: String) throws(ControlError) -> [String]? {
        guard let value = self[name] else { return nil }
        guard case .list(let items) = value else { throw .badInput("\"\(name)\" must be a list of strings") }
        var texts: [String] = []
        for item in items {
            guard let text = item.string else { throw .badInput("\"\(name)\" must be a list of strings") }
            texts.append(text)
        }
        return texts
    }
}
