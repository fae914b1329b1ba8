/// JSON as the platform writes it: members in a fixed order, `/` as `\/`, and texts as raw bytes.
///
/// Real nicknames carry control characters and broken UTF-8 inside their quotes, which no encoder would write; a client
/// that only ever met clean JSON fails on its first real user.
enum Reply: Equatable, Sendable {
    case text([UInt8])
    case number(Int)
    case list([Reply])
    case object([Member])

    struct Member: Equatable, Sendable {
        let name: String
        let value: Reply
    }

    static func text(_ string: String) -> Reply { .text(Array(string.utf8)) }

    static func object(_ members: KeyValuePairs<String, Reply>) -> Reply {
        .object(members.map { Member(name: $0.key, value: $0.value) })
    }

    /// The same object with one more member at its end.
    func adding(_ name: String, _ value: Reply?) -> Reply {
        guard let value, case .object(let members) = self else { return self }
        return .object(members + [Member(name: name, value: value)])
    }

    var bytes: [UInt8] {
        var output: [UInt8] = []
        append(to: &output)
        return output
    }

    private func append(to output: inout [UInt8]) {
        switch self {
        case .text(let bytes): Self.append(quoted: bytes, to: &output)
        case .number(let number): output += Array(String(number).utf8)
        case .list(let items):
            Self.append(items, between: "[", "]", to: &output) { $0.append(to: &$1) }
        case .object(let members):
            Self.append(members, between: "{", "}", to: &output) { member, output in
                Self.append(quoted: Array(member.name.utf8), to: &output)
                output.append(UInt8(ascii: ":"))
                member.value.append(to: &output)
            }
        }
    }

    private static func append<Item>(
        _ items: [Item], between open: Unicode.Scalar, _ close: Unicode.Scalar, to output: inout [UInt8],
        _ write: (Item, inout [UInt8]) -> Void
    ) {
        output.append(UInt8(ascii: open))
        for (index, item) in items.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            write(item, &output)
        }
        output.append(UInt8(ascii: close))
    }

    private static func append(quoted bytes: [UInt8], to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in bytes {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "/") {
                output.append(UInt8(ascii: "\\"))
            }
            output.append(byte)
        }
        output.append(UInt8(ascii: "\""))
    }
}
