import Foundation
import HTTP
import Secure
import Store
import Synchronization
import Testing
import WeChat
import Wire

@testable import Gateway

struct AdminTests {
    let bench = Bench()

    private func admin(token: Secret? = nil, store: (any Store)? = nil) -> Router {
        let now: @Sendable () -> Date = { Date(timeIntervalSince1970: 1_760_000_000) }
        let readiness = Readiness(accounts: bench.accounts, store: store ?? bench.store, now: now)
        return Router(
            Routes.admin(
                Door(log: bench.log, metrics: bench.metrics),
                AdminRoutes(
                    accounts: bench.accounts, readiness: readiness, metrics: bench.metrics,
                    diagnosis: SignatureDiagnosis(accounts: bench.accounts), reloads: Reloads(loadedAt: now()),
                    startedAt: now(), now: now),
                guardedBy: AdminGuard(token: token, guesses: bench.rates.adminGuesses)))
    }

    private func get(_ router: Router, _ target: String, _ fields: [(FieldName, String)] = []) async throws -> Response
    {
        await router.respond(to: try Request(target: target, fields: fields))
    }

    private func post(_ router: Router, _ target: String, _ body: String, type: String = "application/json")
        async throws
        -> Response
    {
        await router.respond(
            to: try Request(method: .post, target: target, fields: [(.contentType, type)], body: Array(body.utf8)))
    }

    @Test func `with a token configured every address wants it, and takes no other`() async throws {
        let router = admin(token: Secret("ADMINTOKEN"))
        let paths = ["/health", "/ready", "/metrics", "/status", "/access-token"]
        for path in paths {
            let refused = try await get(router, path)
            #expect(refused.status == .unauthorized)
            #expect(refused.fields[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
            for wrong in ["Bearer ADMINTOKE", "Bearer ADMINTOKENN", "Basic ADMINTOKEN", "ADMINTOKEN", "Bearer "] {
                #expect(try await get(router, path, [(.authorization, wrong)]).status == .unauthorized)
            }
        }
        #expect(try await get(router, "/health", [(.authorization, "bearer ADMINTOKEN")]).status == .ok)
    }

