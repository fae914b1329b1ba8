import Secure

/// The page on which a visitor chooses who to be, and allows or refuses: inside WeChat and, with a code to scan, on a
/// computer.
///
/// `data-user`, `#remember`, `#allow` and `#deny` are what browser tests hold on to.
struct ConsentPage {
    let link: AuthorizeLink
    let account: Account
    let users: [User]
    let remembered: String?
    let say: Language

    var page: Page {
        Page(
            title: "\(account.name) · \(say("微信授权（沙箱）", "WeChat authorisation (sandbox)"))", say: say, body: body,
            script: Self.script, leadsAway: true)
    }

    private var body: HTML {
        """
        <div class="banner"><b>\(say("沙箱", "Sandbox"))</b> <span>\(say("这不是微信", "This is not WeChat"))</span></div>
        <form class="sheet" method="post" action="\(link.flavour.rawValue)/decide">
        <input type="hidden" name="link" value="\(link.raw)">
        <main>
        <section class="card">
        <div class="app">\(Pictures.bridge)<div><strong>\(account.name)</strong><span class="mono">\(account.appID)</span></div></div>
        \(picture)
        <h1>\(say(heading))</h1>
        <ul class="asks">\(asks)</ul>
        </section>
        <p class="notice" id="fragment-missing" hidden>\(say(Self.fragmentWarning))</p>
        \(warnings)
        <fieldset><legend>\(say("选择身份", "Choose who you are"))</legend>
        \(users.enumerated().map { card($0.element, isChosen: isChosen($0.element, at: $0.offset)) })
        </fieldset>
        <label class="check"><input type="checkbox" name="remember" id="remember" value="yes" checked>\
        <span>\(say("记住身份，以后静默授权不再询问", "Remember me: what is silent in WeChat then needs no page"))</span></label>
        <details><summary>\(say("请求参数", "What was asked"))</summary><div class="card"><dl>
        <dt>redirect_uri</dt><dd class="mono">\(link.redirectURI)</dd>
        <dt>scope</dt><dd class="mono">\(link.scope)</dd>
        <dt>state</dt><dd class="mono">\(link.state ?? "—")</dd>
        </dl></div></details>
        </main>
        <div class="bar"><div>
        <button type="submit" name="decision" value="deny" id="deny">\(say("拒绝", "Deny"))</button>
        <button type="submit" name="decision" value="allow" id="allow" class="main">\(say("允许", "Allow"))</button>
        </div></div>
        </form>
        """
    }

    private func isChosen(_ user: User, at position: Int) -> Bool {
        guard let remembered, users.contains(where: { $0.key == remembered }) else { return position == 0 }
        return user.key == remembered
    }

    private func card(_ user: User, isChosen: Bool) -> HTML {
        let checked: HTML = isChosen ? " checked" : ""
        return """
            <label class="user" data-user="\(user.key)"><input type="radio" name="user" value="\(user.key)"\(checked)>\
            \(Pictures.avatar(of: user))<span class="who"><span class="name">\(user.displayName)</span>\
            <span class="note">\(say(user.note))</span></span><span class="tick" aria-hidden="true"></span></label>

            """
    }

    private var heading: Bilingual {
        switch link.scope {
        case "snsapi_base": Bilingual("进入网页", "Open the page")
        case "snsapi_login": Bilingual("微信扫码登录", "Log in by scanning")
        default: Bilingual("申请获取你的昵称和头像", "Asks for your name and picture")
        }
    }

    private var asks: HTML {
        let silent = Bilingual(
            "只取得 openid。微信里这一步没有页面。", "Only the openid is given. WeChat shows no page for this.")
        let profile = Bilingual("openid、昵称、头像，有则附 unionid", "openid, name, picture, and the unionid if there is one")
        return "<li>\(say(link.scope == "snsapi_base" ? silent : profile))</li>"
    }

    private var picture: HTML? {
        link.flavour == .website ? Pictures.code(seed: Digest.sha256(Array(link.raw.utf8))) : nil
    }

    private var warnings: [HTML] {
        var warnings: [Bilingual] = []
        if link.forcesSnapshot {
            warnings.append(
                Bilingual(
                    "forceSnapShot：允许后得到的是快照页的虚拟身份。",
                    "forceSnapShot: what you allow is given as a snapshot, a virtual identity."))
        }
        return warnings.map { "<p class=\"notice\">\(say($0))</p>" }
    }

    private static let fragmentWarning = Bilingual(
        "链接末尾缺少 #wechat_redirect，微信里会打不开。",
        "The link lacks #wechat_redirect at its end; WeChat would not open it.")

    /// The fragment never reaches a server: only the page can see that it is missing.
    private static let script = """
        if(location.hash!=='#wechat_redirect')document.getElementById('fragment-missing').hidden=false;
        """
}
