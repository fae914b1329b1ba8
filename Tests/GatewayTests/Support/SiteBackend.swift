import Foundation
import Secure
import Testing
import Wire

@testable import Gateway

/// The backend of another site, which redeems tickets.
struct SiteBackend {
    let name: String
    var origin: String
    var secret: String
    /// Where it calls from; nil as over a Unix socket.
    var address: String?

    static let shop = SiteBackend(
        name: "shop", origin: "https://shop.example.org", secret: "SHOPSECRET_CANARY_0123456789abcdef")
    static let club = SiteBackend(
        name: "club", origin: "https://club.example.net", secret: "CLUBSECRET_CANARY_0123456789abcdef")

    var site: Gateway.Configuration.Site {
        .init(name: name, origin: certain { try Origin(checking: origin) }, secret: Secret(secret))
    }

    var basic: (FieldName, String) {
        (.authorization, "Basic \(Data("\(name):\(secret)".utf8).base64EncodedString())")
    }

    func redeem(_ bench: Bench, _ ticket: String, nonce: String? = nil) async throws -> Response {
        try await send(
            bench, "ticket=\(ticket)" + (nonce.map { "&nonce=\($0)" } ?? ""), "application/x-www-form-urlencoded",
            [basic])
    }

    func send(
        _ bench: Bench, _ body: String, _ type: String, _ fields: [(FieldName, String)]
    ) async throws -> Response {
        var request = try Request(
            method: .post, target: "/tickets/redeem",
            fields: [(.host, "h5.example.com"), (.contentType, type)] + fields, body: Array(body.utf8))
        request.peer = address.flatMap { IPAddress($0) }
        return await bench.respond(request)
    }
}

extension Response {
    /// A parameter of the address it redirects to.
    func parameter(_ name: String) -> String? {
        location.flatMap { URLComponents(string: $0)?.queryItems?.first { $0.name == name }?.value }
    }

    var ticket: String? { parameter("magpie_ticket") }
}
