import FoundationEssentials
import WeChat
import Wire

/// `/status` for a person's eye: is all well, and if not, what to do; then the accounts, the calls of WeChat, the
/// process. Whole in itself: no script, no external resource.
struct StatusPage: Sendable {
    private let report: StatusReport
    private let say: PageLanguage
    private let now: Date

    init(_ report: StatusReport, _ language: PageLanguage, now: Date) {
        self.report = report
        say = language
        self.now = now
    }

    var response: Response {
        Response(
            .ok, [(.contentType, "text/html; charset=utf-8"), (.contentSecurityPolicy, Self.policy)],
            body: .bytes(Array(html.utf8)))
    }

    var html: String {
        let troubles = report.troubles
        return """
            <!doctype html>
            <html lang="\(say.tag)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(troubles.isEmpty ? "✓" : "✗") \(say("鹊桥状态", "Magpie status"))</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <header><p>\(say("鹊桥", "Magpie")) <span>\(escaped(report.version))</span></p>
            <a href="/status">\(say("刷新", "Refresh"))</a></header>
            <main>
            \(verdict(troubles))
            \(troubles.map(card).joined(separator: "\n"))
            <section><h2>\(say("公众号", "Accounts"))</h2>
            <div class="grid">\(report.accounts.map(card).joined(separator: "\n"))</div></section>
            \(calls)
            \(process)
            </main>
            </body>
            </html>

            """
    }

    // MARK: - Is all well?

    private func verdict(_ troubles: [StatusReport.Trouble]) -> String {
        let (kind, title, text) =
            if report.shuttingDown {
                (
                    "warn", say("正在退出", "Shutting down"),
                    say("已有请求会处理完毕，不再接收新的流量。", "What has begun is finished; /ready sends new traffic elsewhere.")
                )
            } else if !report.ready {
                (
                    "bad", say("需要立即处理", "Needs you now"),
                    say("部分访客无法签名或登录，处理方法见下。", "Some visitors cannot sign pages or log in. What to do is below.")
                )
            } else if !troubles.isEmpty {
                (
                    "warn", say("正常服务，有事项待处理", "Serving, with something to see to"),
                    say("访客暂不受影响，但请尽快处理。", "Visitors notice nothing yet. See to it before they do.")
                )
            } else {
                (
                    "good", say("一切正常", "All is well"),
                    say("签名与登录均可用。", "Pages are signed, visitors can log in.")
                )
            }
        return """
            <section class="verdict \(kind)"><h1>\(title)</h1><p>\(text)</p></section>
            """
    }

    private func card(_ trouble: StatusReport.Trouble) -> String {
        let advice = trouble.hint.map { "<p class=\"advice\">\(escaped(say($0.chinese, $0.english)))</p>" } ?? ""
        let subject =
            switch trouble.subject {
            case "store": say("存储", "Store")
            case "configuration": say("配置", "Configuration")
            case "tls": say("证书", "Certificate")
            default: trouble.subject
            }
        return """
            <section class="trouble\(report.ready ? "" : " grave")"><h2>\(escaped(subject))</h2>\(advice)
            <p class="cause"><code>\(escaped(trouble.what))</code></p></section>
            """
    }

    // MARK: - Accounts

    private func card(_ account: KeeperStatus) -> String {
        """
        <article><h3>\(escaped(account.account)) <code>\(escaped(account.appID))</code></h3>
        \(row("access_token", account.token))
        \(row("jsapi_ticket", account.ticket))
        \(forced(account))</article>
        """
    }

