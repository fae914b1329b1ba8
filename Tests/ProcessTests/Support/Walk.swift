import Foundation
import TestSupport

/// A walk over every route and every error, which keeps all it was told.
struct Walk {
    static let secrets = ["c0ffee5ec0dea11ce0ddba11f00dfeed", "0defacedbadc0de5feed1dea5ca1ab1e"]
    static let adminToken = "AdminKanari-5Wz_81kQ"
    static let openID = "oOpenIKanariPerson0000000001"
    static let unionID = "oUnionKanariPerson000000001"

    static var world: PlatformWorld {
        var world = PlatformWorld()
        world.person = .init(openID, unionID: unionID)
        for (number, appID) in MagpieHome.appIDs.enumerated() {
            world.accounts[appID] = .init(
                secret: secrets[number], ticket: "\(PlatformWorld.mark)Ticket\(number)-_0123456789")
        }
        return world
    }

    let home: MagpieHome
    let platform: FakePlatform
    private(set) var evidence: Evidence
    private var visitor: RawVisitor
    private var client: RawVisitor

    init(home: MagpieHome, platform: FakePlatform) {
        self.home = home
        self.platform = platform
        evidence = Evidence(home: home, platform: platform)
        visitor = home.visitor()
        client = home.operatorClient()
    }

    mutating func remember(_ process: MagpieProcess) {
        evidence.commandLines.append(readBytes("/proc/\(process.child.id)/cmdline"))
    }

    // MARK: - Visits

    @discardableResult
    private mutating func visit(
        _ target: String, _ fields: [(String, String)] = [], method: String = "GET", body: String = ""
    ) throws -> RawResponse {
        let response = try visitor.send(method, target, fields, body)
        evidence.keep("\(method) \(target)", response)
        return response
    }

    @discardableResult
    private mutating func operate(
        _ method: String, _ target: String, _ fields: [(String, String)] = [], body: String = ""
    ) throws -> RawResponse {
        let response = try client.send(method, target, fields + [("Content-Type", "application/json")], body)
        evidence.keep("admin \(method) \(target)", response)
        return response
    }

    private func code(account: Int = 0) -> String {
        platform.change { $0.issueCode(MagpieHome.appIDs[account], $0.person, scope: "snsapi_userinfo") }
    }

    /// A login up to the callback, which is the caller's.
    private mutating func beginLogin(_ account: String = "") throws -> String {
        try visit("/redirect\(account)?to=/orders&scope=userinfo").parameter("state") ?? ""
    }

    @discardableResult
    private mutating func logIn(_ account: String = "") throws -> RawResponse {
        let state = try beginLogin(account)
        return try visit("/redirect\(account)?code=\(code(account: account.isEmpty ? 0 : 1))&state=\(state)")
    }

    // MARK: - The walk

    mutating func publicRoutes() throws {
        for _ in 0..<2 {
            visitor = home.visitor()
            try logIn()
            try visit("/session")
            try visit("/auth?scope=userinfo")
            try logIn("/second")
            try visit("/session?account=second")
            try visit("/redirect?to=/orders")
            let used = code()
            let state = try freshState()
            for _ in 0..<2 { try visit("/redirect?code=\(used)&state=\(state)") }
            try visit("/redirect?code=\(code())&state=\(state)")
            try visit("/redirect?code=\(used)&state=orders")
            try visit("/redirect?code=\(code())&state=orders")
            try visit("/redirect?state=\(freshState())")
            try visit("/logout", method: "POST")
            try visit("/session")
        }
        for target in [
            Page.path, Page.forced, Page.path + "&entry=https%3A%2F%2Fh5.example.com%2F", "/", "/magpie.json",
            "/wechat-jssdk.js", "/nothing",
            "/api/wechat?signature=\(MagpieHome.consoleToken)&timestamp=1&nonce=2&echostr=3",
        ] { try visit(target) }
    }

    private mutating func freshState() throws -> String {
        visitor = home.visitor()
        return try beginLogin()
    }

