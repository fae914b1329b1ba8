import Foundation

/// A headless Chromium, spoken to through ChromeDriver in the words of W3C WebDriver.
struct Browser: Sendable {
    struct Element {
        fileprivate let path: String
    }

    private let driver: LoopbackHTTP
    private let session: String

    /// - Parameter hosts: rules for `--host-resolver-rules`.
    init(driver port: UInt16, hosts: String) throws {
        var arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=390,844", "--lang=en"]
        arguments += ["--hide-scrollbars", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions"]
        arguments.append("--host-resolver-rules=\(hosts)")
        driver = LoopbackHTTP(port: port)
        let wishes: [String: Any] = [
            "goog:chromeOptions": ["args": arguments],
            "goog:loggingPrefs": ["browser": "ALL"],
            // An alert must be seen by the test, not closed for it.
            "unhandledPromptBehavior": "ignore",
        ]
        let answer = try driver.send("POST", "/session", json: ["capabilities": ["alwaysMatch": wishes]])
        let value = try Self.value(of: answer) as? [String: Any]
        guard let id = value?["sessionId"] as? String else { throw EndToEndError("ChromeDriver gave no session") }
        session = "/session/\(id)"
    }

    /// Turns it into a browser without a past, that is `device`: a new tab, no cookies, nothing stored.
    func begin(as device: Device, on origins: [String]) throws {
        _ = try? post("/alert/dismiss")
        let old = try get("/window/handles") as? [String] ?? []
        let tab = try post("/window/new", ["type": "tab"]) as? [String: Any]
        guard let handle = tab?["handle"] as? String else { throw EndToEndError("ChromeDriver opened no tab") }
        for name in old {
            try post("/window", ["handle": name])
            _ = try driver.send("DELETE", session + "/window")
        }
        try post("/window", ["handle": handle])
        for origin in origins {
            try command("Storage.clearDataForOrigin", ["origin": origin, "storageTypes": "all"])
        }
        try command("Network.clearBrowserCookies")
        try command("Emulation.setUserAgentOverride", ["userAgent": device.userAgent])
        // The size of a phone's page, whatever the window's own frame takes.
        try command(
            "Emulation.setDeviceMetricsOverride",
            ["width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true])
        _ = try console()
    }

    func quit() {
        // At the end of the tests there is nobody to tell.
        _ = try? driver.send("DELETE", session)
    }

    // MARK: - Pages

    func open(_ url: String) throws {
        try post("/url", ["url": url])
    }

    func reload() throws {
        try post("/refresh")
    }

    var url: String {
        get throws { try get("/url") as? String ?? "" }
    }

    /// The text of the alert that is open, if one is: a page that was attacked may open one.
    var alert: String? {
        try? get("/alert/text") as? String
    }

    @discardableResult
    func run(_ script: String, _ arguments: [Any] = []) throws -> Any? {
        try post("/execute/sync", ["script": script, "args": arguments])
    }

    @discardableResult
    func command(_ name: String, _ parameters: [String: Any] = [:]) throws -> Any? {
        try post("/goog/cdp/execute", ["cmd": name, "params": parameters])
    }

    /// What the page has complained of in its console since it was last asked.
    func complaints() throws -> [String] {
        let entries = try post("/se/log", ["type": "browser"]) as? [[String: Any]] ?? []
        return entries.compactMap { $0["message"] as? String }
    }

    /// What the page has written to its console since it was last asked, as it was written.
    func console() throws -> [String] {
        try complaints().map { entry in
            // "ADDRESS LINE:COLUMN "TEXT"", where the text is quoted as in JSON.
            guard let quote = entry.firstIndex(of: "\""),
                let text = try? JSONSerialization.jsonObject(
                    with: Data(entry[quote...].utf8), options: .fragmentsAllowed) as? String
            else { return entry }
            return text
        }
    }

    func screenshot(_ file: String) throws {
        guard let text = try get("/screenshot") as? String, let picture = Data(base64Encoded: text) else {
            throw EndToEndError("ChromeDriver gave no picture")
        }
        try picture.write(to: URL(fileURLWithPath: file))
    }

    // MARK: - Elements

    func find(_ selector: String) throws -> Element {
        let value = try post("/element", ["using": "css selector", "value": selector]) as? [String: String]
        guard let id = value?.values.first else { throw EndToEndError("no element \(selector)") }
        return Element(path: "/element/\(id)")
    }

    func count(_ selector: String) throws -> Int {
        (try post("/elements", ["using": "css selector", "value": selector]) as? [Any])?.count ?? 0
    }

    func click(_ selector: String) throws {
        try post(find(selector).path + "/click")
    }

    /// The text as a person sees it: empty when it is hidden.
    func text(_ selector: String) throws -> String {
        try get(find(selector).path + "/text") as? String ?? ""
    }

    func attribute(_ name: String, of selector: String) throws -> String? {
        try get(find(selector).path + "/attribute/\(name)") as? String
    }

    func isShown(_ selector: String) throws -> Bool {
        try get(find(selector).path + "/displayed") as? Bool ?? false
    }

    /// Waits until an element is there; with `attribute`, until it has that value.
    func wait(for selector: String, _ attribute: String? = nil, is value: String? = nil) throws {
        var seen: String?
        for _ in 0..<300 {
            do {
                guard let attribute else {
                    _ = try find(selector)
                    return
                }
                seen = try self.attribute(attribute, of: selector)
                if seen == value { return }
            } catch is EndToEndError {
                // Not there yet, or the page it was on is gone.
            }
            usleep(50_000)
        }
        let wish = attribute.map { " to have \($0)=\(value ?? "nothing"), which is \(seen ?? "nothing")" } ?? ""
        throw EndToEndError("waited in vain for \(selector)\(wish) on \((try? url) ?? "a page")")
    }

    // MARK: - Words of the protocol

    private func get(_ path: String) throws -> Any? {
        try Self.value(of: driver.send("GET", session + path))
    }

    @discardableResult
    private func post(_ path: String, _ body: [String: Any] = [:]) throws -> Any? {
        try Self.value(of: driver.send("POST", session + path, json: body))
    }

    private static func value(of answer: LoopbackHTTP.Answer) throws -> Any? {
        let value = (answer.json as? [String: Any])?["value"]
        guard answer.status == 200 else {
            let error = value as? [String: Any]
            throw EndToEndError("\(error?["error"] ?? answer.status): \(error?["message"] ?? "")")
        }
        return value
    }
}
