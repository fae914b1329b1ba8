import Foundation
import HTTP
import Store
import Synchronization
import Testing
import Wire

@testable import Gateway

/// `/auth` out of memory: the same answers as out of the store, and never one that the store would not give.
struct RememberedSessionTests {
    private let bench = Bench()

    private static var forgetful: Bench {
        var limits = Configuration.Limits()
        limits.sessionCache = 0
        return Bench(limits: limits)
    }

    private func hits(_ bench: Bench) -> Int { bench.metrics.sessionCacheHits.value }

    /// A visitor of whom the gateway knows by heart.
    private func remembered(as openID: String = "oVisitor", _ bench: Bench) async throws -> Visitor {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: openID)
        let before = hits(bench)
        for _ in 0..<2 { #expect(try await visitor.get(bench, "/auth").status == .ok) }
        #expect(hits(bench) == before + 1)
        return visitor
    }

    @Test func `the answer out of memory is that out of the store, field by field`() async throws {
        let forgetful = Self.forgetful
        for (scope, isSnapshot) in [("base", false), ("userinfo", false), ("base", true)] {
            var told: [[Fields]] = []
            for bench in [bench, forgetful] {
                bench.weChat.state.withLock {
                    $0.scope = "snsapi_\(scope)"
                    $0.isSnapshot = isSnapshot
                }
                var visitor = Visitor()
                _ = try await visitor.logIn(bench, as: "oHere", "/redirect?to=/orders&scope=\(scope)")
                _ = try await visitor.logIn(
                    bench, as: "oThere", "/redirect/second?to=/orders&scope=\(scope)", account: "second")
                var fields: [Fields] = []
                for path in ["/auth", "/auth?account=second", "/auth?scope=\(scope)&login=redirect"] {
                    for _ in 0..<3 {
                        let answer = try await visitor.get(bench, path)
                        #expect(answer.status == .ok)
                        fields.append(answer.fields)
                    }
                }
                told.append(fields)
            }
            #expect(told[0] == told[1])
        }
        #expect(hits(bench) == 3 * (2 + 2 + 3))
        #expect(hits(forgetful) == 0)
        #expect(forgetful.metrics.sessionCacheMisses.value == 0)
    }

    @Test func `a remembered session is nobody's at once when it has ended, however it did`() async throws {
        var ended = try await remembered(bench)
        let id = ended.cookies
        #expect(try await ended.post(bench, "/logout").status == .noContent)
        ended.cookies = id
        #expect(try await ended.get(bench, "/auth").status == .unauthorized)

        var revoked = try await remembered(as: "oSeized", bench)
        let request = try Request(
            method: .post, target: "/sessions/revoke", fields: [(.contentType, "application/json")],
            body: Array(#"{"openid":"oSeized"}"#.utf8))
        #expect(await bench.admin().respond(to: request).status == .ok)
        #expect(try await revoked.get(bench, "/auth").status == .unauthorized)

        var replaced = try await remembered(bench)
        var former = replaced
        _ = try await replaced.logIn(bench, as: "oThere", "/redirect/second?to=/orders", account: "second")
        #expect(try await former.get(bench, "/auth").status == .unauthorized)
        #expect(try await replaced.get(bench, "/auth").status == .ok)
    }

    @Test func `logins and logouts of others leave what is remembered alone`() async throws {
        var visitor = try await remembered(bench)
        let before = hits(bench)
        for round in 0..<20 {
            var other = Visitor()
            _ = try await other.logIn(bench, as: "oOther\(round)")
            _ = try await other.post(bench, "/logout")
            #expect(try await visitor.get(bench, "/auth").status == .ok)
        }
        // One of them may share a place in the store's book, 20 do not.
        #expect(hits(bench) > before + 10)
    }

    @Test func `a visitor of one account is no visitor of another, remembered or not`() async throws {
        var visitor = try await remembered(bench)
        for _ in 0..<3 {
            #expect(try await visitor.get(bench, "/auth?account=second").status == .unauthorized)
            #expect(try await visitor.get(bench, "/auth?scope=userinfo").status == .unauthorized)
            #expect(try await visitor.get(bench, "/auth").status == .ok)
        }
    }

    @Test func `a remembered session that is used lives on, and its idle timer is set back in the store`() async throws
    {
        var visitor = try await remembered(bench)
        // Two days in steps shorter than the idle time of one: each sets the timer back, once.
        for _ in 0..<6 {
            bench.pass(seconds: 30_000)
            for _ in 0..<3 { #expect(try await visitor.get(bench, "/auth").status == .ok) }
        }
        bench.pass(seconds: 86_400)
        #expect(try await visitor.get(bench, "/auth").status == .unauthorized)
    }

    @Test func `a remembered session ends at its very millisecond`() async throws {
        var visitor = try await remembered(bench)
        for _ in 0..<6 {
            bench.pass(seconds: 86_399)
            #expect(try await visitor.get(bench, "/auth").status == .ok)
        }
        // Seven days after the login, less ten seconds.
        bench.pass(seconds: 86_400 + 6 - 10)
        for _ in 0..<3 { #expect(try await visitor.get(bench, "/auth").status == .ok) }
        bench.pass(seconds: 9.998)
        #expect(try await visitor.get(bench, "/auth").status == .ok)
        bench.pass(seconds: 0.0015)
        #expect(try await visitor.get(bench, "/auth").status == .unauthorized, "the store rounds to milliseconds")
    }

    @Test func `with the clock set back, what is remembered is asked of the store`() async throws {
        var visitor = try await remembered(bench)
        bench.pass(seconds: -59)
        #expect(try await visitor.get(bench, "/auth").status == .ok)
        bench.pass(seconds: -10)
        #expect(try await visitor.get(bench, "/auth").status == .unauthorized, "it was opened in the future")
    }

    @Test func `a store that gives no stamps is asked each time`() async throws {
        let bench = Bench(store: PatientStore(MemoryStore(now: { Bench.start })))
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        for _ in 0..<5 { #expect(try await visitor.get(bench, "/auth").status == .ok) }
        #expect(hits(bench) == 0)
    }
}
