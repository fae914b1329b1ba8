import Foundation
import Testing
import Wire

@testable import Gateway

/// A browser, as far as cookies go.
struct Visitor {
    var cookies: [String: String] = [:]
    /// Where he comes from; nil as over a Unix socket.
    var address: String?

    mutating func get(_ bench: Bench, _ target: String, fields: [(FieldName, String)] = []) async throws -> Response {
        try await send(bench, .get, target, fields)
    }

    mutating func post(_ bench: Bench, _ target: String, fields: [(FieldName, String)] = []) async throws -> Response {
        try await send(bench, .post, target, fields)
    }

    private mutating func send(
        _ bench: Bench, _ method: Wire.Method, _ target: String, _ fields: [(FieldName, String)]
    ) async throws -> Response {
        var request = try Request(method: method, target: target, fields: header + fields)
        request.peer = address.flatMap { IPAddress($0) }
        let response = await bench.respond(request)
        keep(response)
        return response
    }

    private var header: [(FieldName, String)] {
        let line = cookies.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        return [(.host, "h5.example.com")] + (line.isEmpty ? [] : [(.cookie, line)])
    }

    private mutating func keep(_ response: Response) {
        for cookie in response.fields.values(.setCookie) {
            let pair = cookie.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if cookie.contains("Max-Age=0") {
                cookies[String(pair[0])] = nil
            } else {
                cookies[String(pair[0])] = String(pair[1])
            }
        }
    }

    /// Starts a login and returns the state with which WeChat will send the visitor back.
    mutating func start(_ bench: Bench, _ target: String = "/redirect?to=/orders") async throws -> String {
        let response = try await get(bench, target)
        return try #require(response.state, "the login did not start: \(response.status)")
    }

    /// A whole login.
    mutating func logIn(
        _ bench: Bench, as openID: String, _ target: String = "/redirect?to=/orders", account: String? = nil
    ) async throws -> Response {
        let state = try await start(bench, target)
        let code = "code\(UUID().uuidString.filter { $0 != "-" })"
        bench.weChat.expect(code: code, openID: openID)
        return try await get(bench, "/redirect\(account.map { "/\($0)" } ?? "")?code=\(code)&state=\(state)")
    }
}

extension Response {
    var location: String? { fields[.location] }

    /// The state of an authorise URL it redirects to.
    var state: String? {
        guard let location, location.hasPrefix("https://open.example.net/connect/oauth2/authorize?"),
            let range = location.range(of: "&state=")
        else { return nil }
        return String(location[range.upperBound...].prefix { $0 != "&" && $0 != "#" })
    }

    var text: String {
        if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    var errorCode: String? {
        struct Body: Decodable {
            struct Detail: Decodable { let code: String }
            let error: Detail
        }
        return try? JSONDecoder().decode(Body.self, from: Data(text.utf8)).error.code
    }
}
