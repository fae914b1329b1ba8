/// A link that cannot be opened: the platform's number and text, and the reason it keeps to itself.
struct ErrorPage {
    let error: PageError
    let say: Language

    var page: Page {
        let number: HTML? = error.number.map { "<p class=\"number\">\($0)</p>" }
        let hint: HTML? = error.hint.map { "<p class=\"card\">\(say($0))</p>" }
        return Page(
            title: say(error.text), say: say,
            body: """
                <main>
                <div class="error" data-error="\(error.number.map(String.init) ?? "")">\(Pictures.alarm)
                <h1>\(say(error.text))</h1>
                \(number)
                </div>
                \(hint)
                <footer>\(say("微信平台沙箱 · Magpie 鹊桥", "A sandbox of the WeChat platform · Magpie"))</footer>
                </main>
                """)
    }
}

/// Goes back twice, as some Android clients do: the first address is called beside, the second one is where the visitor
/// ends. Both requests carry the browser's cookies as long as sandbox and site are one site (ports do not matter).
struct DoubleCallbackPage {
    let targets: [String]
    let say: Language

    var page: Page {
        let links: [HTML] = targets.map { "<a class=\"button\" data-callback href=\"\($0)\">\($0)</a>" }
        let origins = targets.compactMap { PageURL($0) }.map { page in
            "\(page.scheme)://\(page.host)" + (page.port.map { ":" + $0 } ?? "")
        }
        return Page(
            title: say("双重回调", "Called back twice"), say: say,
            body: """
                <main><h1>\(say("正在回调两次…", "Calling back twice…"))</h1>\(links)</main>
                """,
            script: Self.script, connects: Array(Set(origins)).sorted())
    }

    private static let script = """
        const [first,last]=[...document.querySelectorAll('[data-callback]')].map(a=>a.href);
        fetch(first,{mode:'no-cors',credentials:'include',keepalive:true}).catch(()=>{});
        setTimeout(()=>location.replace(last),100);
        """
}

/// Who this browser is taken for when nothing is asked.
struct VisitorPage {
    let users: [User]
    let current: String?
    let say: Language

    var page: Page {
        let cards: [HTML] = users.map { user in
            let checked: HTML = user.key == current ? " checked" : ""
            return """
                <label class="user" data-user="\(user.key)"><input type="radio" name="user" value="\(user.key)"\(checked)>\
                \(Pictures.avatar(of: user))<span class="who"><span class="name">\(user.displayName)</span>\
                <span class="note">\(say(user.note))</span></span><span class="tick" aria-hidden="true"></span></label>

                """
        }
        return Page(
            title: say("访客身份 · 沙箱", "Visitor · Sandbox"), say: say,
            body: """
                <div class="banner"><b>\(say("沙箱", "Sandbox"))</b> <a href="/">\(say("回到控制台", "Back to the console"))</a></div>
                <form class="sheet" method="post" action="/connect/visitor"><main>
                <h1>\(say("这个浏览器是谁", "Who this browser is"))</h1>
                <p>\(say("静默授权时使用此身份，不再询问。", "Silent authorisation takes this person without asking."))</p>
                <fieldset><legend>\(say("选择身份", "Choose"))</legend>\(cards)</fieldset></main>
                <div class="bar"><div>
                <button type="submit" name="decision" value="forget" id="forget">\(say("忘记", "Forget"))</button>
                <button type="submit" name="decision" value="remember" id="keep" class="main">\(say("保存", "Save"))</button>
                </div></div></form>
                """)
    }
}
