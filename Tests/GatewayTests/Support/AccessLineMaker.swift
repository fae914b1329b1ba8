import Gateway
import TestSupport
import Wire

/// Makes requests of every odd kind, and from what they were made the lines that the access log must have of them:
/// string by string, with nothing of the product but the text of an address.
struct AccessLineMaker {
    struct Trial {
        var record: LoggedRequest
        var json: String
        var text: String
    }

    var random: Torture.Random

    private static let pieces = [
        "a", "get-signature", "/", "=", "%41", "~", "\"", "\\", "\n", "\r", "\t", " ", "\0", "\u{1B}", "\u{7F}",
        "\u{9B}", "\u{2028}", "\u{202E}", "\u{FEFF}", "é", "汉", "😀", "?x", "#y",
    ]
    private static let names = [
        "url", "account", "code", "state", "a.b_C-9", "twenty-letters-or-so", "twenty-one-of-letters", "", " ", "a b",
        "a+b", "a=b", "a&b", "汉", "\"", "\\", "\n", "(other)", "…", "zz%",
    ]
    private static let methods: [Wire.Method] = [
        .get, .head, .options, .other("PROPFIND"), .other("a\"b=\u{7}"), .other(String(repeating: "M", count: 16)),
        .other(String(repeating: "M", count: 17)),
    ]
    private static let identifiers: [RequestID] = [
        .drawn(0), .drawn(0xF), .drawn(.max), .given("r-1"), .given(""), .given("a b"), .given("a\"b=\n"),
        .given(String(repeating: "i", count: 64)), .given(String(repeating: "\u{1B}", count: 600)),
    ]

    mutating func trial() -> Trial {
        let names = (0..<pick([0, 0, 1, 1, 2, 3, 17, 60])).map { _ in name() }
        let record = LoggedRequest(
            listener: pick(Metrics.Listener.allCases),
            method: pick(Self.methods),
            path: path(), query: query(names), status: pick([200, 302, 404, 503]), bytes: pick([0, 9, 178, .max]),
            took: pick([
                .zero, .nanoseconds(9_999), .nanoseconds(10_000), .seconds(-1), .seconds(1 << 40),
                .nanoseconds(Int64.random(in: 0...9_999_999_999, using: &random)),
            ]),
            requestID: Bool.random(using: &random) ? .drawn(random.next()) : pick(Self.identifiers), peer: peer())
        let values = Self.values(of: record, names)
        let json = values.map { ",\(Self.quoted($0.name)):\($0.json)" }.joined()
        let text = values.map { " \($0.name)=\($0.text)" }.joined()
        return Trial(
            record: record,
            json: "{\"time\":\"2026-11-21T08:06:01.250Z\",\"level\":\"info\",\"event\":\"request\"\(json)}\n",
            text: "08:06:01.250 INFO  request\(text)\n")
    }

    private mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: choices.indices, using: &random)]
    }

    private mutating func path() -> String {
        // Many are plain, as the paths of most requests are, and of every length.
        let pieces = Bool.random(using: &random) ? ["a", "-", "/b"] : Self.pieces
        return "/" + (0..<Int.random(in: 0...pick([9, 40, 400]), using: &random)).map { _ in pick(pieces) }.joined()
    }

    private mutating func name() -> String {
        pick([true, false]) ? pick(Self.names) : "k\(Int.random(in: 0...30, using: &random))"
    }

    private mutating func query(_ names: [String]) -> Query {
        var raw = pick(["", "&"])
        for name in names {
            // Half an escape cannot be decoded, and the name is then as it came.
            raw += name.hasSuffix("%") ? name : escaped(name)
            raw += pick(name.isEmpty ? ["=", "=v"] : ["", "=", "=v", "=v=w%26", "=%zz"])
            raw += pick(["&", "&", "&&"])
        }
        return Query(raw: raw)
    }

    private mutating func escaped(_ name: String) -> String {
        let escapesAll = pick([true, false, false])
        return name.utf8.map { byte in
            switch UnicodeScalar(byte) {
            case "a"..."z", "A"..."Z", "0"..."9", "-", ".", "_":
                if !escapesAll { return String(UnicodeScalar(byte)) }
            case " ":
                if !escapesAll { return "+" }
            default: break
            }
            return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: pick([true, false]))
        }.joined()
    }

    private mutating func peer() -> IPAddress? {
        switch pick([0, 4, 16]) {
        case 0: nil
        // Numbers of one, two and three digits; groups of zeros.
        case let count: IPAddress(bytes: (0..<count).map { _ in pick([0, 0, 1, 42, 99, 100, 255]) })
        }
    }

    private static func values(
        of record: LoggedRequest, _ names: [String]
    ) -> [(name: String, json: String, text: String)] {
        var values: [(name: String, json: String, text: String)] = []
        func tell(_ name: String, _ text: String, limit: Int = 512) {
            values.append((name, quoted(text, limit: limit), readable(text, limit: limit)))
        }
        let method = record.method.description
        tell("method", method.utf8.count > 16 ? "other" : method)
        tell("path", String(record.path.prefix { $0 != "?" && $0 != "#" }), limit: 256)
        if !names.isEmpty {
            let sorted = Set(names.map { isShown($0) ? $0 : "(other)" }).sorted()
            let shown = sorted.count > 16 ? sorted.prefix(16) + ["…"] : sorted
            values.append(
                (
                    "query", "[" + shown.map { quoted($0) }.joined(separator: ",") + "]",
                    readable(shown.joined(separator: ","))
                ))
        }
        let (seconds, rest) = record.took.components
        let hundredths = max(0, seconds * 100_000 + rest / 10_000_000_000_000)
        let milliseconds = "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)"
        for (name, number) in [
            ("status", "\(record.status)"), ("bytes", "\(record.bytes)"), ("ms", milliseconds),
        ] {
            values.append((name, number, number))
        }
        switch record.requestID {
        case .given(let id): tell("request", id)
        case .drawn(let number):
            let digits = String(number, radix: 16)
            tell("request", String(repeating: "0", count: 16 - digits.count) + digits)
        }
        if let peer = record.peer { tell("peer", peer.description) }
        if record.listener != .public { tell("listener", record.listener.rawValue) }
        return values
    }

    private static func isShown(_ name: String) -> Bool {
        name.wholeMatch(of: /[a-zA-Z0-9_.\-]{1,20}/) != nil
    }

    private static func readable(_ text: String, limit: Int = 512) -> String {
        let isWord = text.unicodeScalars.allSatisfy { ("!"..."~").contains($0) && !"\"=\\".unicodeScalars.contains($0) }
        return isWord && !text.isEmpty && text.utf8.count <= limit ? text : quoted(text, limit: limit)
    }

    private static func quoted(_ text: String, limit: Int = 512) -> String {
        var (shown, count) = ("\"", 0)
        for scalar in text.unicodeScalars {
            count += String(scalar).utf8.count
            if count > limit {
                shown += "…"
                break
            }
            switch scalar {
            case "\"", "\\": shown += "\\\(scalar)"
            case "\n": shown += "\\n"
            case "\r": shown += "\\r"
            case "\t": shown += "\\t"
            case "\0"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{202E}", "\u{FEFF}":
                let digits = String(scalar.value, radix: 16)
                shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown + "\""
    }
}
