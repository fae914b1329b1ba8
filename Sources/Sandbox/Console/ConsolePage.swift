/// The console's whole page, panel by panel.
struct ConsolePage {
    let state: Platform.State
    /// As the visitor's browser reached this listener.
    let origin: String
    let say: Language

    var page: Page {
        Page(
            title: say("微信平台沙箱 · Magpie", "WeChat sandbox · Magpie"), say: say, body: body, script: Self.script,
            connects: ["'self'"])
    }

    private var body: HTML {
        """
        <div class="banner wide"><b>\(say("沙箱", "Sandbox"))</b> <span>Magpie 鹊桥</span>\
        <a href="/" class="refresh">\(say("刷新", "Refresh"))</a></div>
        <main class="wide">
        <header><h1>\(say("微信平台沙箱", "A sandbox of the WeChat platform"))</h1>
        <p class="soft">\(say(
            "不需要公众号，也不需要联网：令牌、票据、网页授权与 JS-SDK 验签都在本机模拟。",
            "No account and no network: tokens, tickets, logins and JS-SDK signatures are all simulated on this machine."))\
        </p></header>
        <div class="columns">
        <div class="column">
        \(now)
        \(ConsoleFaults(say: say).html)
        \(ConsoleSettings(state: state, say: say).html)
        \(help)
        </div>
        <div class="column">
        \(ConsoleTraffic(state: state, say: say).html)
        \(ConsoleAccounts(state: state, origin: origin, say: say).html)
        \(ConsolePeople(state: state, say: say).html)
        </div>
        </div>
        <footer>\(say(
            "只响应本机请求，来自其他网站或经 DNS 重绑定的请求一律拒绝。",
            "Answers this machine only: other sites and rebound names are refused."))</footer>
        </main>
        """
    }

    // MARK: - What is out of the ordinary

    private var now: HTML {
        let oddities = oddities
        let faults = state.script.faults
        let isOrdinary = oddities.isEmpty && faults.isEmpty
        let items: [HTML] =
            faults.map { fault in
                "<li><b>\(ConsoleFaults.words(for: fault, say))</b> <code>\(fault.path)</code> \(left(of: fault))</li>"
            } + oddities.map { "<li>\($0)</li>" }
        let clear = ConsoleButton(
            call: "reset", input: ["what": "faults"], label: HTML(text: say("清除故障", "Clear the faults")), style: "small"
        )
        let everything = ConsoleButton(
            call: "reset", input: ["what": "everything"], label: HTML(text: say("全部恢复原样", "Reset everything")),
            style: "small")
        return """
            <section id="now" class="verdict \(isOrdinary ? "good" : "warn")" data-live data-faults="\(faults.count)">
            <h2>\(isOrdinary ? say("一切照常", "All as usual") : say("与平常不同", "Not as usual"))</h2>
            <p>\(isOrdinary
                ? say("所有调用都按微信的规则应答。", "Every call is answered by WeChat's rules.")
                : say("以下设置会影响应答：", "What changes the answers:"))</p>
            <ul class="plain">\(items)</ul>
            <div class="row">\(faults.isEmpty ? nil : clear.form(at: "now"))\(isOrdinary ? nil : everything.form(at: "now"))</div>
            </section>
            """
    }

    private func left(of fault: Fault) -> HTML {
        let left = fault.nth - 1 + fault.count - fault.seen
        let words =
            left > 1_000
            ? say("直到清除", "until cleared")
            : say("还剩 \(left) 次", left == 1 ? "for the next call" : "for \(left) more calls")
        return "<span class=\"soft\">\(words)</span>"
    }

    private var oddities: [String] {
        var oddities: [String] = []
        if state.advance > 0 {
            oddities.append(
                say("时钟快了 \(say.duration(state.advance))", "The clock is \(say.duration(state.advance)) ahead"))
        }
        for account in state.ledgers.map(\.account) {
            if account.isSecretFrozen {
                oddities.append(say("\(account.name) 的 AppSecret 已冻结", "The AppSecret of \(account.name) is frozen"))
            }
            if account.whitelist != nil {
                oddities.append(
                    say(
                        "\(account.name) 启用了 IP 白名单，名单外的 IP 得 40164",
                        "\(account.name) has an IP whitelist: other addresses get 40164"))
            }
        }
        let usual = Knobs()
        let knobs = state.knobs
        if knobs.latency > 0 {
            oddities.append(say("每次调用慢 \(knobs.latency) 毫秒", "Every call takes \(knobs.latency) ms longer"))
        }
        if knobs.doubleCallback != usual.doubleCallback { oddities.append(say("双重回调", "Calls back twice")) }
        return oddities
    }

    // MARK: - For programs

    private var help: HTML {
        let post =
            "curl \(origin)/_sandbox/faults -H 'Content-Type: application/json' \\\n"
            + "  -d '{\"path\": \"/cgi-bin/*\", \"errcode\": 45009}'"
        let read = "curl '\(origin)/_sandbox/requests?path=/cgi-bin/*&account=main&since=0'"
        let links = ["requests", "events", "counters", "state", "users", "settings", ""].map { name -> HTML in
            "<a href=\"/_sandbox/\(name)\"><code>/_sandbox/\(name)</code></a> "
        }
        return """
            <section id="help" class="card"><h2>\(say("在测试里使用", "In your tests"))</h2>
            <p>\(say(
                "页面上每个按钮都是一次 JSON 控制调用。预设故障：",
                "Every button here is a control call with JSON. Script a fault:"))</p>
            <pre class="mono" tabindex="0">\(post)</pre>
            <p>\(say(
                "读取记录到的请求，用于断言。path 可用 * 结尾，account 为名称或 appid，since 为上次看到的 last：",
                "Read the recorded requests and assert on them. A path may end with *, an account is its name or appid, "
                    + "and since is the “last” you have seen:"))</p>
            <pre class="mono" tabindex="0">\(read)</pre>
            <p class="links">\(links)</p>
            </section>
            """
    }

    /// Looks every two seconds and exchanges the panels that say what is; nothing that a finger or the keyboard is on, and
    /// no request that is unfolded.
    private static let script = """
        const fresh=async()=>{
          try{
            if(!document.hidden){
              const page=new DOMParser().parseFromString(await (await fetch('/')).text(),'text/html');
              for(const old of document.querySelectorAll('[data-live]')){
                const made=page.getElementById(old.id);
                const busy=old.contains(document.activeElement)||old.querySelector('details[open]')||old.matches(':hover');
                if(made&&!busy&&made.outerHTML!==old.outerHTML)old.replaceWith(made);
              }
            }
          }catch{}
          setTimeout(fresh,2000);
        };
        setTimeout(fresh,2000);
        """
}
