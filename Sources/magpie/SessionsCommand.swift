import FoundationEssentials
import Gateway
import Wire

/// `magpie sessions list` and `magpie sessions revoke`: asks the Magpie that runs, which alone has those of a memory
/// store.
enum SessionsCommand {
    static func run(_ arguments: Arguments) -> ExitCode {
        func mistake(_ text: String) -> ExitCode { Commands.refuse(.init(text: text, command: "sessions")) }
        do throws(AdminCall.Failure) {
            switch arguments.operand {
            case "list":
                try list(arguments)
                return .success
            case "revoke":
                guard let openID = arguments["openid"] else { return mistake("missing: --openid") }
                try revoke(openID, arguments)
                return .success
            case let other?: return mistake("\"\(other)\" is neither list nor revoke")
            case nil: return mistake("list or revoke?")
            }
        } catch {
            return error.tell()
        }
    }

    struct Page: Decodable {
        struct Entry: Decodable {
            let session: String
            let identities: Int
            let endsAt: Date?
        }

        let sessions: [Entry]
        let after: String?
    }

    private static func list(_ arguments: Arguments) throws(AdminCall.Failure) {
        let call = try AdminCall(arguments)
        var after: String?
        var count = 0
        repeat {
            let page: Page = try decode(call.send(.get, path(arguments, after: after)))
            if count == 0, !page.sessions.isEmpty { Terminal.print("SESSION   ENDS WITHOUT A VISIT   ACCOUNTS") }
            for entry in page.sessions { Terminal.print(line(entry)) }
            count += page.sessions.count
            after = page.after
        } while after != nil
        Terminal.complain("\(count) \(count == 1 ? "session" : "sessions") · \(count) 个会话")
    }

    static func line(_ entry: Page.Entry) -> String {
        "\(entry.session)  \(entry.endsAt?.formatted(.iso8601) ?? "never               ")   \(entry.identities)"
    }

    static func path(_ arguments: Arguments, after: String?) -> String {
        let parameters = [
            ("openid", arguments["openid"]), ("account", arguments["account"]), ("after", after), ("limit", "1000"),
        ].compactMap { name, value in value.map { "\(name)=\(PercentCoding.encodeComponent($0))" } }
        return "/sessions?" + parameters.joined(separator: "&")
    }

    private static func revoke(_ openID: String, _ arguments: Arguments) throws(AdminCall.Failure) {
        var order = ["openid": openID]
        if let account = arguments["account"] { order["account"] = account }
        guard let body = try? JSONEncoder().encode(order) else { preconditionFailure("texts always encode") }
        let answer: [String: Int] = try decode(
            AdminCall(arguments).send(.post, "/sessions/revoke", json: Array(body)))
        let count = answer["revoked"] ?? 0
        let nobody = count == 0 ? "; nobody with this openid is signed in 没有找到该用户的会话" : ""
        Terminal.print("\(count) \(count == 1 ? "session" : "sessions") ended 已结束 \(count) 个会话\(nobody)")
    }

    private static func decode<Value: Decodable>(_ body: [UInt8]) throws(AdminCall.Failure) -> Value {
        guard let value = try? AdminAnswer.decoder.decode(Value.self, from: Data(body)) else {
            throw .init(text: AdminAnswer.isStrange, code: .failure)
        }
        return value
    }
}
