import Wire

/// The page a person sees when something cannot be served: what happened, in Chinese and English, and what to do.
///
/// Constant texts and the request's id; nothing the visitor sent. Whole in itself: no script, no external resource.
enum ErrorPage {
    static func html(_ failure: Failure, requestID: String) -> String {
        let label = if case .notSignedIn = failure { "登录 · Log in" } else { "重新登录 · Try again" }
        let retry = failure.loginPath.map {
            "<p><a class=\"button\" href=\"\(HTMLText.escaped($0))\">\(label)</a></p>"
        }
        let reload = failure.passes ? failure.retryAfter : nil
        return """
            <!doctype html>
            <html lang="zh-CN">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            \(reload.map { "<meta http-equiv=\"refresh\" content=\"\($0)\">" } ?? "")
            <title>\(failure.status.code) · Magpie</title>
            <style>\(style)</style>
            </head>
            <body>
            <main>
            <p class="status">\(failure.status.code)</p>
            <h1>\(HTMLText.escaped(failure.chineseMessage))</h1>
            <p lang="en">\(HTMLText.escaped(failure.message))</p>
            \(retry ?? "")
            <p class="id">\(HTMLText.escaped(requestID))</p>
            </main>
            </body>
            </html>

            """
    }

    static let style =
        Stylesheet.base + """
            body{min-height:100vh;display:grid;place-items:center;padding:1.5rem}
            main{width:100%;max-width:30rem;background:var(--card);border-radius:1rem;padding:2rem 1.5rem;text-align:center}
            h1{margin:.25rem 0 .75rem;font-size:1.25rem;line-height:1.4}
            p{margin:.5rem 0;color:var(--soft)}
            .status{font-size:2.5rem;font-weight:700;color:var(--accent);margin:0}
            .button{margin-top:1rem}
            .id{margin-top:1.5rem;font:.75rem ui-monospace,monospace}
            """

    static let policy = Stylesheet.policy(of: style)
}
