/// The panel of the clock and of the knobs that a person turns.
struct ConsoleSettings {
    let state: Platform.State
    let say: Language

    var html: HTML {
        let steps: [(Int, String)] = [
            (300, say("+5 分钟", "+5 min")), (3_600, say("+1 小时", "+1 h")), (7_200, say("+2 小时", "+2 h")),
            (86_400, say("+1 天", "+1 day")),
        ]
        let clock: [HTML] = steps.map { seconds, words in
            ConsoleButton(
                call: "clock", input: ["advance": .number(Double(seconds))], label: HTML(text: words), style: "small"
            ).html
        }
        let knobs = state.knobs
        let switches: [HTML] = [
            toggle("autoConsent", knobs.autoConsent, Bilingual("自动同意授权", "Consent by itself")),
            toggle("followersSilent", knobs.followersSilent, Bilingual("关注者静默授权", "Followers log in silently")),
            toggle("doubleCallback", knobs.doubleCallback, Bilingual("双重回调", "Call back twice")),
            toggle("requireWeChat", knobs.requireWeChat, Bilingual("只许微信打开", "Only inside WeChat")),
            toggle("ticketDiesWithToken", knobs.ticketDiesWithToken, Bilingual("票据随令牌失效", "Tickets die with tokens")),
        ]
        return """
            <section id="settings" class="card" data-live><h2>\(say("时钟与开关", "Clock and switches"))\
            <a href="/_sandbox/settings"><code>JSON</code></a></h2>
            <form method="post" action="\(Console.path)"><input type="hidden" name="at" value="settings">
            <h3>\(say("拨快时钟", "Move the clock on"))</h3><div class="row">\(clock)</div>
            <h3>\(say("开关", "Switches"))</h3>\(switches)</form></section>
            """
    }

    private func toggle(_ name: String, _ isOn: Bool, _ words: Bilingual) -> HTML {
        let input = JSONValue.object([name: .flag(!isOn)])
        let json = String(decoding: input.bytes, as: UTF8.self)
        return """
            <button name="do" value="settings \(json)" class="switch\(isOn ? " on" : "")" aria-pressed="\(isOn ? "true" : "false")">\
            <span>\(say(words))</span><code>\(name)</code><i aria-hidden="true"></i></button>
            """
    }
}

/// The panel of the people one can be.
struct ConsolePeople {
    let state: Platform.State
    let say: Language

    var html: HTML {
        let appID = state.ledgers.first?.account.appID ?? ""
        let people: [HTML] = state.users.map { user in
            let identity = Identity(of: user, in: appID, isSnapshot: false)
            return """
                <li data-user="\(user.key)">\(Pictures.avatar(of: user))<span class="who"><span class="name">\
                \(user.displayName)</span><span class="soft">\(say(user.note))</span><span class="mono soft">\
                \(identity.openID)</span></span><code>\(user.key)</code></li>

                """
        }
        return """
            <section id="people" class="card"><h2>\(say("用户", "People"))<a href="/connect/visitor">\
            \(say("我是谁", "Who am I"))</a></h2>
            <ul class="plain people">\(people)</ul></section>
            """
    }
}
