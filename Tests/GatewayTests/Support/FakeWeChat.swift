import Foundation
import Synchronization
import WeChat

/// A platform of a few lines that counts what it is asked, written against WeChat's documentation and against nothing
/// of ours.
final class FakeWeChat: Fetcher {
    struct State {
        var counts: [String: Int] = [:]
        /// The openid that each code stands for; a code is taken out when it is used.
        var codes: [String: String] = [:]
        /// Whose grant is refreshed.
        var lastOpenID = ""
        var scope = "snsapi_base"
        var isSnapshot = false
        /// Answers given instead of the usual ones, by path, first to last.
        var script: [String: [String]] = [:]
        /// What every call of a path ends in, before scripts and usual answers.
        var standing: [String: Result<Reply, FetchError>] = [:]
        /// What happens before an answer is given.
        var delay: Duration = .zero
    }

    let state = Mutex(State())

    func expect(code: String, openID: String) {
        state.withLock { $0.codes[code] = openID }
    }

    func count(_ path: String) -> Int {
        state.withLock { $0.counts[path, default: 0] }
    }

    var exchanges: Int { count("/sns/oauth2/access_token") }

    func fetch(_ call: Call) async throws(FetchError) -> Reply {
        let (delay, standing) = state.withLock { state in
            state.counts[call.path, default: 0] += 1
            return (state.delay, state.standing[call.path])
        }
        if delay > .zero { try? await Task.sleep(for: delay) }
        if let standing { return try standing.get() }
        let body = state.withLock { state in
            if let scripted = state.script[call.path]?.first {
                state.script[call.path]?.removeFirst()
                return scripted
            }
            return Self.answer(call, &state)
        }
        if body == "HANG" { throw .timedOut }
        return Reply(status: 200, body: Array(body.utf8))
    }

    private static func answer(_ call: Call, _ state: inout State) -> String {
        let query = Dictionary(call.query.map { ($0.name, $0.value) }) { first, _ in first }
        switch call.path {
        case "/cgi-bin/stable_token", "/cgi-bin/token":
            return #"{"access_token":"ACCESS_TOKEN_CANARY","expires_in":7200}"#
        case "/cgi-bin/ticket/getticket":
            return #"{"errcode":0,"errmsg":"ok","ticket":"TICKET_CANARY","expires_in":7200}"#
        case "/sns/oauth2/access_token":
            guard let openID = query["code"].flatMap({ state.codes.removeValue(forKey: $0) }) else {
                return #"{"errcode":40029,"errmsg":"invalid code"}"#
            }
            state.lastOpenID = openID
            let snapshot = state.isSnapshot ? #","is_snapshotuser":1"# : ""
            return #"{"access_token":"SNS_TOKEN_CANARY","expires_in":7200,"refresh_token":"REFRESH_CANARY","#
                + #""openid":"\#(openID)","scope":"\#(state.scope)"\#(snapshot)}"#
        case "/sns/oauth2/refresh_token":
            return #"{"access_token":"SNS_TOKEN_CANARY","expires_in":7200,"refresh_token":"REFRESH_CANARY","#
                + #""openid":"\#(state.lastOpenID)","scope":"\#(state.scope)"}"#
        case "/sns/userinfo":
            return #"{"openid":"\#(query["openid"] ?? "")","nickname":"小鹊","headimgurl":"","privilege":[]}"#
        default:
            return #"{"errcode":-1,"errmsg":"system error"}"#
        }
    }
}
