/// The panel of the last calls: what came, whose it was, and how it ended.
struct ConsoleTraffic {
    let state: Platform.State
    let say: Language

    private static let shown = 15

    var html: HTML {
        let exchanges = state.traffic.latest.suffix(Self.shown).reversed().map(row)
        let counts = state.journal.counters.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let rows: [HTML] = counts.map { path, count in
            "<tr><td class=\"mono\">\(path)</td><td class=\"count\">\(count)</td></tr>"
        }
        let list: HTML =
            exchanges.isEmpty
            ? "<p class=\"soft\">\(say("还没有调用。", "None yet."))</p>" : "<ol class=\"plain calls\">\(exchanges)</ol>"
        let totals: HTML? =
            rows.isEmpty
            ? nil
            : """
            <details><summary>\(say("各接口调用次数", "Calls by path"))</summary><table><tbody>\(rows)</tbody></table></details>
            """
        return """
            <section id="requests" class="card" data-live><h2>\(say("最近的请求", "The last requests"))\
            <a href="/_sandbox/requests"><code>JSON</code></a></h2>
            \(list)
            \(totals)</section>
            """
    }

    private func row(_ exchange: Traffic.Exchange) -> HTML {
        let shown = ControlAPI.json(exchange, in: state)
        guard case .object(let members) = shown else { return "" }
        let (tone, outcome) = outcome(of: exchange, members)
        let age = say.duration(state.now - exchange.time)
        let account: HTML? = members["account"]?.string.map { " · \($0)" }
        return """
            <li data-path="\(exchange.path)"><details><summary><span class="what"><span class="mono">\(exchange.method) \
            \(exchange.path)</span><span class="soft">\(say("\(age)前", "\(age) ago"))\(account)</span></span>\
            <span class="pill \(tone)">\(outcome)</span></summary>
            \(table(say("参数", "Parameters"), members["parameters"]))
            \(table(say("应答", "Answer"), members["answer"]))
            </details></li>

            """
    }

    private func outcome(of exchange: Traffic.Exchange, _ members: [String: JSONValue]) -> (tone: HTML, text: String) {
        if let fault = exchange.fault { return ("bad", say("故障：\(fault)", "fault: \(fault)")) }
        guard let status = exchange.status else { return ("bad", say("断开", "cut")) }
        if case .object(let answer)? = members["answer"] {
            if let code = answer["errcode"]?.integer, code != 0 { return ("warn", "errcode \(code)") }
            if let message = answer["errMsg"]?.string { return (message == "config:ok" ? "good" : "warn", message) }
        }
        return (status < 400 ? "good" : "bad", "\(status)")
    }

    private func table(_ title: String, _ value: JSONValue?) -> HTML {
        guard case .object(let members)? = value, !members.isEmpty else { return "" }
        let rows: [HTML] = members.sorted { $0.key < $1.key }.map { name, value in
            let text = value.string ?? String(decoding: value.bytes, as: UTF8.self)
            return "<dt class=\"mono\">\(name)</dt><dd class=\"mono\">\(text)</dd>"
        }
        return "<h3>\(title)</h3><dl>\(rows)</dl>"
    }
}
