import HTTP
import Reactor
import Store
import TestSupport
import Testing
import WeChat
import Wire

@testable import Gateway

/// The exchange of a code over the real client, which nobody waits for in a task: as a server has it done.
struct LoginExchangeTests {
    private static let path = "/sns/oauth2/access_token"
    private static let grant =
        #"{"access_token":"A","expires_in":7200,"refresh_token":"R","openid":"oVisitor","scope":"snsapi_base"}"#

    private let platform = FakePlatform()

    private func withBench(
        store: (any Store)? = nil, _ body: @escaping @Sendable (Bench) async throws -> Void
    ) async throws {
        let api = try WebURL("http://127.0.0.1:\(platform.port)")
        try await LoopGroup.running { group in
            let client = try Client(group: group)
            try await body(
                Bench(store: store, fetcher: { ClientFetcher(client: client, api: api, metrics: $0) }))
        }
    }

    private static func callback(_ bench: Bench) async throws -> (visitor: Visitor, response: Response) {
        var visitor = Visitor()
        let state = try await visitor.start(bench)
        let response = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        return (visitor, response)
    }

    @Test func `a login ends in a session, and its call is measured`() async throws {
        platform.script(Self.path, .body(Self.grant))
        try await withBench { bench in
            var (visitor, response) = try await Self.callback(bench)
            #expect(response.location == "/orders")
            #expect(try await visitor.get(bench, "/session").text.contains(#""openid":"oVisitor""#))
            let figures = String(decoding: bench.metrics.exposition(), as: UTF8.self)
            #expect(figures.contains("magpie_upstream_call_duration_seconds_count{path=\"\(Self.path)\"} 1\n"))
        }
        #expect(platform.exchanges == 1)
    }

    @Test func `a code that WeChat refuses starts the login over`() async throws {
        platform.script(Self.path, .errcode(40_029))
        try await withBench { bench in
            let (_, response) = try await Self.callback(bench)
            #expect(response.state != nil)
        }
        #expect(platform.exchanges == 1)
    }

    @Test func `an exchange that is cut off is not repeated, and the visitor may try again`() async throws {
        platform.always(Self.path, .reset)
        try await withBench { bench in
            let (_, response) = try await Self.callback(bench)
            #expect(response.status == .unavailable)
            #expect(response.fields[.cacheControl] == "no-store")
        }
        #expect(platform.exchanges == 1)
    }

    @Test func `a store that fails once the code is spent is counted as such`() async throws {
        platform.script(Self.path, .body(Self.grant))
        let store = InterruptedStore()
        store.beforeNextSession { () throws(StoreError) in throw .full }
        try await withBench(store: store) { bench in
            let (_, response) = try await Self.callback(bench)
            #expect(response.errorCode == "store_unavailable")
            #expect(bench.metrics.logins["main", Metrics.LoginOutcome.storeFailed.rawValue].value == 1)
        }
    }
}
