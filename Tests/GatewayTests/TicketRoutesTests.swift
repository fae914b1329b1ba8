import Foundation
import Secure
import Store
import Testing
import Wire

@testable import Gateway

/// Who may redeem tickets, and what is kept and told of them.
struct TicketRoutesTests {
    private let bench = Bench(sites: [SiteBackend.shop.site, SiteBackend.club.site])
    private let shop = SiteBackend.shop

    private func ticket(_ bench: Bench, nonce: String? = nil) async throws -> String {
        var visitor = Visitor()
        let target = "/redirect?site=shop&to=/cart" + (nonce.map { "&nonce=\($0)" } ?? "")
        return try #require(try await visitor.logIn(bench, as: "oTicketVisitor", target).ticket)
    }

    @Test(arguments: [
        [], ["Basic"], ["Basic !"], ["Bearer \(SiteBackend.shop.secret)"], ["Basic \(base64(SiteBackend.shop.secret))"],
        ["Basic \(base64("shop:"))"], ["Basic \(base64("shop:\(SiteBackend.shop.secret)x"))"],
        ["Basic \(base64("shop:\(SiteBackend.shop.secret.dropLast())"))"],
        ["Basic \(base64("shop:\(SiteBackend.club.secret)"))"], ["Basic \(base64("gone:\(SiteBackend.shop.secret)"))"],
        ["Basic \(base64(":\(SiteBackend.shop.secret)"))"], [SiteBackend.shop.basic.1, SiteBackend.shop.basic.1],
    ])
    func `without the site's own name and secret nobody is told anything`(_ authorization: [String]) async throws {
        let ticket = try await ticket(bench)
        let response = try await shop.send(
            bench, "ticket=\(ticket)", "application/x-www-form-urlencoded",
            authorization.map { (.authorization, $0) })
        #expect(response.status == .unauthorized && response.errorCode == "unauthorized")
        #expect(response.fields[.wwwAuthenticate] == "Basic realm=\"magpie\"")
        #expect(try await shop.redeem(bench, ticket).status == .ok)
    }

    @Test func `a site whose secret was left out is nobody, least of all with an empty one`() async throws {
        let bare = SiteBackend(name: "shop", origin: shop.origin, secret: "")
        let bench = Bench(sites: [bare.site])
        let ticket = try await ticket(bench)
        #expect(try await bare.redeem(bench, ticket).status == .unauthorized)
    }

