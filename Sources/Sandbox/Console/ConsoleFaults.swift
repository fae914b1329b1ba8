/// The panel of misfortunes: one button each, with the words of whoever meets it.
struct ConsoleFaults {
    let say: Language

    private struct Misfortune {
        let words: Bilingual
        let path: String
        let kind: [String: JSONValue]
        /// What the program will see.
        let effect: String

        init(_ chinese: String, _ english: String, _ path: String, _ kind: [String: JSONValue], _ effect: String) {
            words = Bilingual(chinese, english)
            self.path = path
            self.kind = kind
            self.effect = effect
        }
    }

    private static let groups: [(title: Bilingual, items: [Misfortune])] = [
        (Bilingual("令牌与票据", "Tokens and tickets"), tokens), (Bilingual("登录", "Login"), logins),
        (Bilingual("JS-SDK", "JS-SDK"), pages), (Bilingual("网络（全部调用）", "Network, every call"), network),
    ]

    private static let tokens = [
        Misfortune("系统繁忙", "WeChat is busy", "/cgi-bin/*", ["errcode": -1], "-1"),
        Misfortune(
            "IP 不在白名单", "IP not on the whitelist", "/cgi-bin/*",
            ["errcode": 40164, "errmsg": "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"], "40164"),
        Misfortune("配额用尽", "Daily quota used up", "/cgi-bin/*", ["errcode": 45009], "45009"),
        Misfortune(
            "取票据时令牌失效", "Token refused for the ticket", "/cgi-bin/ticket/getticket", ["errcode": 40001], "40001"),
    ]

    private static let logins = [
        Misfortune("code 已被使用", "Code been used", "/sns/oauth2/access_token", ["errcode": 40163], "40163"),
        Misfortune("code 无效", "Invalid code", "/sns/oauth2/access_token", ["errcode": 40029], "40029"),
        Misfortune("无权取用户信息", "No right to the profile", "/sns/userinfo", ["errcode": 48001], "48001"),
        Misfortune(
            "授权页：操作太频繁", "Login page: too frequent", "/connect/oauth2/authorize", ["errcode": 10009], "10009"),
        Misfortune(
            "授权页：须关注测试号", "Login page: follow first", "/connect/oauth2/authorize", ["errcode": 10006], "10006"),
    ]

    private static let pages = [
        Misfortune(
            "签名被拒", "Signature refused", PreverifyEndpoint.path, ["errcode": -1, "errmsg": "invalid signature"],
            "config:invalid signature"),
        Misfortune(
            "须先关注", "Must follow first", PreverifyEndpoint.path, ["errcode": -1, "errmsg": "require subscribe"],
            "config:require subscribe"),
        Misfortune("脚本加载失败", "Script does not load", "/open/js/*", ["status": 503], "503"),
    ]

    private static let network = [
        Misfortune("网关错误", "Bad gateway", "/*", ["status": 502], "502"),
        Misfortune("慢 3 秒", "3 seconds late", "/*", ["delay": 3_000], "delay 3000"),
        Misfortune("不应答", "No answer", "/*", ["hang": 60_000], "hang 60000"),
        Misfortune("连接被断开", "Connection cut", "/*", ["reset": true], "reset"),
        Misfortune("应答只有一半", "Half an answer", "/*", ["truncate": true], "truncate"),
        Misfortune("应答是乱码", "Garbage", "/*", ["garbage": true], "garbage"),
    ]

    var html: HTML {
        let choices: [(Int, String)] = [
            (1, say("下一次", "the next call")), (3, say("接下来 3 次", "the next 3 calls")),
            (1_000_000, say("直到清除", "until cleared")),
        ]
        let counts: [HTML] = choices.map { count, words in
            let checked: HTML = count == 1 ? " checked" : ""
            return """
                <label><input type="radio" name="count" value="\(count)"\(checked)><span>\(words)</span></label>
                """
        }
        let groups: [HTML] = Self.groups.map { group in
            "<h3>\(say(group.title))</h3><div class=\"buttons\">\(group.items.map(button))</div>"
        }
        return """
            <section id="faults" class="card"><h2>\(say("制造故障", "Break something"))</h2>
            <p class="soft">\(say(
                "点一下，符合条件的调用就会这样失败。", "One tap, and the calls it names fail in this way."))</p>
            <form method="post" action="\(Console.path)"><input type="hidden" name="at" value="now">
            <fieldset class="segments"><legend class="hidden">\(say("影响几次调用", "How many calls"))</legend>\(counts)</fieldset>
            \(groups)</form></section>
            """
    }

    private func button(_ item: Misfortune) -> HTML {
        ConsoleButton(
            call: "faults", input: .object(item.kind.merging(["path": .text(item.path)]) { first, _ in first }),
            label: "<span>\(say(item.words))</span> <code>\(item.effect)</code>", style: "fault"
        ).html
    }

    /// What a fault in force does, in the words of its button, or of the script that a program gave.
    static func words(for fault: Fault, _ say: Language) -> String {
        for item in groups.flatMap(\.items) where item.path == fault.path {
            let given = fault.kind.input
            if item.kind.allSatisfy({ given[$0.key] == $0.value }) { return say(item.words) }
        }
        return fault.kind.name
    }
}

extension Fault.Kind {
    /// As it was scripted.
    fileprivate var input: [String: JSONValue] {
        switch self {
        case .errcode(let code, let text): ["errcode": .number(Double(code)), "errmsg": .text(text)]
        case .status(let code): ["status": .number(Double(code))]
        case .delay(let milliseconds): ["delay": .number(Double(milliseconds))]
        case .hang(let milliseconds): ["hang": .number(Double(milliseconds))]
        case .drip(let milliseconds): ["drip": .number(Double(milliseconds))]
        case .garbage: ["garbage": true]
        case .reset: ["reset": true]
        case .truncate: ["truncate": true]
        }
    }
}
