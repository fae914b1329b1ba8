import FoundationEssentials

/// A JSON5 file as a tree of values, with the place of every key.
///
/// Foundation's decoder judges the syntax and yields the values; it tells neither where a mistake is nor that a key
/// came twice, so `DocumentMap` walks the same bytes for places. Called by `ConfigurationLoader` alone.
package struct ConfigurationDocument: Sendable {
    /// One-based, columns counted in characters, as editors show them.
    package struct Position: Sendable, Equatable, Comparable, CustomStringConvertible {
        package let line: Int
        package let column: Int

        package init(line: Int, column: Int) {
            self.line = line
            self.column = column
        }

        package var description: String { "line \(line), column \(column)" }

        package static func < (left: Position, right: Position) -> Bool {
            (left.line, left.column) < (right.line, right.column)
        }
    }

    indirect enum Node: Sendable {
        case null
        case bool(Bool)
        case integer(Int)
        case number(Double)
        case string(String)
        case array([Node])
        case object([String: Node])

        var kind: String {
            switch self {
            case .null: "null"
            case .bool: "true or false"
            case .integer, .number: "a number"
            case .string: "a string"
            case .array: "a list"
            case .object: "an object"
            }
        }
    }

    let root: [String: Node]
    let positions: [String: Position]

    /// - Throws: `ConfigurationRefusal` with the places of syntax errors and of keys that came twice.
    init(parsing bytes: [UInt8], source: String) throws(ConfigurationRefusal) {
        func refusal(_ complaints: [Complaint]) -> ConfigurationRefusal {
            ConfigurationRefusal(source: source, complaints: complaints)
        }
        let map = DocumentMap(of: bytes)
        guard let node = try? map.decode(Node.self) else {
            let problem = map.fault.map { "not valid JSON5: \($0.problem)" } ?? "not valid JSON5"
            throw refusal([Complaint(path: "", position: map.fault?.position, problem: problem)])
        }
        guard case .object(let root) = node else {
            throw refusal([
                Complaint(path: "", problem: "the file holds \(node.kind)", expected: "one object: { listen: …, … }")
            ])
        }
        if !map.repeated.isEmpty {
            throw refusal(
                map.repeated.map {
                    let first = map.positions[$0.path].map { " (first at \($0))" } ?? ""
                    return Complaint(path: $0.path, position: $0.position, problem: "the key came before\(first)")
                })
        }
        self.root = root
        positions = map.positions
    }

    /// `base.key`, or `base["odd key"]` when the key is not a plain name.
    static func path(_ base: String, _ key: String) -> String {
        let isPlain = !key.isEmpty && key.utf8.allSatisfy { isWordByte($0) }
        if !isPlain { return "\(base)[\(quoted(key))]" }
        return base.isEmpty ? key : "\(base).\(key)"
    }

    static func path(_ base: String, _ index: Int) -> String { "\(base)[\(index)]" }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "$"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}

extension ConfigurationDocument.Node: Decodable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let keyed = try? decoder.container(keyedBy: Key.self) {
            var members: [String: Self] = [:]
            for key in keyed.allKeys {
                members[key.stringValue] = try keyed.decode(Self.self, forKey: key)
            }
            self = .object(members)
        } else if var list = try? decoder.unkeyedContainer() {
            var elements: [Self] = []
            while !list.isAtEnd {
                elements.append(try list.decode(Self.self))
            }
            self = .array(elements)
        } else {
            let single = try decoder.singleValueContainer()
            if single.decodeNil() {
                self = .null
            } else if let value = try? single.decode(Bool.self) {
                self = .bool(value)
            } else if let value = try? single.decode(Int.self) {
                self = .integer(value)
            } else if let value = try? single.decode(Double.self) {
                self = .number(value)
            } else {
                self = .string(try single.decode(String.self))
            }
        }
    }
}
