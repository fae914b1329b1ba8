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
        bench.admin(token: token, store: store)
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
        let paths = ["/health", "/ready", "/metrics", "/status", "/sessions", "/access-token"]
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

    @Test func `a browser asks its person for the token, which opens what only reads`() async throws {
        let router = admin(token: Secret("ADMINTOKEN"))
        let page: [(FieldName, String)] = [(.accept, "text/html"), (.secFetchMode, "navigate")]
        let asked = try await get(router, "/status", page)
        #expect(asked.status == .unauthorized)
        #expect(asked.fields[.wwwAuthenticate] == #"Basic realm="magpie""#)
        func basic(_ pair: String) -> (FieldName, String) {
            (.authorization, "Basic \(Data(pair.utf8).base64EncodedString())")
        }
        for pair in ["me:ADMINTOKEN", ":ADMINTOKEN"] {
            #expect(try await get(router, "/status", page + [basic(pair)]).status == .ok)
        }
        for pair in ["ADMINTOKEN", "ADMINTOKEN:", "me:ADMINTOKEN ", "me:x:ADMINTOKEN", ""] {
            #expect(try await get(router, "/status", page + [basic(pair)]).status == .unauthorized)
        }
        // A browser sends it along with whatever a page makes it send.
        let revocation = try Request(
            method: .post, target: "/sessions/revoke",
            fields: [basic("me:ADMINTOKEN"), (.contentType, "application/json")],
            body: Array(#"{"openid":"o"}"#.utf8))
        #expect(await router.respond(to: revocation).status == .unauthorized)
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
        for field in [(FieldName.origin, "http://127.0.0.1:8080"), (.secFetchSite, "cross-site")] {
            let refused = try await get(router, "/access-token", [field])
            #expect(refused.status == .forbidden && refused.text.contains("This address is for programs"))
        }
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
            let page = try await get(router, path, [(.accept, "text/html")]).text
            #expect(!page.isEmpty && !page.contains("CANARY"))
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

    @Test func `a signature is compared with every account's tickets, as long as they are remembered`() async throws {
        for desk in bench.accounts.all { _ = try await desk.keeper.ticket() }
        let page = "https://m.example.com/p"
        func diagnose(ticket: String, account: Int) async throws -> SignatureReport {
            let text = "jsapi_ticket=\(ticket)&noncestr=NONCE&timestamp=1760000000&url=\(page)"
            let evidence = SignatureEvidence(
                appId: "wx000000000000000\(account)", timestamp: "1760000000", nonceStr: "NONCE",
                signature: hex(Digest.sha1(Array(text.utf8))), url: page)
            let body = String(decoding: try JSONEncoder().encode(evidence), as: UTF8.self)
            let response = try await post(admin(), "/diagnose/signature", body)
            #expect(!response.text.contains("CANARY"))
            return try JSONDecoder().decode(SignatureReport.self, from: Data(response.text.utf8))
        }
        #expect(try await diagnose(ticket: "TICKET_CANARY", account: 1).verdict == .valid)
        #expect(try await diagnose(ticket: "SOMEBODY_ELSES", account: 1).verdict == .unexplained)
        let token = try await diagnose(ticket: "ACCESS_TOKEN_CANARY", account: 1)
        #expect(token.mistakes.map(\.code) == ["access_token_signed"])

        // The first account's ticket is replaced; the second has the former one still.
        bench.weChat.state.withLock {
            $0.script["/cgi-bin/ticket/getticket"] = [
                #"{"errcode":0,"errmsg":"ok","ticket":"NEW_TICKET_CANARY","expires_in":7200}"#
            ]
        }
        bench.pass(seconds: 60)
        _ = try await bench.accounts.all[0].keeper.revalidateTicket()
        let former = try await diagnose(ticket: "TICKET_CANARY", account: 1)
        #expect(former.mistakes.map(\.code) == ["previous_ticket"])
        let stranger = try await diagnose(ticket: "NEW_TICKET_CANARY", account: 2)
        #expect(stranger.mistakes.map(\.code) == ["other_account"])
        #expect(stranger.mistakes[0].english.contains("\"main\""))
        // When no ticket can be had any more, the expired one is still known.
        bench.pass(seconds: 7_200)
        let late = try await diagnose(ticket: "TICKET_CANARY", account: 2)
        #expect(late.mistakes.map(\.code) == ["expired_ticket"])
    }

    @Test func `evidence that no page can have is refused`() async throws {
        let long = String(repeating: "a", count: 5_000)
        let body = #"{"appId":"wx","timestamp":1,"nonceStr":"n","signature":"s","url":"\#(long)"}"#
        #expect(try await post(admin(), "/diagnose/signature", body).status == .badRequest)
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