    private func row(_ name: String, _ part: KeeperStatus.Part) -> String {
        let pill =
            if part.isUsable {
                part.failures > 0
                    ? "<b class=\"pill warn\">\(say("续期失败", "renewal fails"))</b>"
                    : "<b class=\"pill good\">\(say("有效", "valid"))</b>"
            } else {
                "<b class=\"pill bad\">\(say("不可用", "none"))</b>"
            }
        var facts: [String] = []
        if let age = part.age {
            facts.append(say("已用 \(say.duration(seconds: age))", "\(say.duration(seconds: age)) old"))
        }
        if part.isUsable, let end = part.expiresAt {
            let left = say.duration(seconds: Int(end.timeIntervalSince(now)))
            facts.append(say("剩余 \(left)", "\(left) left"))
        }
        let wait = Int(part.nextRefresh.timeIntervalSince(now))
        facts.append(
            wait > 0
                ? say("\(say.duration(seconds: wait))后续期", "renewed in \(say.duration(seconds: wait))")
                : say("即将续期", "about to be renewed"))
        if part.failures > 0 {
            facts.append(
                say("连续失败 \(part.failures) 次", part.failures == 1 ? "failed once" : "failed \(part.failures) times"))
        }
        var bar = ""
        if let age = part.age, let start = part.obtainedAt, let end = part.expiresAt {
            let life = max(1, Int(end.timeIntervalSince(start)))
            bar = """
                <progress max="\(life)" value="\(min(life, max(0, age)))" aria-label="\
                \(say("\(name) 的已用时长", "age of the \(name)"))"></progress>
                """
        }
        return """
            <div class="row"><p><code>\(name)</code> \(pill)</p>\(bar)<p class="facts">\(facts.joined(separator: " · "))</p></div>
            """
    }

    private func forced(_ account: KeeperStatus) -> String {
        guard account.forcedToday > 0 else { return "" }
        return """
            <p class="facts">\(say(
                "今日强制刷新 \(account.forcedToday) 次（微信每日上限 20 次）",
                "\(account.forcedToday) forced renewals today, of the 20 that WeChat takes"))</p>
            """
    }

    // MARK: - Calls and process

