/// A link that cannot be opened: the platform's number and text, and the reason it keeps to itself.
struct ErrorPage {
    let error: PageError

    var page: Page {
        let number: HTML? = error.number.map { "<p class=\"number\">\($0)</p>" }
        let hint: HTML? = error.hint.map { "<div class=\"card stack\">\(HTML($0))</div>" }
        return Page(
            title: error.text.chinese,
            body: """
                <main>
                <div class="error" data-error="\(error.number.map(String.init) ?? "")">\(Pictures.alarm)
                <h1 class="stack">\(HTML(error.text))</h1>
                \(number)
                </div>
                \(hint)
                <footer>微信平台沙箱 <span class="en" lang="en">A sandbox of the WeChat platform</span></footer>
                </main>
                """)
    }
}

/// Goes back twice, as some Android clients do: the first address is called beside, the second one is where the visitor
/// ends. Both requests carry the browser's cookies as long as sandbox and site are one site (ports do not matter).
struct DoubleCallbackPage {
    let targets: [String]

    var page: Page {
        let links: [HTML] = targets.map { "<a class=\"button\" data-callback href=\"\($0)\">\($0)</a>" }
        let origins = targets.compactMap { PageURL($0) }.map { page in
            "\(page.scheme)://\(page.host)" + (page.port.map { ":" + $0 } ?? "")
        }
        return Page(
            title: "双重回调",
            body: """
                <main><h1 class="stack">\(HTML(Bilingual("正在回调两次…", "Calling back twice…")))</h1>\(links)</main>
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

    var page: Page {
        let cards: [HTML] = users.map { user in
            let checked: HTML = user.key == current ? " checked" : ""
            return """
                <label class="user" data-user="\(user.key)"><input type="radio" name="user" value="\(user.key)"\(checked)>\
                \(Pictures.avatar(of: user))<span class="who"><span class="name">\(user.displayName)</span>\
                <span class="note">\(HTML(user.note))</span></span><span class="tick" aria-hidden="true"></span></label>

                """
        }
        return Page(
            title: "访客身份 · 沙箱",
            body: """
                <div class="banner"><b>沙箱</b> <a href="/">微信平台沙箱 <span class="en" lang="en">Sandbox</span></a></div>
                <form class="sheet" method="post" action="/connect/visitor"><main>
                <h1>\(HTML(Bilingual("这个浏览器是谁", "Who this browser is")))</h1>
                <p class="stack">\(HTML(Bilingual("静默授权时使用此身份。", "Silent authorisation takes this person.")))</p>
                <fieldset><legend>\(HTML(Bilingual("选择身份", "Choose")))</legend>\(cards)</fieldset></main>
                <div class="bar"><div>
                <button type="submit" name="decision" value="forget" id="forget">忘记<span class="en" lang="en">Forget\
                </span></button>
                <button type="submit" name="decision" value="remember" id="keep" class="main">保存<span class="en" lang="en">\
                Save</span></button>
                </div></div></form>
                """)
    }
}
