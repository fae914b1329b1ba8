/// The panel of accounts: who they are, and their tokens and tickets with their ages.
struct ConsoleAccounts {
    let state: Platform.State
    let origin: String
    let say: Language

    var html: HTML {
        """
        <section id="accounts" data-live><h2>\(say("账号", "Accounts"))</h2>
        \(state.ledgers.indices.map(card))</section>
        """
    }

    private func card(_ index: Int) -> HTML {
        let ledger = state.ledgers[index]
        let account = ledger.account
        let isOfficial = account.kind == .official
        let kind = isOfficial ? say("公众号", "Official account") : say("网站应用", "Website application")
        let secret: HTML =
            account.hidesSecret ? "<span class=\"soft\">\(say("不显示", "not shown"))</span>" : "\(account.appSecret)"
        return """
            <div class="card account" data-account="\(account.name)"><div class="app">\(Pictures.bridge)<div><strong>\
            \(account.name)</strong><span class="soft">\(kind)</span></div></div>
            \(isOfficial ? credentials(of: ledger) : nil)
            <details><summary>\(say("appId、密钥与域名", "AppID, secret, domains"))</summary>
            <dl><dt>appId</dt><dd class="mono">\(account.appID)</dd><dt>appSecret</dt><dd class="mono">\(secret)</dd>
            <dt>token</dt><dd class="mono">\(account.token)</dd>
            <dt>\(say("JS 安全域名", "JS domains"))</dt><dd class="mono">\(account.jsDomains.joined(separator: " "))</dd>
            <dt>\(say("授权域名", "Login domains"))</dt><dd class="mono">\(account.redirectDomains.joined(separator: " "))</dd></dl>
            \(isOfficial && !account.hidesSecret ? configuration(of: account) : nil)</details>
            \(isOfficial ? quotas(at: index) : nil)
            \(isOfficial ? buttons(for: account) : nil)</div>

            """
    }

    // MARK: - Tokens and tickets

    private func credentials(of ledger: Platform.Ledger) -> HTML {
        var rows: [HTML] = []
        for (name, family) in [("stable_token", ledger.stable), ("token", ledger.legacy)] {
            guard let token = family.current else { continue }
            rows.append(row(name, token.text, from: token.issued, until: token.dies))
        }
        for (type, family) in ledger.tickets.sorted(by: { $0.key < $1.key }) {
            guard let ticket = family.current else { continue }
            rows.append(row("\(type) ticket", ticket.text, from: ticket.issued, until: min(ticket.turns, ticket.dies)))
        }
        guard rows.isEmpty else { return "<div class=\"credentials\">\(rows)</div>" }
        return "<p class=\"soft\">\(say("还没有人取过令牌或票据。", "No token or ticket was asked for yet."))</p>"
    }

    private func row(_ name: String, _ text: String, from start: Int, until end: Int) -> HTML {
        let (age, life) = (max(0, state.now - start), max(1, end - start))
        let lives = state.now < end
        let facts =
            say("\(say.duration(age))前签发", "\(say.duration(age)) old")
            + (lives ? say(" · 还剩 \(say.duration(end - state.now))", " · \(say.duration(end - state.now)) left") : "")
        let pill: HTML =
            lives
            ? "<span class=\"pill good\">\(say("有效", "valid"))</span>"
            : "<span class=\"pill bad\">\(say("已失效", "dead"))</span>"
        return """
            <div class="credential" data-credential="\(name)"><p><code>\(name)</code> <span class="mono soft">\
            \(JSONValue.shortened(text))</span>\(pill)</p>
            <progress max="\(life)" value="\(min(age, life))" aria-label="\(say("\(name) 已用时长", "age of the \(name)"))">\
            </progress><p class="soft">\(facts)</p></div>
            """
    }

    private func quotas(at index: Int) -> HTML? {
        let used = state.quotas(at: index).filter { $0.used > 0 }
        guard !used.isEmpty else { return nil }
        let parts = used.map { "\($0.path.split(separator: "/").last ?? "") \($0.used)/\($0.limit)" }
        return "<p class=\"soft quota\">\(say("今日配额：", "Today's quota: "))\(parts.joined(separator: " · "))</p>"
    }

    // MARK: - What one can do to them

    private func buttons(for account: Account) -> HTML {
        let appID = JSONValue.text(account.appID)
        let isFrozen = account.isSecretFrozen
        let isShut = account.whitelist != nil
        let actions: [(String, JSONValue, String)] = [
            ("kill", ["what": "token", "appid": appID], say("作废令牌", "Kill the tokens")),
            ("kill", ["what": "ticket", "appid": appID], say("作废票据", "Kill the tickets")),
            (
                "accounts", ["appid": appID, "secretFrozen": .flag(!isFrozen)],
                isFrozen ? say("解冻 AppSecret", "Unfreeze AppSecret") : say("冻结 AppSecret", "Freeze AppSecret")
            ),
            (
                "accounts", ["appid": appID, "whitelist": isShut ? "off" : .list([])],
                isShut ? say("允许所有 IP", "Allow every IP") : say("拒绝所有 IP", "Refuse every IP")
            ),
        ]
        return """
            <form method="post" action="\(Console.path)" class="buttons"><input type="hidden" name="at" value="accounts">\
            \(actions.map { ConsoleButton(call: $0.0, input: $0.1, label: HTML(text: $0.2), style: "small").html })</form>
            """
    }

    private func configuration(of account: Account) -> HTML {
        """
        <h3>\(say("Magpie 配置", "Configuration for Magpie"))</h3>
        <pre class="mono" tabindex="0">upstream: { api: "\(origin)",
                    open: "\(origin)" },
        accounts: [{ name: "\(account.name)",
          appId: "\(account.appID)",
          appSecret: "\(account.appSecret)",
          token: "\(account.token)",
          jsDomains: [\(account.jsDomains.map { "\"\($0)\"" }.joined(separator: ", "))] }]</pre>
        """
    }
}
