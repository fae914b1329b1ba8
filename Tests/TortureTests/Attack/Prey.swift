import Foundation
import TestSupport
import Testing
import Wire

@testable import Gateway
@testable import GatewayTests

/// A gateway without sockets with everything in it that is worth stealing: live sessions of two accounts, logins half
/// way, and beside them what has expired or ended.
struct Prey {
    let bench: Bench
    let session: String
    let binding: String
    let state: String
    /// Nothing here is good for `session`'s account, nor with `binding`.
    let otherSession: String
    let otherBinding: String
    let otherState: String
    let strangerBinding: String
    let expiredSession: String
    let endedSession: String
    let doneState: String
    private let exchanges: Int

    static let sessionName = "__Host-magpie_session"
    static let bindingName = "__Host-magpie_login"
    /// Redeemable, if anybody gets as far as that.
    static let code = "LOOT"

    init() async throws {
        var limits = Configuration.Limits()
        limits.logins = 10_000_000
        bench = Bench(limits: limits)
        var expired = Visitor()
        _ = try await expired.logIn(bench, as: "oExpired")
        expiredSession = try #require(expired.cookies[Self.sessionName])
        bench.pass(seconds: 86_401)
        var ended = Visitor()
        _ = try await ended.logIn(bench, as: "oEnded")
        endedSession = try #require(ended.cookies[Self.sessionName])
        _ = try await ended.post(bench, "/logout")
        var other = Visitor()
        _ = try await other.logIn(bench, as: "oOther", "/redirect/second?to=/orders", account: "second")
        otherSession = try #require(other.cookies[Self.sessionName])
        otherBinding = try #require(other.cookies[Self.bindingName])
        otherState = try await other.start(bench)
        var stranger = Visitor()
        _ = try await stranger.start(bench)
        strangerBinding = try #require(stranger.cookies[Self.bindingName])
        var visitor = Visitor()
        doneState = try await visitor.start(bench)
        bench.weChat.expect(code: "DONE", openID: "oVisitor")
        _ = try await visitor.get(bench, "/redirect?code=DONE&state=\(doneState)")
        session = try #require(visitor.cookies[Self.sessionName])
        binding = try #require(visitor.cookies[Self.bindingName])
        visitor.cookies[Self.sessionName] = nil
        state = try await visitor.start(bench)
        bench.weChat.expect(code: Self.code, openID: "oThief")
        exchanges = bench.weChat.exchanges
    }

    /// Nothing was redeemed since, and everything still works for whom it is.
    func checkUnharmed() async throws {
        #expect(bench.weChat.exchanges == exchanges)
        var owner = Visitor(cookies: [Self.sessionName: session, Self.bindingName: binding])
        #expect(try await owner.get(bench, "/auth").fields["X-WeChat-OpenID"] == "oVisitor")
        #expect(try await owner.get(bench, "/redirect?code=\(Self.code)&state=\(state)").location == "/orders")
        #expect(bench.weChat.exchanges == exchanges + 1)
    }

    /// Sends a request as it stands; nil for bytes that no request can hold.
    func ask(_ target: String, _ fields: [(FieldName, String)] = []) async -> Response? {
        guard let request = try? Request(target: target, fields: [(.host, "h5.example.com")] + fields) else {
            return nil
        }
        return await bench.respond(request)
    }
}

/// Runs `total` trials in chunks with a fresh prey each, on all cores. `body` gets the chunk's prey and its name for
/// random numbers.
func trials(
    _ total: Int, chunk: Int = 5_000, _ body: @escaping @Sendable (Prey, String, Int) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<(total + chunk - 1) / chunk {
            if number >= 2 { try await group.next() }
            group.addTask(executorPreference: globalConcurrentExecutor) {
                let prey = try await Prey()
                try await body(prey, "chunk \(number)", min(chunk, total - number * chunk))
                try await prey.checkUnharmed()
            }
        }
        try await group.waitForAll()
    }
}
