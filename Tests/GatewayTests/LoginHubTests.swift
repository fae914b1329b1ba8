import Foundation
import Store
import Synchronization
import Testing
import WeChat
import Wire

@testable import Gateway

/// Visitors of other sites who log in here, and those who would like to be somebody else there.
struct LoginHubTests {
    private let bench = Bench(sites: [SiteBackend.shop.site, SiteBackend.club.site])
    private let shop = SiteBackend.shop
    private let club = SiteBackend.club
    private static let nonce = "nonce-of_the.browser~0123"

    /// A visitor at the site's door, with the ticket he got.
    private func ticket(
        _ visitor: inout Visitor, as openID: String = "oVisitor", for site: String = "shop", nonce: String? = nil
    ) async throws -> String {
        let response = try await visitor.logIn(
            bench, as: openID, "/redirect?site=\(site)&to=/cart" + (nonce.map { "&nonce=\($0)" } ?? ""))
        return try #require(response.ticket, "\(response.status) \(response.text)")
    }

    @Test func `a login for a site ends there with a ticket, which its backend trades for the identity`() async throws {
        var visitor = Visitor()
        let response = try await visitor.logIn(bench, as: "oVisitor", "/redirect?site=shop&to=/cart?id=1%23a")
        #expect(response.status == .found)
        let ticket = try #require(response.ticket)
        #expect(response.location == "https://shop.example.org/cart?id=1&magpie_ticket=\(ticket)#a")
        #expect(ticket.range(of: "^[A-Za-z0-9_-]{43}$", options: .regularExpression) != nil)
        #expect(response.fields[.cacheControl] == "no-store")
        #expect(response.fields[.referrerPolicy] == "no-referrer")
        #expect(visitor.cookies["__Host-magpie_session"] != nil)

        let session = try await visitor.get(bench, "/session").text
        let redeemed = try await shop.redeem(bench, ticket)
        #expect(redeemed.status == .ok)
        #expect(redeemed.text == session && session.contains(#""openid":"oVisitor""#))
        #expect(redeemed.fields[.cacheControl] == "no-store")
        #expect(redeemed.fields[.setCookie] == nil)
    }