    mutating func adminRoutes() throws {
        for path in [
            "/health", "/ready", "/metrics", "/status", "/sessions", "/access-token", "/access-token?account=second",
            "/nothing",
        ] {
            try operate("GET", path)
            try operate("GET", path, [("Accept", "text/html")])
        }
        let token = platform.change { $0.accounts[MagpieHome.appIDs[0]]?.token ?? "" }
        for body in [
            #"{"token":"\#(token)"}"#, #"{"token":"\#(token)x"}"#, #"{"token":"\#(token)"#, #"{"token":["\#(token)"]}"#,
            #"{"account":"\#(token)","token":"\#(token)"}"#, #"{"\#(token)":1}"#, token,
        ] { try operate("POST", "/access-token/report", body: body) }
        let ticket = platform.change { $0.accounts[MagpieHome.appIDs[0]]?.ticket ?? "" }
        for url in ["https://h5.example.com/", "http://h5.example.com/?ticket=\(ticket)"] {
            let body =
                #"{"appId":"\#(MagpieHome.appIDs[0])","timestamp":"1","nonceStr":"n","signature":"s","url":"\#(url)"}"#
            let response = try client.post("/diagnose/signature", json: body)
            // It was told the URL, and may say it again.
            if !url.contains(ticket) { evidence.keep("diagnose", response) }
        }
        try operate("POST", "/diagnose/signature", body: #"{"signature":"\#(ticket)"}"#)
        var stranger = RawVisitor(port: home.adminPort, host: "127.0.0.1:\(home.adminPort)")
        for bearer in ["Bearer \(Self.adminToken)x", "Basic \(Self.adminToken)", "Bearer \(Self.secrets[0])"] {
            evidence.keep("admin, refused", try stranger.get("/access-token", [("Authorization", bearer)]))
        }
        evidence.keep("admin, of a page", try client.get("/access-token", [("Origin", "https://h5.example.com")]))
    }

    /// Every parameter and header that is wrong, with secrets in it.
    mutating func refusals() throws {
        visitor = home.visitor()
        try logIn()
        let session = visitor.cookies[home.cookieName] ?? ""
        let texts = [
            code(), Self.secrets[0], "\(PlatformWorld.mark)Ticket0-_0123456789", session, evidence.states.first ?? "",
        ]
        for text in texts {
            for pattern in [
                "/redirect?code=$&state=$", "/redirect?code=$", "/redirect?state=$", "/redirect?code=$&code=$&state=$",
                "/redirect?to=$", "/redirect?to=//$", "/redirect?to=https://$.example/", "/redirect?scope=$",
                "/get-signature?url=$", "/get-signature?url=https://evil.example/$", "/get-signature?account=$&url=$",
                "/session?account=$", "/auth?scope=$", "/session?$=$", "/session?$",
                "/api/wechat?signature=$&echostr=$&timestamp=$",
                "/session?access_token=$", "/magpie.json?a=%zz$",
            ] {
                for accept in ["application/json", "text/html"] {
                    try visit(pattern.replacingOccurrences(of: "$", with: text), [("Accept", accept)])
                }
            }
            try visit(
                "/session", [("Authorization", "Bearer \(text)"), ("X-Request-ID", "\(text)\u{1}"), ("Referer", text)])
            try visit("/session", [("Cookie", "\(home.cookieName)=\(text); magpie_login=\(text)")])
            try visit("/logout", [("Origin", "https://\(text).example")], method: "POST", body: text)
            try visit("/session", method: "POST", body: text)
            try visit("/session", method: "BREW\(text.prefix(5))", body: text)
        }
        visitor.host = "\(Self.secrets[0]).example"
        try visit("/session")
        visitor = home.visitor()
    }

    /// What is no request at all, with secrets in it.
    mutating func bytes() throws {
        let text = "\(code())&\(Self.secrets[0])&\(evidence.sessions.first ?? "")&\(evidence.states.first ?? "")"
        let head = "GET /redirect?code=\(text) HTTP/1.1\r\nHost: \(visitor.host)\r\n"
        for (port, lines) in [home.port, home.adminPort].flatMap({ port in
            [
                "\(text)\r\n\r\n", "GET \(text) HTTP/1.1\r\n\r\n", "\(head)\(text)\r\n\r\n",
                "\(head)Cookie : \(text)\r\n\r\n",
                "\(head)Cookie: \(text)\u{1}\r\n\r\n", "GET /?\(String(repeating: text, count: 60)) HTTP/1.1\r\n\r\n",
                "\(head)X: \(String(repeating: text, count: 60))\r\n\r\n", "\(head)Host: \(text)\r\n\r\n",
                "\(head)Content-Length: \(text)\r\n\r\n", "\(head)Transfer-Encoding: \(text)\r\n\r\n",
                "\(head)Transfer-Encoding: chunked\r\n\r\n\(text)\r\n",
                "\(head)Expect: \(text)\r\nContent-Length: 1\r\n\r\n",
                "\(head)Content-Length: 99999\r\n\r\n\(text)",
            ].map { (port, $0) }
        }) {
            let connection = try RawClient(port: port)
            try connection.send(lines)
            evidence.keep("bytes", try connection.receiveResponse())
        }
        // A request that is given up half way.
        let connection = try RawClient(port: home.port)
        try connection.send(head)
        connection.reset()
    }

    /// Logins while the platform answers nonsense, some of it echoing what it was sent.
    mutating func upstreamFailures() throws {
        for number in Self.nonsense("").indices {
            for path in ["/sns/oauth2/access_token", "/sns/userinfo"] {
                visitor = home.visitor()
                let state = try beginLogin()
                let code = code()
                // The beginning of what was sent alone, too: WeChat has been seen to echo that.
                let beginning = path == "/sns/userinfo" ? "" : code.prefix(20)
                let echo = "invalid \(code) \(beginning), secret \(Self.secrets[0]), \(Self.secrets[0].prefix(12))"
                platform.script(path, Self.nonsense(echo)[number])
                try visit("/redirect?code=\(code)&state=\(state)", [("Accept", "text/html")])
                try visit("/session")
            }
        }
        for path in ["/status", "/metrics", "/ready"] { try operate("GET", path) }
    }

    private static func nonsense(_ echo: String) -> [FakePlatform.Act] {
        [
            .errcode(40029, message: echo), .errcode(40163, message: echo), .errcode(40125, message: echo),
            .errcode(-1, message: "\(echo) rid: 658cff8e-7783352d-44cb33e5"),
            .errcode(40164, message: "invalid ip 1.2.3.4, \(echo)"), .reset, .cut, .hang,
            .body("<html>\(echo)</html>", status: 502), .body(echo), .body(#"{"errcode":"\#(echo)"}"#),
            .body(#"{"access_token":"\#(PlatformWorld.mark)Token9","openid":"\#(openID) bad"}"#),
        ]
    }

    /// The account's own calls while the platform refuses its tokens or answers nonsense.
    mutating func coldFailures() throws {
        let known = platform.change { $0.accounts[MagpieHome.appIDs[0]]?.token ?? "" }
        let echo = "\(Self.secrets[0]) \(known) \(known.prefix(40)) \(PlatformWorld.mark)Ticket0-_0123456789"
        for act in [
            FakePlatform.Act.errcode(40001, message: echo), .body("<p>\(echo)"), .body(echo), .cut, .hang,
            .errcode(40013, message: echo),
        ] {
            for path in ["/cgi-bin/stable_token", "/cgi-bin/ticket/getticket"] { platform.always(path, act) }
            try operate("GET", "/access-token")
            try operate("GET", "/access-token?account=second")
            let token = platform.change { $0.accounts[MagpieHome.appIDs[0]]?.token ?? "" }
            try operate("POST", "/access-token/report", body: #"{"token":"\#(token)"}"#)
            try visit(Page.path)
            try visit(Page.forced)
            for path in ["/status", "/metrics", "/ready"] { try operate("GET", path) }
        }
    }
}
