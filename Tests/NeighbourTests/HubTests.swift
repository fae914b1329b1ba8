import Foundation
import Glibc
import TestSupport
import Testing

extension NeighbourTests {
    /// The site of `Examples/hub`, whose visitors log in at a Magpie elsewhere.
    @Suite struct HubTests {
        private static let secret = "secret-of-the-shop-0123456789abcdef"

        @Test(.needs(.python3))
        func `a site with a login hub knows its visitors, and takes nobody for another`() throws {
            let platform = FakePlatform()
            let port = FreePort.take()
            let origin = "http://127.0.0.1:\(port)"
            var settings = MagpieHome.Settings()
            settings.further = #"sites: [{ name: "shop", origin: "\#(origin)", secret: "\#(Self.secret)" }]"#
            let home = MagpieHome(platform, settings)
            let magpie = try home.start()
            let folder = makeTemporaryDirectory()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let site = try ChildProcess(
                Tool.python3.found(), ["\(MagpieProcess.repository)/Examples/hub/server.py"], in: folder, name: "site",
                environment: ["MAGPIE": home.origin, "SITE_SECRET": Self.secret, "ORIGIN": origin, "PORT": "\(port)"])
            var customer = RawVisitor(port: port, host: "127.0.0.1:\(port)")
            let isUp = eventually(seconds: 30) { !site.isRunning || (try? customer.get("/")) != nil }
            try #require(isUp && site.isRunning, "\(site.output)\n\(site.errors)")

            // The browser is one, with a jar for each of the two.
            #expect(try customer.get("/cart?id=1").status == 401)
            let page = [("Accept", "text/html,*/*")]
            let sent = try customer.get("/cart?id=1", page)
            let login = try #require(sent["location"])
            #expect(login.hasPrefix("\(home.origin)/redirect?site=shop&to=%2Fcart%3Fid%3D1&nonce="))
            #expect(customer.cookies["shop_browser"].map { !login.contains($0) } == true)
            var browser = home.visitor()
            let way = try #require(RawVisitor.path(of: login))
            let back = try browser.logIn(platform, as: "oHubCustomer00000000000000001", way)
            let arrival = try #require(back["location"])
            #expect(arrival.hasPrefix("\(origin)/cart?id=1&magpie_ticket="))
            let entry = try #require(RawVisitor.path(of: arrival))
            let entered = try customer.get(entry, page)
            #expect(entered.status == 302 && entered["location"] == "/cart?id=1", "\(entered.text)\n\(site.errors)")
            // The next login has a nonce of its own.
            #expect(customer.cookies["shop_browser"] == nil && customer.cookies["shop_session"] != nil)
            #expect(entered["referrer-policy"] == "no-referrer" && entered["cache-control"] == "no-store")
            #expect(try customer.get("/cart?id=1").json["hello"] as? String == "oHubCustomer00000000000000001")

            // The same URL again: he stays who he is, and nobody else becomes him.
            #expect(try customer.get(entry, page)["location"] == "/cart?id=1")
            var thief = RawVisitor(port: port, host: "127.0.0.1:\(port)")
            try thief.get("/", page)
            let fresh = try #require(try browser.get(way)["location"])
            for url in [entry, try #require(RawVisitor.path(of: fresh))] {
                #expect(try thief.get(url, page).status == 403)
                #expect(try thief.get("/cart").status == 401)
            }
            // No address makes a field of its own, or leads elsewhere.
            let unknown = "?magpie_ticket=\(String(repeating: "A", count: 43))"
            for path in ["/%5Cevil.example/", "/%09/evil.example/", "/%0D%0AX-Forged%3A%201"] {
                let split = try customer.get(path + unknown, page)
                #expect(split.status == 302 && split["location"] == path && split["x-forged"] == nil, "\(split.text)")
            }
            // He who says no learns why he is not in.
            #expect(try thief.get("/cart?wechat_error=access_denied", page).status == 403)

            #expect(try magpie.stop() == .exited(0))
            #expect(try thief.get("/cart?magpie_ticket=\(String(repeating: "A", count: 43))", page).status == 503)
            #expect(try customer.get("/cart").status == 200)
            site.signal(SIGTERM)
            try site.wait()
        }
    }
}
