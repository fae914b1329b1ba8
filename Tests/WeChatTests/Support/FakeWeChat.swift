import Foundation
import Synchronization
import WeChat

/// A platform that answers from a script, or else as WeChat does, and counts what it was asked.
final class FakeWeChat: Fetcher {
    enum Answer: Sendable {
        case json(String)
        case bytes([UInt8])
        case status(Int, String)
        case failure(FetchError)

        static func error(_ code: Int, _ message: String = "some error rid: 658cff8e-7783352d-44cb33e5") -> Answer {
            .json(#"{"errcode":\#(code),"errmsg":"\#(message)"}"#)
        }
    }

    struct State {
        var calls: [Call] = []
        /// Answers to come, then what is always answered, then WeChat's own behaviour.
        var next: [WeChat.Operation: [Answer]] = [:]
        var always: [WeChat.Operation: Answer] = [:]
        var tokens = 0
        var token: String?
        var tickets = 0
        var ticket: String?
        var expiresIn = 7200
        var forces = 0
    }

    private let state = Mutex(State())
    /// How long a call takes, in real time.
    private let latency: Duration

    init(latency: Duration = .zero) {
        self.latency = latency
    }

    static let secret = "5ec4e75ec4e75ec4e75ec4e75ec4e7aa"

    func fetch(_ call: Call) async throws(FetchError) -> Reply {
        if latency > .zero {
            try? await Task.sleep(for: latency)
        } else {
            for _ in 0..<5 { await Task.yield() }
        }
        let answer = state.withLock { $0.answer(call) }
        switch answer {
        case .json(let text): return Reply(status: 200, body: Array(text.utf8))
        case .bytes(let bytes): return Reply(status: 200, body: bytes)
        case .status(let status, let text): return Reply(status: status, body: Array(text.utf8))
        case .failure(let error): throw error
        }
    }

    // MARK: Looking

    var calls: [Call] { state.withLock(\.calls) }
    func count(_ operation: WeChat.Operation) -> Int { calls.count { $0.path == operation.rawValue } }
    var tokenCalls: Int { count(.token) + count(.stableToken) }
    var ticketCalls: Int { count(.ticket) }
    var forces: Int { state.withLock(\.forces) }
    var token: String? { state.withLock(\.token) }
    var ticket: String? { state.withLock(\.ticket) }

    // MARK: Arranging

    func next(_ operation: WeChat.Operation, _ answers: Answer...) {
        state.withLock { $0.next[operation, default: []] += answers }
    }

    func always(_ operation: WeChat.Operation, _ answer: Answer?) {
        state.withLock { $0.always[operation] = answer }
    }

    /// Everything fails, or everything works again.
    func down(_ answer: Answer?) {
        for operation in WeChat.Operation.allCases { always(operation, answer) }
    }

    /// The token dies, as when another program forces one: the stable call gives the new one.
    func killToken() {
        state.withLock { $0.mintToken() }
    }

    func replaceTicket() {
        state.withLock { $0.mintTicket() }
    }

    func set(expiresIn: Int) {
        state.withLock { $0.expiresIn = expiresIn }
    }
}

extension FakeWeChat.State {
    mutating func answer(_ call: Call) -> FakeWeChat.Answer {
        calls.append(call)
        guard let operation = WeChat.Operation(rawValue: call.path) else { return .status(404, "no such call") }
        if next[operation]?.isEmpty == false, let answer = next[operation]?.removeFirst() { return answer }
        if let answer = always[operation] { return answer }
        let parameters = Dictionary(call.query.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        switch operation {
        case .token:
            mintToken()
            return tokenReply
        case .stableToken:
            let body = call.body.map { String(decoding: $0, as: UTF8.self) } ?? ""
            let isForced = body.contains(#""force_refresh":true"#)
            if isForced { forces += 1 }
            if token == nil || isForced { mintToken() }
            return tokenReply
        case .ticket:
            guard let token, parameters["access_token"] == token else {
                return .error(40001, "invalid credential, access_token is invalid or not latest")
            }
            if ticket == nil { mintTicket() }
            return .json(#"{"errcode":0,"errmsg":"ok","ticket":"\#(ticket ?? "")","expires_in":\#(expiresIn)}"#)
        default:
            return .error(-1, "no script for this call")
        }
    }

    private var tokenReply: FakeWeChat.Answer {
        .json(#"{"access_token":"\#(token ?? "")","expires_in":\#(expiresIn)}"#)
    }

    mutating func mintToken() {
        tokens += 1
        token = "80_CanaryTokenCanaryToken\(tokens)-\(tokens)"
    }

    mutating func mintTicket() {
        tickets += 1
        ticket = "CanaryTicketCanaryTicketCanaryTicket_\(tickets)-\(tickets)"
    }
}