    @Test func `who guesses at a secret is soon told nothing more, not even that he found it`() async throws {
        var thief = SiteBackend(name: "shop", origin: shop.origin, secret: "", address: "203.0.113.1")
        for guess in 0..<60 {
            thief.secret = "guess-\(guess)"
            #expect(try await thief.redeem(bench, "T").status == .unauthorized)
        }
        let ticket = try await ticket(bench)
        thief.secret = shop.secret
        #expect(try await thief.redeem(bench, ticket).status == .tooManyRequests)
        // The site itself is elsewhere, and however many tickets its visitors make up, it is never refused.
        var site = shop
        site.address = "203.0.113.2"
        for _ in 0..<100 { #expect(try await site.redeem(bench, "made-up").errorCode == "bad_ticket") }
        #expect(try await site.redeem(bench, ticket).status == .ok)
    }

    @Test func `a page cannot redeem, even with the secret`() async throws {
        let ticket = try await ticket(bench)
        let response = try await shop.send(
            bench, "ticket=\(ticket)", "application/x-www-form-urlencoded",
            [shop.basic, (.origin, "https://shop.example.org")])
        #expect(response.status == .forbidden && response.errorCode == "foreign_origin")
        #expect(response.text.contains("This address is for programs"))
        #expect(response.fields["Access-Control-Allow-Origin"] == nil)
    }

    @Test func `a ticket comes as a form or as JSON, once`() async throws {
        let form = "application/x-www-form-urlencoded"
        func send(_ body: String, _ type: String) async throws -> Response {
            try await shop.send(bench, body, type, [shop.basic])
        }
        let nonce = "nonce-0123456789"
        let ticket = try await ticket(bench, nonce: nonce)
        #expect(try await send("ticket=\(ticket)", "text/plain").status == .unsupportedMediaType)
        #expect(try await send("", form).errorCode == "missing_parameter")
        #expect(try await send("ticket=\(ticket)&ticket=\(ticket)", form).status == .badRequest)
        #expect(try await send("ticket=\(ticket)&nonce=\(nonce)&nonce=\(nonce)", form).status == .badRequest)
        #expect(try await send("ticket=%zz", form).status == .badRequest)
        for body in ["", "{}", "[]", #"{"ticket":7}"#, #"{"ticket":"\#(ticket)","nonce":7}"#] {
            #expect(try await send(body, "application/json").errorCode == "bad_parameter")
        }
        // None of that has spent it.
        let json = #"{"ticket":"\#(ticket)","nonce":"\#(nonce)"}"#
        #expect(try await send(json, "Application/JSON ; charset=utf-8").status == .ok)
    }

    // MARK: - After a reload

    @Test func `a site that a reload has removed gets neither visitors nor identities`() async throws {
        let (store, clock) = memory()
        let before = Bench(store: store, sites: [shop.site], clock: clock)
        let after = Bench(store: store, sites: [SiteBackend.club.site], clock: clock)
        let ticket = try await ticket(before)
        #expect(try await shop.redeem(after, ticket).status == .unauthorized)
        #expect(try await SiteBackend.club.redeem(after, ticket).errorCode == "bad_ticket")

        var visitor = Visitor()
        let state = try await visitor.start(before, "/redirect?site=shop&to=/cart")
        after.weChat.expect(code: "C", openID: "oVisitor")
        let response = try await visitor.get(after, "/redirect?code=C&state=\(state)")
        #expect(response.status == .notFound && response.errorCode == "unknown_site")
        #expect(response.location == nil)
    }

    @Test func `a name that a reload has given to another origin gets nothing of the former one`() async throws {
        let (store, clock) = memory()
        var moved = shop
        moved.origin = "https://other.example.org"
        let before = Bench(store: store, sites: [shop.site], clock: clock)
        let after = Bench(store: store, sites: [moved.site], clock: clock)
        let ticket = try await ticket(before)
        #expect(try await moved.redeem(after, ticket).errorCode == "bad_ticket")
        var visitor = Visitor()
        let state = try await visitor.start(before, "/redirect?site=shop&to=/cart")
        after.weChat.expect(code: "C", openID: "oVisitor")
        #expect(try await visitor.get(after, "/redirect?code=C&state=\(state)").errorCode == "target_refused")
    }

    @Test func `a new secret holds from the reload on, and the old one no longer`() async throws {
        let (store, clock) = memory()
        var renewed = shop
        renewed.secret = "another-secret-0123456789abcdef-0123"
        let before = Bench(store: store, sites: [shop.site], clock: clock)
        let after = Bench(store: store, sites: [renewed.site], clock: clock)
        let ticket = try await ticket(before)
        #expect(try await shop.redeem(after, ticket).status == .unauthorized)
        #expect(try await renewed.redeem(after, ticket).status == .ok)
    }

    private func memory() -> (MemoryStore, Bench.Clock) {
        let clock = Bench.Clock()
        return (MemoryStore(now: { clock.now }), clock)
    }

    // MARK: - What is kept and told

    @Test func `the store knows a ticket by its digest, and nothing of what it stands for`() async throws {
        let ticket = try await ticket(bench, nonce: "nonce-0123456789")
        let rows = try await bench.store.scan(namespace: LoginTickets.namespace, after: nil, limit: 10)
        #expect(rows.map(\.name) == [hex(Digest.sha256(Array(ticket.utf8)))])
        let value = String(decoding: rows[0].record.value, as: UTF8.self)
        for secret in [ticket, "oTicketVisitor", "shop", "nonce", "main"] { #expect(!value.contains(secret)) }
        #expect(try await shop.redeem(bench, ticket, nonce: "nonce-0123456789").status == .ok)
        #expect(try await bench.store.scan(namespace: LoginTickets.namespace, after: nil, limit: 1).isEmpty)
    }

    /// With a finder of a ticket in some log, and of the store in a backup, in mind.
    @Test func `a ticket does not hold the visitor's session, only who he is`() async throws {
        var visitor = Visitor()
        let response = try await visitor.logIn(bench, as: "oTicketVisitor", "/redirect?site=shop&to=/cart")
        let ticket = try #require(LoginTicket(response.ticket ?? ""))
        let row = try #require(try await bench.store.read(Key(namespace: "ticket", name: ticket.storeName)))
        let content = String(decoding: try #require(ticket.open(row.value)), as: UTF8.self)
        let session = try #require(visitor.cookies["__Host-magpie_session"])
        #expect(content.contains("oTicketVisitor") && !content.contains(session) && !content.contains("CANARY"))
    }

    @Test func `no log line and no figure tells a ticket, a nonce, a secret or who redeemed for whom`() async throws {
        let nonce = "nonce-CANARY-0123456789"
        let tickets = [
            try await ticket(bench, nonce: nonce), try await ticket(bench, nonce: nonce), try await ticket(bench),
        ]
        _ = try await shop.redeem(bench, tickets[0], nonce: nonce)
        _ = try await shop.redeem(bench, tickets[1])
        _ = try await SiteBackend.club.redeem(bench, tickets[2])
        _ = try await SiteBackend(name: "shop", origin: shop.origin, secret: "wrong-CANARY").redeem(bench, tickets[2])
        _ = try await shop.send(bench, "", "text/plain", [shop.basic])
        _ = try await shop.redeem(bench, "made-up-CANARY")
        let figures = String(decoding: bench.metrics.exposition(), as: UTF8.self)
        for text in [bench.logText, figures] {
            #expect(!text.isEmpty && !text.contains("CANARY") && !text.contains("oTicketVisitor"))
            for ticket in tickets { #expect(!text.contains(ticket)) }
        }
        #expect(bench.logText.contains(#""event":"ticket","outcome":"redeemed","site":"shop""#))
        let counted = [
            ("issued", 3), ("redeemed", 1), ("unknown", 1), ("other_site", 1), ("other_nonce", 1),
            ("session_ended", 0), ("unauthorized", 1), ("bad_request", 1), ("foreign_origin", 0),
        ]
        for (outcome, count) in counted {
            #expect(figures.contains("magpie_login_tickets_total{outcome=\"\(outcome)\"} \(count)\n"), "\(outcome)")
        }
    }

    @Test func `tickets for those who are signed in count as logins begun, so that they cannot fill the store`()
        async throws
    {
        var limits = Gateway.Configuration.Limits()
        limits.logins = 10
        let bench = Bench(limits: limits, sites: [shop.site])
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        for _ in 0..<20 { _ = try await visitor.get(bench, "/redirect?site=shop&to=/") }
        #expect(try await visitor.get(bench, "/redirect?site=shop&to=/").errorCode == "too_many_logins")
        #expect(try await bench.store.scan(namespace: LoginTickets.namespace, after: nil, limit: 50).count == 9)
        #expect(try await visitor.get(bench, "/redirect?to=/orders").location == "/orders")
    }
}

private func base64(_ text: String) -> String {
    Data(text.utf8).base64EncodedString()
}