    @Test func `a visitor who is signed in gets a ticket at once, without WeChat`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        let response = try await visitor.get(
            bench, "/redirect?site=club&to=https://club.example.net/a&nonce=\(Self.nonce)")
        let ticket = try #require(response.ticket)
        #expect(
            response.location == "https://club.example.net/a?magpie_ticket=\(ticket)&magpie_nonce=\(Self.nonce)")
        #expect(try await club.redeem(bench, ticket, nonce: Self.nonce).text.contains("oVisitor"))
        #expect(bench.weChat.exchanges == 1)
        // What he has not agreed to, he is asked.
        #expect(try await visitor.get(bench, "/redirect?site=club&to=/&scope=userinfo").state != nil)
    }

    @Test func `the ticket is of the account whose login it was`() async throws {
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oOfMain")
        let response = try await visitor.logIn(
            bench, as: "oOfSecond", "/redirect/second?site=shop&to=/cart", account: "second")
        let told = try await shop.redeem(bench, try #require(response.ticket)).text
        #expect(told.contains(#""account":"second""#) && told.contains("oOfSecond") && !told.contains("oOfMain"))
    }

    // MARK: - Where the visitor may go

    @Test(arguments: [
        "https://evil.example/", "https://club.example.net/", "https://h5.example.com/", "http://shop.example.org/",
        "https://shop.example.org.evil.example/", "https://shop.example.org:8443/",
        "https://shop.example.org@evil.example/",
        "https://evil.example%2Fshop.example.org/", "https://sub.shop.example.org/", "//evil.example/",
        "/%5Cevil.example", "https:evil.example", "javascript:alert(1)", "/a/../b", "/a/%252e%252e/b", "/a%0D%0Ab", "",
    ])
    func `no visitor is sent anywhere but to the site's own origin`(target: String) async throws {
        var stranger = Visitor()
        let refused = try await stranger.get(bench, "/redirect?site=shop&to=\(target)")
        #expect(refused.status == .badRequest && refused.errorCode == "target_refused")
        #expect(refused.location == nil && stranger.cookies.isEmpty)
        var visitor = Visitor()
        _ = try await visitor.logIn(bench, as: "oVisitor")
        #expect(try await visitor.get(bench, "/redirect?site=shop&to=\(target)").errorCode == "target_refused")
        #expect(try await bench.store.scan(namespace: LoginTickets.namespace, after: nil, limit: 1).isEmpty)
    }

    @Test(arguments: [
        "magpie_ticket=PLANTED", "a=1%26magpie_ticket=PLANTED", "magpie%255Fticket=PLANTED", "a=1;magpie_ticket=P",
        "magpie.ticket=PLANTED", "magpie%255Bticket=P", "MAGPIE_TICKET=P", "magpie%2Bticket=P",
        "a=%25ff%26magpie_ticket=P",
        "magpie_nonce=PLANTED",
    ])
    func `nobody plants a ticket of his own beside the visitor's`(query: String) async throws {
        var visitor = Visitor()
        let refused = try await visitor.get(bench, "/redirect?site=shop&to=/cart?\(query)")
        #expect(refused.errorCode == "target_refused" && visitor.cookies.isEmpty)
        // Elsewhere in the target it means nothing, nor does a query in another encoding than UTF-8.
        for harmless in ["/magpie_ticket", "/cart?a=%25C4%25E3", "/cart%23?magpie_ticket=1"] {
            #expect(try await visitor.get(bench, "/redirect?site=shop&to=\(harmless)").state != nil)
        }
    }

    @Test func `a site that is not configured gets no visitors`() async throws {
        var visitor = Visitor()
        for target in ["/redirect?site=gone&to=/", "/redirect?site=&to=/", "/redirect?site=https://evil.example&to=/"] {
            let response = try await visitor.get(bench, target)
            #expect(response.status == .notFound && response.errorCode == "unknown_site")
        }
        #expect(try await visitor.get(bench, "/redirect?site=shop&site=club").status == .badRequest)
        #expect(visitor.cookies.isEmpty)
        // Nor do tickets leave for our own pages.
        let own = try await visitor.logIn(bench, as: "oVisitor", "/redirect?to=/orders")
        #expect(own.location == "/orders")
    }

    @Test func `the site's page may be called like our login`() async throws {
        var visitor = Visitor()
        let response = try await visitor.logIn(bench, as: "oVisitor", "/redirect?site=shop&to=/redirect")
        #expect(response.location?.hasPrefix("https://shop.example.org/redirect?magpie_ticket=") == true)
    }

    // MARK: - Whose login it was

    @Test func `an attacker's ticket in a victim's browser does not log the victim in as the attacker`() async throws {
        let attackers = "attacker-nonce-0000000"
        for theirs in [attackers, nil] {
            var attacker = Visitor()
            let ticket = try await ticket(&attacker, as: "oAttacker", nonce: theirs)
            // The victim's browser comes with the attacker's URL and its own nonce.
            let refused = try await shop.redeem(bench, ticket, nonce: Self.nonce)
            #expect(refused.status == .forbidden && refused.errorCode == "nonce_mismatch")
            #expect(!refused.text.contains("oAttacker"))
            // And it was the last try.
            #expect(try await shop.redeem(bench, ticket, nonce: theirs).errorCode == "bad_ticket")
        }
    }

    @Test(arguments: ["", "nonce=", "nonce=NONCE-OF_THE.BROWSER~0123", "nonce=nonce-of_the.browser~012"])
    func `a ticket whose login had a nonce is worth nothing without it`(parameter: String) async throws {
        var visitor = Visitor()
        let ticket = try await ticket(&visitor, nonce: Self.nonce)
        let response = try await shop.send(
            bench, "ticket=\(ticket)&\(parameter)", "application/x-www-form-urlencoded", [shop.basic])
        #expect(response.errorCode == "nonce_mismatch")
    }

    @Test func `a letter that only looks the same is another nonce`() async throws {
        var visitor = Visitor()
        let ticket = try await ticket(&visitor, nonce: "KKKKKKKKKKKKKKKK")
        let kelvin = String(repeating: "%E2%84%AA", count: 16)
        #expect(try await shop.redeem(bench, ticket, nonce: kelvin).errorCode == "nonce_mismatch")
    }

    @Test(arguments: [
        "short-nonce-015", String(repeating: "n", count: 129), "", "with%20space-0123456", "a%26b%3Dc-0123456789",
        "%0D%0ASet-Cookie:a=b", "%23fragment-01234567", "%E4%B8%AD%E6%96%87%E4%B8%AD%E6%96%87%E4%B8%AD",
    ])
    func `a nonce that would need an escape, or is too short to be one, begins no login`(nonce: String) async throws {
        var visitor = Visitor()
        let response = try await visitor.get(bench, "/redirect?site=shop&to=/&nonce=\(nonce)")
        #expect(response.status == .badRequest && response.errorCode == "bad_parameter")
        #expect(visitor.cookies.isEmpty)
        #expect(try await visitor.get(bench, "/redirect?to=/&nonce=\(Self.nonce)").errorCode == "bad_parameter")
        let longest = String(repeating: "n", count: 128)
        #expect(try await visitor.get(bench, "/redirect?site=shop&to=/&nonce=\(longest)").state != nil)
    }

    @Test func `another site cannot redeem a ticket, nor spoil it`() async throws {
        var visitor = Visitor()
        let ticket = try await ticket(&visitor)
        let refused = try await club.redeem(bench, ticket)
        #expect(refused.status == .forbidden && refused.errorCode == "bad_ticket")
        #expect(!refused.text.contains("oVisitor"))
        #expect(try await shop.redeem(bench, ticket).status == .ok)
    }

    // MARK: - How often, and how long

    @Test func `a ticket is redeemed once, whoever comes second`() async throws {
        var visitor = Visitor()
        let ticket = try await ticket(&visitor)
        #expect(try await shop.redeem(bench, ticket).status == .ok)
        #expect(try await shop.redeem(bench, ticket).errorCode == "bad_ticket")
    }

    @Test func `of fifty who redeem a ticket at once, in two processes, one is told`() async throws {
        let clock = Bench.Clock()
        let store = PatientStore(MemoryStore(now: { clock.now }), delaying: LoginTickets.namespace)
        let processes = (0..<2).map { _ in Bench(store: store, sites: [shop.site], clock: clock) }
        for _ in 0..<5 {
            var visitor = Visitor()
            let login = try await visitor.logIn(processes[0], as: "oVisitor", "/redirect?site=shop&to=/")
            let ticket = try #require(login.ticket)
            let told = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<50 {
                    group.addTask { try await shop.redeem(processes[number % 2], ticket).status == .ok }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(told == 1)
        }
    }

    @Test func `a ticket is good for a minute`() async throws {
        var visitor = Visitor()
        let first = try await ticket(&visitor)
        bench.pass(seconds: 59)
        #expect(try await shop.redeem(bench, first).status == .ok)
        var other = Visitor()
        let second = try await ticket(&other)
        bench.pass(seconds: 60)
        #expect(try await shop.redeem(bench, second).errorCode == "bad_ticket")
    }

    @Test func `a ticket given out while the clock was ahead is no good when it is set right`() async throws {
        var visitor = Visitor()
        bench.pass(seconds: 86_400)
        let ticket = try await ticket(&visitor)
        bench.pass(seconds: -86_400)
        #expect(try await shop.redeem(bench, ticket).errorCode == "bad_ticket")
    }

    @Test func `a ticket ends with the session it comes from`() async throws {
        var visitor = Visitor()
        let ticket = try await ticket(&visitor)
        #expect(try await visitor.post(bench, "/logout").status == .noContent)
        #expect(try await shop.redeem(bench, ticket).errorCode == "bad_ticket")
    }

    @Test func `a reload of the callback gives another ticket while the session lives, and none after`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench, "/redirect?site=shop&to=/cart")
        bench.weChat.expect(code: "C", openID: "oVisitor")
        let first = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        let again = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        #expect(first.ticket != nil && again.ticket != nil && first.ticket != again.ticket)
        #expect(try await shop.redeem(bench, again.ticket ?? "").status == .ok)
        _ = try await visitor.post(bench, "/logout")
        let late = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        #expect(late.location == "https://shop.example.org/cart")
        #expect(bench.weChat.exchanges == 1)
    }

    @Test func `who refuses is sent back to the site without a ticket, and the site learns it`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench, "/redirect?site=shop&to=/cart&nonce=\(Self.nonce)")
        let response = try await visitor.get(bench, "/redirect?state=\(state)")
        #expect(
            response.location
                == "https://shop.example.org/cart?wechat_error=access_denied&magpie_nonce=\(Self.nonce)")
    }

    @Test func `the link to try again leads to the same site with the same nonce`() async throws {
        var visitor = Visitor()
        let state = try await visitor.start(bench, "/redirect?site=shop&to=/cart&nonce=\(Self.nonce)")
        bench.weChat.state.withLock { $0.standing["/sns/oauth2/access_token"] = .failure(.timedOut) }
        let failed = try await visitor.get(bench, "/redirect?code=C&state=\(state)")
        #expect(
            failed.text.contains(
                "/redirect?scope=base&site=shop&nonce=\(Self.nonce)&to=https%3A%2F%2Fshop.example.org%2Fcart"))
    }
}
