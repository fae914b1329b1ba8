import Foundation
import Synchronization
import TestSupport
import Testing
import WeChat
import Wire

@testable import Gateway

/// Every call that Magpie makes to WeChat, with everything that can come back: what the visitor gets, what is logged,
/// how often WeChat is asked and for how long, and that it heals. On values; what sockets add is ProcessTests' and
/// TortureTests' business.
struct UpstreamFaultTests {
    struct Pair: Sendable, CustomTestStringConvertible {
        let call: PlatformCall
        let fault: ReplyFault

        var testDescription: String { "\(call.rawValue): \(fault.name)" }

        static let all = PlatformCall.allCases.flatMap { call in
            ReplyFault.all(for: call).map { Pair(call: call, fault: $0) }
        }
    }

    @Test(arguments: Pair.all)
    func `whatever WeChat answers, visitors get a clean answer, WeChat is not pressed, and it heals`(
        pair: Pair
    ) async throws {
        var scene = try await FaultScene(pair.call)
        let before = scene.bench.now
        scene.set(pair.fault.outcome)
        let response = try await scene.act()
        // A call with all its repetitions ends within twice the time limit; a signature costs up to four calls. No call
        // of a login is repeated.
        let most = pair.call.isKeepers ? 40.0 : pair.call == .exchange || pair.call == .profile ? 0 : 20
        #expect(scene.bench.now.timeIntervalSince(before) <= most)
        scene.expectNoSecret(in: response)

        guard pair.fault.fate != .accepted else {
            try await scene.expectSuccess(response)
            return
        }
        try scene.expectFailure(response, pair.fault.fate)
        scene.expectLogged(pair.fault.fate)
        #expect(scene.calls == scene.expectedCalls(pair.fault.fate))

        // The same again, in the same second.
        let calls = scene.calls
        let again = try await scene.repeatAct()
        scene.expectNoSecret(in: again)
        #expect(scene.calls == calls, "WeChat was asked again at once")

        scene.set(nil)
        try await scene.expectHealed()
    }

    @Test func `the table has every call and every kind of fault`() {
        #expect(Set(Pair.all.map(\.call)) == Set(PlatformCall.allCases))
        #expect(Pair.all.count > 1_200)
        let names = Dictionary(grouping: Pair.all, by: \.testDescription)
        #expect(names.filter { $0.value.count > 1 }.keys.sorted() == [])
    }
}

/// A visitor right before the request that leads to one call, and what is to be seen afterwards.
private struct FaultScene {
    let call: PlatformCall
    let bench: Bench
    private var visitor = Visitor()
    private var target = "/get-signature?url=https%3A%2F%2Fh5.example.com%2F"

    init(_ call: PlatformCall) async throws {
        self.call = call
        bench = Bench(stableToken: call != .token, sleepsAtOnce: true)
        guard !call.isKeepers else { return }
        bench.weChat.state.withLock { $0.scope = "snsapi_userinfo" }
        let state = try await visitor.start(bench, "/redirect?scope=userinfo&to=/orders")
        bench.weChat.expect(code: PlatformCall.code, openID: PlatformCall.visitor)
        let callback = "/redirect?code=\(PlatformCall.code)&state=\(state)"
        switch call {
        case .exchange, .profile:
            target = callback
        case .lateProfile, .refresh:
            bench.weChat.state.withLock { $0.standing["/sns/userinfo"] = .failure(.timedOut) }
            _ = try await visitor.get(bench, callback)
            bench.weChat.state.withLock {
                $0.standing = [:]
                $0.counts = [:]
            }
            if call == .refresh { bench.pass(seconds: 7_000) }
            target = "/session"
        case .stableToken, .token, .ticket:
            break
        }
    }

    var calls: Int { bench.weChat.count(call.path) }

    func set(_ outcome: Result<Reply, FetchError>?) {
        bench.weChat.state.withLock { $0.standing[call.path] = outcome }
    }

    mutating func act() async throws -> Response {
        try await visitor.get(bench, target)
    }

    /// A reload; for a login, another browser's, too.
    mutating func repeatAct() async throws -> Response {
        guard call == .exchange || call == .profile else { return try await act() }
        var other = Visitor()
        expectNoSecret(in: try await other.get(bench, target))
        return try await act()
    }

    // MARK: - Expectations, from WeChat's own page of codes

    /// The token is to be replaced once, and the call repeated once.
    private static func isDeadToken(_ code: Int) -> Bool { [40001, 40014, 42001].contains(code) }

    private static let restartsLogin: Set = [40029, 40030, 40163, 41008, 42002, 42003, 42007, 50001]

    func expectedCalls(_ fate: ReplyFault.Fate) -> Int {
        switch fate {
        // A code is redeemed once, whatever comes back; and nobody waits at the end of a login for a name.
        case .busy: call == .exchange || call == .profile ? 1 : 4
        case .refused(let code) where Self.isDeadToken(code): call == .ticket || call == .lateProfile ? 2 : 1
        default: 1
        }
    }