    private var calls: String {
        guard !report.upstream.isEmpty else { return "" }
        let showsAccount = report.accounts.count > 1
        let rows = report.upstream.map { part in
            let last = [part.lastSuccessAt, part.lastFailureAt].compactMap(\.self).max()
            let ago = last.map { say.duration(seconds: Int(now.timeIntervalSince($0))) }.map {
                say("\($0)前", "\($0) ago")
            }
            // What the operator must see to stands above already.
            let error =
                part.failing && !part.concernsOperator
                ? "<tr class=\"error\"><td colspan=\"4\"><code>\(escaped(part.lastError ?? ""))</code>"
                    + " \(say("（访客侧问题，自动处理）", "(the visitor's; seen to by itself)"))</td></tr>"
                : ""
            return """
                <tr><th scope="row"><code>\(escaped(part.call).replacing("/", with: "/<wbr>"))</code>\
                \(showsAccount ? " <span>\(escaped(part.account))</span>" : "")</th>
                <td>\(part.succeeded)</td><td\(part.failed > 0 ? " class=\"some\"" : "")>\(part.failed)</td>
                <td>\(ago ?? "")</td></tr>\(error)
                """
        }
        return """
            <section><h2>\(say("微信接口调用", "Calls of WeChat"))</h2>
            <div class="sheet"><table><thead><tr><th scope="col">\(say("接口", "Call"))</th>
            <th scope="col">\(say("成功", "Well"))</th><th scope="col">\(say("失败", "Failed"))</th>
            <th scope="col">\(say("最近", "Last"))</th></tr></thead>
            <tbody>\(rows.joined(separator: "\n"))</tbody></table></div></section>
            """
    }

    private var process: String {
        let ago = { (date: Date) in
            let time = say.duration(seconds: Int(now.timeIntervalSince(date)))
            return say("\(time)前", "\(time) ago")
        }
        var configuration = say("\(ago(report.configuration.loadedAt))读取", "read \(ago(report.configuration.loadedAt))")
        if report.configuration.lastReload?.outcome == Reloads.Outcome.refused.rawValue {
            configuration += say("；最近一次重新加载被拒绝", "; the last reload was refused")
        }
        var facts = [
            (say("已运行", "Up"), say.duration(seconds: report.uptimeSeconds)),
            (say("进程", "Process"), "\(report.pid)"),
            (say("配置", "Configuration"), configuration),
            (say("存储", "Store"), report.store.ready ? say("可读写", "can be written") : say("不可用", "cannot be used")),
            (say("当前连接", "Open connections"), "\(report.visitors.connectionsOpen)"),
            (say("签名", "Signatures"), "\(report.visitors.signatures)"),
            (say("登录成功", "Logins"), "\(report.visitors.logins)"),
            (say("新建会话", "Sessions opened"), "\(report.visitors.sessionsOpened)"),
        ]
        if let left = report.certificateSecondsLeft {
            let time = say.duration(seconds: left)
            facts.append((say("证书", "Certificate"), say("剩余 \(time)", "\(time) left")))
        }
        let rows = facts.map { "<div><dt>\($0)</dt><dd>\(escaped($1))</dd></div>" }
        return """
            <section><h2>\(say("本进程", "This process"))</h2><dl class="sheet">\(rows.joined())</dl></section>
            """
    }

    private func escaped(_ text: String) -> String { HTMLText.escaped(text) }

    // MARK: - Look

    static let style =
        Stylesheet.base + """
            header,main{max-width:60rem;margin:0 auto;padding:0 1rem}
            header{display:flex;justify-content:space-between;align-items:center;min-height:3.5rem}
            header p{margin:0;font-weight:600}
            header span{color:var(--soft);font-weight:400;font-size:.875rem}
            header a{color:var(--accent);padding:.75rem 0 .75rem 1rem}
            main{padding-bottom:3rem}
            h1,h2,h3,p,dl,dd{margin:0}
            h1{font-size:1.375rem;line-height:1.3}
            h2{font-size:1rem;margin:1.75rem 0 .5rem}
            h3{font-size:1rem;display:flex;flex-wrap:wrap;gap:0 .5rem;align-items:baseline}
            h3 code{font-weight:400}
            code{font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;color:var(--soft);
            overflow-wrap:anywhere}
            .verdict{padding:1rem 1.25rem;border-radius:.875rem}
            .good{background:var(--tint);color:var(--accent)}
            .warn{background:var(--warn-tint);color:var(--warn)}
            .bad{background:var(--bad-tint);color:var(--bad)}
            .verdict p{color:var(--ink);margin-top:.25rem}
            .trouble,article,.sheet{background:var(--card);border:1px solid var(--line);border-radius:.875rem}
            .trouble{padding:.875rem 1.25rem;margin-top:.75rem;border-left:.375rem solid var(--warn)}
            .grave{border-left-color:var(--bad)}
            .trouble h2{margin:0}
            .advice{margin-top:.25rem}
            .cause{margin-top:.375rem;line-height:1.4}
            .grid{display:grid;gap:.75rem}
            article{padding:1rem 1.25rem}
            .row{margin-top:.75rem}
            .row p:first-child{display:flex;justify-content:space-between;align-items:center}
            .row code{color:var(--ink)}
            .pill{font-size:.8125rem;line-height:1.5;padding:.0625rem .625rem;border-radius:1rem}
            .facts{color:var(--soft);font-size:.875rem}
            progress{display:block;appearance:none;width:100%;height:.375rem;margin:.375rem 0;border:0;border-radius:1rem;
            background:var(--line);overflow:hidden}
            progress::-webkit-progress-bar{background:var(--line)}
            progress::-webkit-progress-value{background:var(--accent)}
            progress::-moz-progress-bar{background:var(--accent)}
            table{width:100%;border-collapse:collapse;font-size:.875rem}
            td,th{padding:.5rem 0 .5rem .75rem;text-align:right;font-weight:400;white-space:nowrap;font-variant-numeric:tabular-nums;
            vertical-align:baseline}
            th:first-child{text-align:left;padding-left:1.25rem;white-space:normal}
            td:last-child,thead th:last-child{padding-right:1.25rem}
            thead th{color:var(--soft)}
            tbody tr:not(.error){border-top:1px solid var(--line)}
            tbody th span{color:var(--soft)}
            tbody th code{color:var(--ink);overflow-wrap:normal}
            .some{color:var(--bad);font-weight:600}
            .error td{text-align:left;padding:0 1.25rem .625rem;white-space:normal;color:var(--soft)}
            .error code{color:var(--bad)}
            dl{display:grid;padding:.25rem 1.25rem}
            dl div{display:flex;justify-content:space-between;gap:1rem;padding:.5rem 0}
            dl div+div{border-top:1px solid var(--line)}
            dt{color:var(--soft);white-space:nowrap}
            dd{text-align:right;overflow-wrap:anywhere}
            @media (min-width:48rem){
            .grid{grid-template-columns:repeat(auto-fill,minmax(22rem,1fr))}
            dl{grid-template-columns:1fr 1fr;column-gap:3rem}
            dl div:nth-child(2){border-top:0}
            }
            """

    static let policy = Stylesheet.policy(of: style)
}