    @Test func `who guesses at the token is soon told nothing more, not even that he found it`() async throws {
        let router = admin(token: Secret("ADMINTOKEN"))
        func ask(_ token: String, from peer: String) async throws -> Int {
            var request = try Request(target: "/health", fields: [(.authorization, "Bearer \(token)")])
            request.peer = IPAddress(peer)
            return await router.respond(to: request).status.code
        }
        for _ in 0..<100 { #expect(try await ask("ADMINTOKEN", from: "203.0.113.1") == 200) }
        for guess in 0..<60 { #expect(try await ask("GUESS\(guess)", from: "203.0.113.1") == 401) }
        #expect(try await ask("GUESS", from: "203.0.113.1") == 429)
        #expect(try await ask("ADMINTOKEN", from: "203.0.113.1") == 429)
        // The operator elsewhere, and on the machine itself, is not kept out by it.
        #expect(try await ask("ADMINTOKEN", from: "203.0.113.2") == 200)
        for _ in 0..<100 { #expect(try await ask("GUESS", from: "127.0.0.1") == 401) }
        #expect(try await ask("ADMINTOKEN", from: "127.0.0.1") == 200)
    }

    @Test func `a web page cannot talk to the admin listener, whatever its origin`() async throws {
        let router = admin()
        #expect(try await get(router, "/access-token", [(.origin, "http://127.0.0.1:8080")]).status == .forbidden)
        #expect(try await get(router, "/access-token", [(.secFetchSite, "cross-site")]).status == .forbidden)
        #expect(bench.weChat.count("/cgi-bin/stable_token") == 0)
    }

    @Test func `ready says what is missing, and becomes ready with the ticket`() async throws {
        let router = admin()
        let before = try await get(router, "/ready")
        #expect(before.status == .unavailable)
        #expect(before.text.contains("no ticket has been fetched yet"))
        for desk in bench.accounts.all { _ = try await desk.keeper.ticket() }
        #expect(try await get(router, "/ready").status == .ok)
    }

    @Test func `ready is not, while the store cannot be written`() async throws {
        for desk in bench.accounts.all { _ = try await desk.keeper.ticket() }
        let response = try await get(admin(store: BrokenStore()), "/ready")
        #expect(response.status == .unavailable)
        #expect(response.text.contains(#""name":"store","ready":false"#))
    }

    @Test func `a reported token is replaced once, and only if it is the current one`() async throws {
        let router = admin()
        #expect(try await get(router, "/access-token").text.contains(#""access_token":"ACCESS_TOKEN_CANARY""#))
        let stale = try await post(router, "/access-token/report", #"{"account":"main","token":"OLDER"}"#)
        #expect(stale.text.contains("ACCESS_TOKEN_CANARY"))
        #expect(bench.weChat.count("/cgi-bin/stable_token") == 1)
        _ = try await post(router, "/access-token/report", #"{"account":"main","token":"ACCESS_TOKEN_CANARY"}"#)
        #expect(bench.weChat.count("/cgi-bin/stable_token") == 2)
    }

    @Test func `status and metrics never show a credential`() async throws {
        let router = admin()
        for desk in bench.accounts.all { _ = try await desk.keeper.ticket() }
        for path in ["/status", "/metrics", "/ready", "/health"] {
            let text = try await get(router, path).text
            #expect(!text.isEmpty && !text.contains("CANARY"))
        }
    }

    @Test func `bodies that are not the JSON they should be are refused with the field's name`() async throws {
        let router = admin()
        let report = "/access-token/report"
        #expect(try await post(router, report, "{}", type: "text/plain").status == .unsupportedMediaType)
        #expect(try await post(router, report, #"{"account":"main"}"#).text.contains("token"))
        #expect(try await post(router, report, "garbage").status == .badRequest)
        #expect(try await post(router, "/diagnose/signature", #"{"appId":7}"#).text.contains("appId"))
    }

    struct Diagnosis: Decodable {
        struct Finding: Decodable { let code: String }
        let verdict: String
        let mistakes: [Finding]
        let next: [Finding]
    }

    private func diagnose(
        signed: String, shown: String = "https://m.example.com/p/1?from=singlemessage&isappinstalled=0",
        ticket: String = "TICKET_CANARY", timestamp: String = "1760000000", nonceName: String = "noncestr",
        appID: String = "wx0000000000000001", real: [String] = []
    ) async throws -> Diagnosis {
        for desk in bench.accounts.all { _ = try await desk.keeper.ticket() }
        let text = "jsapi_ticket=\(ticket)&\(nonceName)=NONCE&timestamp=\(timestamp)&url=\(signed)"
        let body = try JSONSerialization.data(withJSONObject: [
            "appId": appID, "timestamp": timestamp, "nonceStr": "NONCE", "url": shown, "realAuthUrl": real,
            "signature": hex(Digest.sha1(Array(text.utf8))),
        ])
        let response = try await post(admin(), "/diagnose/signature", String(decoding: body, as: UTF8.self))
        #expect(!response.text.contains("CANARY"))
        return try JSONDecoder().decode(Diagnosis.self, from: Data(response.text.utf8))
    }

    private static let page = "https://m.example.com/p/1?from=singlemessage&isappinstalled=0"

    @Test(arguments: [
        (page + "#/detail", page + "#/detail", "fragment_signed"),
        ("http://m.example.com/p/1?from=singlemessage&isappinstalled=0", page, "other_scheme"),
        ("https://m.example.com/p/1", page, "query_dropped"),
        ("https%3A%2F%2Fm.example.com%2Fp%2F1%3Ffrom%3Dsinglemessage%26isappinstalled%3D0", page, "encoded_once_more"),
        ("https://m.example.com:443/p/1?from=singlemessage&isappinstalled=0", page, "port_added"),
        ("https://m.example.com/p/1?from=singlemessage&amp;isappinstalled=0", page, "ampersand_escaped"),
        (page + "\n", page, "line_break"),
        ("https://m.example.com", "https://m.example.com/", "trailing_slash"),
        ("https://m.example.com/商品?q=鞋", "https://m.example.com/%E5%95%86%E5%93%81?q=%E9%9E%8B", "decoded"),
    ])
    func `each usual mistake in the signed URL is named`(signed: String, shown: String, code: String) async throws {
        let diagnosis = try await diagnose(signed: signed, shown: shown)
        #expect(diagnosis.verdict == "explained")
        #expect(diagnosis.mistakes.map(\.code) == [code])
    }

    @Test func `mistakes around the URL are named, too`() async throws {
        let page = Self.page
        #expect(try await diagnose(signed: page).verdict == "valid")
        #expect(try await diagnose(signed: page, nonceName: "nonceStr").mistakes.map(\.code) == ["parameter_name"])
        #expect(try await diagnose(signed: page, timestamp: "1760000000000").mistakes.map(\.code) == ["milliseconds"])
        let entry = try await diagnose(signed: "https://m.example.com/entry", real: ["https://m.example.com/entry"])
        #expect(entry.mistakes.map(\.code) == ["other_page_signed"])
        let unknown = try await diagnose(signed: page, ticket: "SOMEBODY_ELSES")
        #expect(unknown.verdict == "unexplained" && unknown.mistakes.isEmpty && !unknown.next.isEmpty)
        let stranger = try await diagnose(signed: page, appID: "wxffffffffffffffff")
        #expect(stranger.mistakes.map(\.code) == ["unknown_app_id", "other_account"])
    }
}

/// A store whose disk is gone.
private struct BrokenStore: Store {
    func read(_ key: Key) async throws(StoreError) -> Record? { throw .io(errno: 5) }
    func commit(_ changes: [Change], if conditions: [Condition]) async throws(StoreError) -> Bool { throw .full }
    func scan(
        namespace: String, after: String?, limit: Int
    ) async throws(StoreError) -> [(name: String, record: Record)] { throw .io(errno: 5) }
    func sweep() async throws(StoreError) -> Int { throw .io(errno: 5) }
}
