import Wire

/// The page a person sees when something cannot be served: what happened, and what to do. The reader's language is large,
/// and the other one stands below it, for whoever is shown the page and asked what it means.
///
/// Constant texts and the request's id; nothing the visitor sent. Whole in itself: no script, no external resource.
enum ErrorPage {
    static func html(_ failure: Failure, requestID: String, _ say: PageLanguage) -> String {
        let label =
            switch failure {
            case .notSignedIn(_, lacksConsent: false): say("登录", "Log in")
            case .notSignedIn(_, lacksConsent: true): say("去授权", "Agree in WeChat")
            default: say("重新登录", "Try again")
            }
        let retry = failure.loginPath.map {
            "<p><a class=\"button\" href=\"\(HTMLText.escaped($0))\">\(label)</a></p>"
        }
        let reload = failure.passes ? failure.retryAfter : nil
        let (first, second) = (
            say(failure.chineseMessage, failure.message), say(failure.message, failure.chineseMessage)
        )
        return """
            <!doctype html>
            <html lang="\(say.tag)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            \(reload.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">" } ?? "")
            <title>\(HTMLText.escaped(first))</title>
            <style>\(style)</style>
            </head>
            <body>
            <main>
            \(mark)
            <h1>\(HTMLText.escaped(first))</h1>
            <p lang="\(say("en", "zh-CN"))">\(HTMLText.escaped(second))</p>
            \(retry ?? "")
            <p class="id">\(say("错误 \(failure.status.code) · 编号", "Error \(failure.status.code) · reference")) \
            <code>\(HTMLText.escaped(requestID))</code></p>
            </main>
            </body>
            </html>

            """
    }

    /// A bridge with a gap in it.
    private static let mark = """
        <svg viewBox="0 0 96 56" aria-hidden="true"><path d="M6 46C18 22 30 13 42 11M54 11c12 2 24 11 36 35" fill="none" \
        stroke="currentColor" stroke-width="5" stroke-linecap="round"/><path d="M4 47h34M58 47h34M20 46V29M34 46V15M62 46V15\
        M76 46V29" fill="none" stroke="currentColor" stroke-width="3.5" stroke-linecap="round"/></svg>
        """

    static let style =
        Stylesheet.base + """
            body{min-height:100vh;display:grid;place-items:center;padding:1.5rem 1rem}
            main{width:100%;max-width:30rem;background:var(--card);border:1px solid var(--line);border-radius:1rem;
            padding:2.25rem 1.5rem 1.5rem;text-align:center}
            svg{width:6rem;color:var(--accent)}
            h1{margin:1rem 0 .5rem;font-size:1.25rem;line-height:1.45;text-wrap:balance}
            p{margin:.5rem 0;color:var(--soft);text-wrap:balance}
            .button{margin-top:1rem;min-width:12rem}
            .id{margin-top:2rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.8125rem}
            code{font:inherit;font-family:ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;
            overflow-wrap:anywhere}
            """

    static let policy = Stylesheet.policy(of: style)
}
