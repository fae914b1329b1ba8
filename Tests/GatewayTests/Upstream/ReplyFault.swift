import Foundation
import TestSupport
import Testing
import WeChat

/// One way in which a call to WeChat can go wrong, or only looks as if it did.
struct ReplyFault: Sendable, CustomTestStringConvertible {
    /// What the whole product must make of it.
    enum Fate: Sendable, Equatable {
        /// Understood as the success that it is.
        case accepted
        /// Somebody says "later": repeated within the call where that cannot count twice.
        case busy
        /// WeChat says no with this code.
        case refused(Int)
        /// Nothing came, or nothing that can be understood. Never repeated within the call.
        case lost
    }

    let name: String
    let fate: Fate
    let outcome: Result<Reply, FetchError>

    var testDescription: String { name }

    private init(_ name: String, _ fate: Fate, _ outcome: Result<Reply, FetchError>) {
        (self.name, self.fate, self.outcome) = (name, fate, outcome)
    }

    private init(_ name: String, _ fate: Fate, status: Int = 200, _ body: some Sequence<UInt8>) {
        self.init(name, fate, .success(Reply(status: status, body: Array(body))))
    }

    private init(_ name: String, _ fate: Fate, status: Int = 200, _ body: String) {
        self.init(name, fate, status: status, body.utf8)
    }
}

extension ReplyFault {
    /// Everything that a call can meet.
    static func all(for call: PlatformCall) -> [ReplyFault] {
        let fields = call.reply
        return silence + statuses(json(fields)) + texts(json(fields)) + verdicts(fields) + refusals(call)
            + fields.flatMap { field in values(of: field, in: fields, call) }
    }

    private static func json(_ fields: [PlatformCall.Field], also further: String = "") -> String {
        "{" + (fields.map { "\"\($0.name)\":\($0.value)" } + [further]).filter { !$0.isEmpty }.joined(separator: ",")
            + "}"
    }

    // MARK: - No reply, and replies of others

    private static let silence: [ReplyFault] = {
        let errors: [FetchError] = [
            .timedOut, .unreachable(host: "api.weixin.qq.com"), .tls("certificate has expired"), .interrupted,
            .tooLarge, .malformed, .cancelled,
        ]
        return errors.map { ReplyFault("\($0)", .lost, .failure($0)) }
    }()

    private static func statuses(_ good: String) -> [ReplyFault] {
        let page = "<html><body>Bad Gateway</body></html>"
        let busy = [429, 500, 502, 503, 504, 599].flatMap { status in
            [("no body", ""), ("a page", page), ("a good reply", good)].map {
                ReplyFault("\(status) with \($0.0)", .busy, status: status, $0.1)
            }
        }
        let other = [201, 204, 301, 302, 303, 307, 308, 400, 401, 403, 404, 407].map {
            ReplyFault("\($0) with a good reply", .lost, status: $0, good)
        }
        return busy + other + [ReplyFault("a page with 200", .busy, "\r\n <!DOCTYPE html><title>Login</title>")]
    }

    // MARK: - Texts

