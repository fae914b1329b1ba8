import HTTP
import Synchronization
import Wire

@testable import Sandbox

/// A sandbox whose clock and randomness belong to the test, spoken to in values.
final class SandboxBench: Sendable {
    let sandbox: Simulator
    let pauses: Pauses

    final class Pauses: Sendable {
        private let taken = Mutex<[Int]>([])
        var all: [Int] { taken.withLock { $0 } }
        func take(_ milliseconds: Int) { taken.withLock { $0.append(milliseconds) } }
    }

    /// 2023-11-14 22:13:20 UTC, 06:13 in China.
    static let start = 1_700_000_000

    init(_ knobs: Knobs = Knobs(), accounts: [Account] = [.sample, .sampleWebsite]) {
        let shared = Shared()
        let pauses = Pauses()
        sandbox = Simulator(
            configuration: Configuration(
                accounts: accounts, knobs: knobs, clock: { shared.now.withLock { $0 } }, entropy: .counting()),
            pause: { pauses.take($0) })
        self.pauses = pauses
        self.shared = shared
    }

    private final class Shared: Sendable {
        let now = Mutex(SandboxBench.start)
    }
    private let shared: Shared

    func advance(_ seconds: Int) { shared.now.withLock { $0 += seconds } }

    func send(
        _ method: Wire.Method = .get, _ target: String, fields: [(FieldName, String)] = [], body: String = "",
        from peer: String = "127.0.0.1"
    ) async throws -> Answer {
        var request = try Request(
            method: method, target: target, fields: [(.host, "127.0.0.1:8090")] + fields, body: Array(body.utf8))
        request.peer = IPAddress(peer)
        return Answer(await sandbox.responder.respond(to: request))
    }

    func control(_ path: String, _ body: JSONValue) async throws -> Answer {
        try await send(
            .post, "/_sandbox/\(path)", fields: [(.contentType, "application/json")],
            body: String(decoding: body.bytes, as: UTF8.self))
    }

    // MARK: - The usual calls

    var account: Account { sandbox.defaultAccount }

    func token() async throws -> Answer {
        try await send(
            .get, "/cgi-bin/token?grant_type=client_credential&appid=\(account.appID)&secret=\(account.appSecret)")
    }

    func stableToken(force: Bool = false) async throws -> Answer {
        let body: JSONValue = [
            "grant_type": "client_credential", "appid": .text(account.appID), "secret": .text(account.appSecret),
            "force_refresh": .flag(force),
        ]
        return try await send(.post, "/cgi-bin/stable_token", body: String(decoding: body.bytes, as: UTF8.self))
    }

    func ticket(_ token: String, type: String = "jsapi") async throws -> Answer {
        try await send(.get, "/cgi-bin/ticket/getticket?access_token=\(token)&type=\(type)")
    }

    func newTicket() async throws -> String {
        let token = try await token()
        return try await ticket(token["access_token"]?.string ?? "")["ticket"]?.string ?? ""
    }

    /// A code for a person, by way of the consent page's form.
    func code(
        _ user: String = "plain", scope: String = "snsapi_userinfo", website: Bool = false, extra: String = ""
    ) async throws -> String {
        let answer = try await decide(user, scope: scope, website: website, extra: extra)
        return PageURLParts.parameter("code", of: answer.response.fields[.location] ?? "") ?? ""
    }

    func decide(
        _ user: String = "plain", scope: String = "snsapi_userinfo", website: Bool = false, extra: String = "",
        decision: String = "allow"
    ) async throws -> Answer {
        let account = sandbox.accounts[website ? 1 : 0]
        let link = Self.link(account, scope: scope) + extra
        let path = website ? "/connect/qrconnect/decide" : "/connect/oauth2/authorize/decide"
        return try await send(
            .post, path, fields: [(.contentType, "application/x-www-form-urlencoded")],
            body: "link=\(PercentCoding.encodeComponent(link))&user=\(user)&decision=\(decision)")
    }

    static func link(
        _ account: Account, scope: String = "snsapi_userinfo", redirect: String = "http://127.0.0.1:8080/redirect",
        state: String = "abc123"
    ) -> String {
        "appid=\(account.appID)&redirect_uri=\(PercentCoding.encodeComponent(redirect))&response_type=code"
            + "&scope=\(scope)&state=\(state)"
    }

    func exchange(_ code: String, website: Bool = false) async throws -> Answer {
        let account = sandbox.accounts[website ? 1 : 0]
        return try await send(
            .get,
            "/sns/oauth2/access_token?appid=\(account.appID)&secret=\(account.appSecret)&code=\(code)"
                + "&grant_type=authorization_code")
    }

    func profile(_ grant: Answer) async throws -> Answer {
        try await send(
            .get,
            "/sns/userinfo?access_token=\(grant["access_token"]?.string ?? "")&openid=\(grant["openid"]?.string ?? "")"
                + "&lang=zh_CN")
    }
}

/// A response with its body read as JSON where it is JSON.
struct Answer {
    let response: Response

    init(_ response: Response) { self.response = response }

    var status: Int { response.status.code }
    var bytes: [UInt8] { if case .bytes(let bytes) = response.body { bytes } else { [] } }
    var text: String { String(decoding: bytes, as: UTF8.self) }
    var location: String { response.fields[.location] ?? "" }
    var json: JSONValue? { JSONValue(parsing: bytes) }
    var errcode: Int? { self["errcode"]?.integer }
    var errmsg: String { self["errmsg"]?.string ?? "" }
    var isReset: Bool { if case .abort = response.body { true } else { false } }

    subscript(name: String) -> JSONValue? {
        if case .object(let members) = json { members[name] } else { nil }
    }
}

enum PageURLParts {
    static func parameter(_ name: String, of url: String) -> String? {
        guard let mark = url.firstIndex(of: "?") else { return nil }
        return try? Query(raw: String(url[url.index(after: mark)...])).first(name)
    }
}

extension Entropy {
    /// Different at every draw, the same in every run.
    static func counting() -> Entropy {
        let state = CountingState()
        return Entropy { count in
            state.value.withLock { value in
                (0..<count).map { _ in
                    // A step of SplitMix64.
                    value &+= 0x9E37_79B9_7F4A_7C15
                    var mixed = value
                    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
                    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
                    return UInt8(truncatingIfNeeded: mixed ^ (mixed >> 31))
                }
            }
        }
    }

    private final class CountingState: Sendable {
        let value = Mutex<UInt64>(1)
    }
}
