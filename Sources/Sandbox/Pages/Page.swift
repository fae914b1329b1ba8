import Secure
import Wire

/// A whole page: one stylesheet for all of them, at most one script, and a policy that allows exactly these two, by their
/// digests, and nothing from anywhere else.
struct Page: Sendable {
    var title: String
    let say: Language
    var body: HTML
    var script = ""
    /// Where the script may connect to.
    var connects: [String] = []
    /// A browser holds the redirect after a form to the same list as the form, and that of the page of consent leads to any
    /// site.
    var leadsAway = false

    func response() -> Response {
        var fields: [(FieldName, String)] = [
            (.contentType, "text/html; charset=utf-8"),
            (.cacheControl, "no-store"),
            (.contentSecurityPolicy, policy),
            (.xContentTypeOptions, "nosniff"),
            // A page of consent posts to itself: with "no-referrer" its Origin would be null and could not be told from a
            // stranger's.
            (.referrerPolicy, "same-origin"),
        ]
        fields += [("Content-Language", say.tag), (.vary, "Accept-Language")]
        return answer(.ok, fields, Array(markup.text.utf8))
    }

    private var markup: HTML {
        let script: HTML = self.script.isEmpty ? "" : "<script>\(HTML(stringLiteral: self.script))</script>"
        return """
            <!doctype html>
            <html lang="\(say.tag)">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
            <meta name="color-scheme" content="light dark">
            <meta name="robots" content="noindex">
            <link rel="icon" href="data:,">
            <title>\(title)</title>
            <style>\(HTML(stringLiteral: Stylesheet.text))</style>
            </head>
            <body>
            \(body)
            \(script)
            </body>
            </html>

            """
    }

    private var policy: String {
        var parts = [
            "default-src 'none'", "style-src 'sha256-\(Self.digest(Stylesheet.text))'", "img-src 'self' data:",
            "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'" + (leadsAway ? " http: https:" : ""),
        ]
        if !script.isEmpty { parts.append("script-src 'sha256-\(Self.digest(script))'") }
        if !connects.isEmpty { parts.append("connect-src " + connects.joined(separator: " ")) }
        return parts.joined(separator: "; ")
    }

    private static func digest(_ text: String) -> String {
        Base64.encode(Digest.sha256(Array(text.utf8)))
    }
}