    func expectSuccess(_ response: Response) async throws {
        switch call {
        case .stableToken, .token, .ticket:
            #expect(response.status == .ok && response.text.contains(#""signature":"#), "\(response.text)")
            let status = bench.accounts.all[0].keeper.status()
            for part in [status.token, status.ticket] {
                let end = try #require(part.expiresAt).timeIntervalSince(bench.now)
                #expect((0...7_200).contains(end), "it is used for \(end) s")
            }
        case .exchange:
            #expect(response.status == .found && response.location == "/orders", "\(response.text)")
            var visitor = visitor
            #expect(try await visitor.get(bench, "/session").status == .ok)
        case .profile, .lateProfile, .refresh:
            #expect(response.status == (call == .profile ? .found : .ok))
            var visitor = visitor
            let session = try await visitor.get(bench, "/session").text
            #expect(session.contains(#""profile":{"#) && session.contains(PlatformCall.visitor), "\(session)")
        }
        #expect(calls == 1)
    }

    func expectFailure(_ response: Response, _ fate: ReplyFault.Fate) throws {
        switch call {
        case .stableToken, .token, .ticket:
            #expect(response.status == .unavailable && response.errorCode == "ticket_unavailable", "\(response.text)")
            let wait = try #require(response.fields[.retryAfter].flatMap { Int($0) })
            #expect((leastPause(fate)...3_600).contains(wait), "Retry-After: \(wait)")
        case .exchange:
            #expect(visitor.cookies["__Host-magpie_session"] == nil)
            switch fate {
            case .refused(let code) where Self.restartsLogin.contains(code):
                #expect(response.status == .found && response.state != nil)
            case .refused(let code) where code != 45011:
                #expect(response.status == .badGateway && response.errorCode == "login_failed", "\(response.text)")
            default:
                #expect(response.status == .unavailable && response.errorCode == "login_unavailable")
                #expect(response.fields[.retryAfter] == "5")
            }
        case .profile:
            #expect(response.status == .found && response.location == "/orders", "he is known, though not by name")
            #expect(visitor.cookies["__Host-magpie_session"] != nil)
        case .lateProfile, .refresh:
            #expect(response.status == .ok && !response.text.contains("profile"), "\(response.text)")
            #expect(response.text.contains(PlatformCall.visitor))
        }
    }

    /// Seconds that the visitor is told to wait at least.
    private func leastPause(_ fate: ReplyFault.Fate) -> Int {
        guard case .refused(let code) = fate else { return 1 }
        return switch code {
        case 45011: 60
        case 45009: 600
        // At the token's own call it means that the AppSecret is wrong.
        case 40001: call == .ticket ? 1 : 22
        case 40014, 42001: 1
        default: 22
        }
    }

    func expectLogged(_ fate: ReplyFault.Fate) {
        let lines = bench.logText.split(separator: "\n").compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        let (event, kind): (String, String?) =
            switch call {
            case .stableToken, .token: ("credential", "token")
            case .ticket: ("credential", "ticket")
            case .exchange: ("login", "exchange")
            case .profile: ("login", "profile")
            case .lateProfile, .refresh: ("profile", nil)
            }
        let found = lines.filter {
            $0["event"] as? String == event && (kind == nil || $0["kind"] as? String == kind)
                && $0["account"] as? String == "main" && ($0["outcome"] as? String ?? "").hasSuffix("failed")
                && ($0["reason"] as? String)?.isEmpty == false
        }
        #expect(!found.isEmpty, "\(bench.logText)")
        guard case .refused(let code) = fate else { return }
        #expect(found.contains { $0["errcode"] as? Int == code }, "\(bench.logText)")
        if [40164, 61004, 45035].contains(code) {
            #expect(found.contains { ($0["reason"] as? String)?.contains("101.45.43.1") == true }, "\(bench.logText)")
        }
    }

    func expectNoSecret(in response: Response) {
        let shown = response.fields.map { "\($0.name): \($0.value)" }.joined(separator: "\n") + response.text
        let log = bench.logText
        #expect(!shown.contains("CANARY"), "\(shown)")
        #expect(!log.contains("CANARY"), "\(log)")
    }

    mutating func expectHealed() async throws {
        // Longer than any pause; the longest is what 89506 asks for.
        bench.pass(seconds: 3_601)
        switch call {
        case .stableToken, .token, .ticket:
            #expect(try await act().status == .ok)
        case .exchange:
            let response = try await visitor.logIn(bench, as: PlatformCall.visitor)
            #expect(response.status == .found && response.location == "/orders")
            #expect(try await visitor.get(bench, "/session").text.contains(PlatformCall.visitor))
        case .profile, .lateProfile, .refresh:
            #expect(try await visitor.get(bench, "/session").text.contains(#""profile":{"#))
        }
    }
}
