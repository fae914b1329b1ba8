import Wire

/// `POST /_sandbox/preverify`: the question `wx.config` asks, open to pages of any origin as the script that asks it is.
///
/// In: `{"appId", "timestamp", "nonceStr", "signature", "url", "fullUrl"?, "otherUrl"?, "jsApiList"?}`.
/// Out: `{"errMsg": "config:ok" | "config:invalid signature" | "config:invalid url domain" | "config:fail"}`, and for a
/// refusal `realAuthUrl` as the client has it, `reason` and `reasonCode` as only a sandbox can.
struct PreverifyEndpoint: Sendable {
    let platform: Platform

    static let path = "/_sandbox/preverify"

    func respond(to request: Request) -> Response {
        guard case .object(let members) = JSONValue(parsing: request.body) else {
            return Self.reply(ControlError.badInput("the body must be a JSON object").response)
        }
        let config = PageConfig(members)
        let verdict = platform.with { state in
            let verdict = state.preverify(config)
            let detail =
                verdict.code.isEmpty ? verdict.outcome.rawValue : "\(verdict.outcome.rawValue): \(verdict.code)"
            state.record("preverify", Self.path, detail)
            return verdict
        }
        var body: [String: JSONValue] = ["errMsg": .text("config:\(verdict.outcome.rawValue)")]
        if verdict.outcome != .ok {
            body["realAuthUrl"] = [.text(config.url)]
            body["reason"] = .text(verdict.reason)
            body["reasonCode"] = .text(verdict.code)
        }
        return Self.reply(.json(JSONValue.object(body).bytes))
    }

    /// What a script has the client answer: "config:" and the fault's text, such as "require subscribe".
    static func refusal(_ text: String) -> Response {
        let body: JSONValue = [
            "errMsg": .text("config:\(text)"), "reason": "a fault that was scripted in the sandbox",
            "reasonCode": "scripted",
        ]
        return reply(.json(body.bytes))
    }

    func preflight(_ request: Request) -> Response {
        Self.reply(
            Response(
                .noContent,
                [
                    (.accessControlAllowMethods, "POST"), (.accessControlAllowHeaders, "Content-Type"),
                    (.accessControlMaxAge, "600"),
                    // A page on the internet asks a listener on loopback.
                    ("Access-Control-Allow-Private-Network", "true"),
                ]))
    }

    private static func reply(_ response: Response) -> Response {
        var response = response
        for (name, value) in [(FieldName.accessControlAllowOrigin, "*"), (.cacheControl, "no-store")] {
            // Literals: they cannot fail.
            try? response.fields.append(name, value)
        }
        return response
    }
}

extension PageConfig {
    /// As the script sends it. A page may give its timestamp as a number or as a string.
    init(_ members: [String: JSONValue]) {
        let text = { (name: String) -> String in
            members[name]?.string ?? members[name]?.integer.map(String.init) ?? ""
        }
        let full = text("fullUrl").isEmpty ? text("url") : text("fullUrl")
        self.init(
            appID: text("appId"), timestamp: text("timestamp"), nonce: text("nonceStr"), signature: text("signature"),
            url: PageURL.withoutFragment(text("url")), fullURL: full, otherURL: text("otherUrl"))
    }
}