    private static func texts(_ good: String) -> [ReplyFault] {
        let bytes = Array(good.utf8)
        let nested = { (depth: Int) in
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        let with = { (member: String) in String(good.dropLast()) + "," + member + "}" }
        let lost: [(String, [UInt8])] = [
            ("an empty body", []), ("white space", Array(" \r\n\t".utf8)), ("zero bytes", [0, 0, 0]),
            ("a word", Array("OK".utf8)), ("null", Array("null".utf8)), ("true", Array("true".utf8)),
            ("a number", Array("7200".utf8)), ("a string", Array("\"ok\"".utf8)), ("an array", Array("[\(good)]".utf8)),
            ("an empty object", Array("{}".utf8)), ("half", Array(bytes.prefix(bytes.count / 2))),
            ("all but the last byte", Array(bytes.dropLast())), ("two replies", bytes + bytes),
            ("a reply and a word", bytes + Array(" ok".utf8)), ("a comment", Array("/* */".utf8) + bytes),
            ("a comma at the end", Array((good.dropLast() + ",}").utf8)),
            ("single quotes", Array(good.replacingOccurrences(of: "\"", with: "'").utf8)),
            ("UTF-16", bytes.flatMap { [$0, 0] }), ("gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + bytes),
            ("60,000 brackets", Array(String(repeating: "[", count: 60_000).utf8)),
            ("60,000 braces", Array(String(repeating: #"{"a":"#, count: 12_000).utf8)),
            ("a member 40 deep", Array(with("\"x\":\(nested(40))").utf8)),
            ("64 KiB and a little", bytes + Array(repeating: 0, count: 65_537 - bytes.count)),
            ("keys in capitals", Array(good.uppercased().utf8)),
            ("random bytes", (0..<500).map { UInt8($0 * 167 % 256) }),
        ]
        let accepted: [(String, [UInt8])] = [
            ("a byte order mark", [0xEF, 0xBB, 0xBF] + bytes), ("white space around it", [10, 32] + bytes + [13, 10]),
            ("zero bytes behind it", bytes + [0, 0]), ("a member 10 deep", Array(with("\"x\":\(nested(10))").utf8)),
            ("a member nobody knows", Array(with(#""rid":{"a":[1,2.5e3,null,true]}"#).utf8)),
            ("invalid UTF-8 beside it", bytes.dropLast() + Array(#","x":""#.utf8) + [0xFF, 0xC3, 0x28, 0x22, 0x7D]),
            ("control bytes beside it", bytes.dropLast() + Array(#","x":""#.utf8) + [1, 10, 0x1F, 0x22, 0x7D]),
            ("half a surrogate beside it", Array(with(#""x":"\ud83d""#).utf8)),
            ("64 KiB", bytes + Array(repeating: 0, count: 65_536 - bytes.count)),
        ]
        return lost.map { ReplyFault($0.0, .lost, $0.1) } + accepted.map { ReplyFault($0.0, .accepted, $0.1) }
    }

    // MARK: - errcode

    private static func verdicts(_ fields: [PlatformCall.Field]) -> [ReplyFault] {
        let data = fields.filter { $0.name != "errcode" && $0.name != "errmsg" }
        let good = json(data)
        let with = { (value: String) in json(data, also: "\"errcode\":\(value)") }
        return [
            ReplyFault("errcode 0 and data", .accepted, with("0")),
            ReplyFault("errcode \"0\" and data", .accepted, with("\"0\"")),
            ReplyFault("errcode null and data", .accepted, with("null")),
            ReplyFault("data alone", .accepted, good),
            ReplyFault("errcode 0 alone", .lost, #"{"errcode":0,"errmsg":"ok"}"#),
            ReplyFault("errmsg alone", .lost, #"{"errmsg":"system error"}"#),
            ReplyFault("errcode null alone", .lost, #"{"errcode":null}"#),
            ReplyFault("errcode in a list", .lost, #"{"errcode":[40013]}"#),
            ReplyFault("a refusal with data", .refused(40013), with("40013")),
            ReplyFault("a refusal in a string", .refused(40013), #"{"errcode":"40013","errmsg":1}"#),
            ReplyFault("a refusal in a fraction", .refused(40013), #"{"errcode":40013.0}"#),
            ReplyFault("a refusal without a message", .refused(40125), #"{"errcode":40125}"#),
            ReplyFault("busy in a string", .busy, #"{"errcode":"-1"}"#),
            ReplyFault("a code that no table has room for", .refused(1_000_000_000_000_000), #"{"errcode":1e300}"#),
            ReplyFault("two errcodes", .lost, #"{"errcode":0,"errcode":40013}"#),
        ]
    }

    /// Every code of WeChat's table that these calls can meet, and some of which nobody has heard. Each message repeats
    /// what it must not: who logs it would tell secrets.
    private static func refusals(_ call: PlatformCall) -> [ReplyFault] {
        let codes = [
            40001, 40002, 40003, 40013, 40014, 40029, 40030, 40035, 40037, 40097, 40125, 40163, 40164, 40226, 40243,
            41001, 41002, 41003, 41004, 41008, 41009, 42001, 42002, 42003, 42007, 43001, 43002, 43003, 43004, 43101,
            43104, 44002, 45009, 45011, 45015, 45035, 45047, 47001, 48001, 48002, 48004, 50001, 50002, 50005, 61003,
            61004, 61007, 61009, 61010, 89501, 89503, 89506, 89507, 1, -2, -1000, 9_999_999, 2_147_483_648,
        ]
        let message =
            "invalid ip 101.45.43.1 ipv6 ::ffff:101.45.43.1, not in whitelist \(call.sent.joined(separator: " ")) "
            + #"ANOTHERS_TOKEN_CANARY_0123456789\n\u202e rid: 658cff8e-7783352d-44cb33e5"#
        return [ReplyFault("-1", .busy, #"{"errcode":-1,"errmsg":"\#(message)"}"#)]
            + codes.map { ReplyFault("\($0)", .refused($0), #"{"errcode":\#($0),"errmsg":"\#(message)"}"#) }
    }

    // MARK: - Fields

    private static func values(
        of field: PlatformCall.Field, in fields: [PlatformCall.Field], _ call: PlatformCall
    ) -> [ReplyFault] {
        // What errcode does has its own table; and a smaller scope is an answer, not a fault.
        guard field.name != "errcode", field.name != "scope" || call == .exchange else { return [] }
        let others = fields.filter { $0.name != field.name }
        let with = { (value: String) in json(others, also: "\"\(field.name)\":\(value)") }
        let text = { (value: String) in "\"\(value)\"" }

        var faults = [ReplyFault("no \(field.name)", field.isRequired ? .lost : .accepted, json(others))]
        for nothing in [#""""#, "0", "null", "[]", "{}", "false", "true"] {
            faults.append(ReplyFault("\(field.name) \(nothing)", field.isRequired ? .lost : .accepted, with(nothing)))
        }
        let bad = ["12345", "-1", "7199.5", "1e300", "1e999"]
        let unfit = [
            #"a b"#, #" a"#, #"a\n"#, #"a\u0000"#, #"a\r\nSet-Cookie: x=1"#, #"\u202e"#, "鹊", "é",
            String(repeating: "a", count: 10_000),
        ]
        let noIdentifier = [
            "../x", "a/b", "<script>", "a'b", "a,b", "a;b", "a%20", "a=b", "a.b", #"a\"b"#, "o@x",
            String(repeating: "o", count: 129),
        ]
        let fit: [String]
        switch field.demand {
        case .credential:
            faults += (bad + unfit.map(text)).map { ReplyFault("\(field.name) \($0.prefix(30))", .lost, with($0)) }
            fit = ["a", "80_-.~/+=:@", String(repeating: "a", count: 512), String(repeating: "a", count: 1024)]
        case .identifier:
            faults += (bad + (unfit + noIdentifier).map(text)).map {
                ReplyFault("\(field.name) \($0.prefix(30))", .lost, with($0))
            }
            fit = field.name == "unionid" ? ["oLW1-5lyrV-yC45pnZAvPJUd0GlY", "-", "_"] : []
        case .none:
            faults += (bad + [text("soon"), text("7200"), "-0", "999999999999999999999"] + unfit.map(text)).map {
                ReplyFault("\(field.name) \($0.prefix(30))", .accepted, with($0))
            }
            fit = []
        }
        faults += fit.map {
            ReplyFault("\(field.name) \($0.prefix(30)) of \($0.utf8.count)", .accepted, with(text($0)))
        }
        if field.name == "openid", call != .exchange {
            faults.append(ReplyFault("somebody else's openid", .lost, with(text("oSomebodyElse000000000000001"))))
        }
        faults.append(ReplyFault("\(field.name) twice", .lost, json(fields, also: "\"\(field.name)\":\(field.value)")))
        let escaped = field.name.utf8.map { "\\u00" + String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
        faults.append(ReplyFault("\(field.name) twice, once escaped", .lost, json(fields, also: "\"\(escaped)\":1")))
        return faults
    }
}
