/// What was wrong with a signature, with the words to mend it.
enum SignatureMistake: String, Sendable, CaseIterable {
    case fragmentSigned = "fragment_signed"
    case entryURLSigned = "entry_url_signed"
    case currentURLSigned = "current_url_signed"
    case otherPageSigned = "other_page_signed"
    case otherScheme = "other_scheme"
    case queryDropped = "query_dropped"
    case encodedOnceMore = "encoded_once_more"
    case decoded
    case portAdded = "port_added"
    case portDropped = "port_dropped"
    case ampersandEscaped = "ampersand_escaped"
    case trailingSlash = "trailing_slash"
    case lineBreak = "line_break"
    case shareParametersDropped = "share_parameters_dropped"
    case loginParametersDropped = "login_parameters_dropped"
    case urlMissing = "url_missing"
    case parameterName = "parameter_name"
    case milliseconds
    case timestampShape = "timestamp_shape"
    case unknownAppID = "unknown_app_id"
    case badSignatureShape = "bad_signature_shape"

    var finding: SignatureReport.Finding {
        let (english, chinese) = words
        return SignatureReport.Finding(code: rawValue, english: english, chinese: chinese)
    }

    private var words: (english: String, chinese: String) {
        switch self {
        case .fragmentSigned:
            (
                "The part after # was signed. Sign location.href.split('#')[0].",
                "签名时带上了 # 之后的部分，请使用 location.href.split('#')[0]。"
            )
        case .entryURLSigned:
            (
                "The URL the page was entered with was signed, and WeChat verified the current one, as it does "
                    + "everywhere but on iOS. After pushState or replaceState, sign location.href again.",
                "签名的是首次进入页面的 URL，而微信（iOS 之外）校验的是当前 URL。pushState、replaceState 之后请用 location.href 重新签名。"
            )
        case .currentURLSigned:
            (
                "The current URL was signed, and WeChat verified the one the page was entered with, as it does on iOS. "
                    + "Sign the URL of the last full page load there.",
                "签名的是当前 URL，而 iOS 微信校验的是首次进入页面时的 URL，请对首次进入的 URL 签名。"
            )
        case .otherPageSigned:
            (
                "Another page's URL was signed than WeChat verified. Sign the page that is open, not the one that led "
                    + "to it or the site's root.",
                "签名的页面与微信校验的页面不同：请对当前打开的页面签名，而不是来源页或站点首页。"
            )
        case .otherScheme:
            (
                "http was signed for https, or the reverse. Let the page send its own location.href: behind a proxy "
                    + "the server sees http.",
                "http 与 https 不一致：经过反向代理后服务器看到的是 http，请由页面传来 location.href。"
            )
        case .queryDropped:
            (
                "The query was left out of the signed URL, or a part of it: the whole URL up to # is signed. Encode it "
                    + "with encodeURIComponent when you send it to the server.",
                "签名的 URL 丢掉了查询参数或其中一部分：# 之前的部分要完整参与签名，传给服务器时请用 encodeURIComponent 编码。"
            )
        case .encodedOnceMore:
            (
                "The URL was signed in an encoded form. Decode the parameter once before signing.",
                "签名的是多编码了一次的 URL，请先解码一次再签名。"
            )
        case .decoded:
            (
                "The URL was decoded before signing. Sign it as location.href has it, with its % escapes.",
                "签名前对 URL 做了解码，请保持 location.href 中的 % 转义。"
            )
        case .portAdded:
            ("A port was added to the signed URL.", "签名的 URL 多了端口。")
        case .portDropped:
            ("The port was left out of the signed URL.", "签名的 URL 少了端口。")
        case .ampersandEscaped:
            (
                "&amp; was signed for &: the URL went through an HTML template.",
                "URL 中的 & 被写成了 &amp;，多半经过了 HTML 模板转义。"
            )
        case .trailingSlash:
            (
                "A trailing slash was added or dropped. A bare host becomes https://host/ in a browser.",
                "末尾的斜杠多了或少了，浏览器会把裸域名变成 https://域名/。"
            )
        case .lineBreak:
            ("A line break or a space stands at the end of the signed URL.", "签名的 URL 末尾有换行或空格。")
        case .shareParametersDropped:
            (
                "The URL was signed without the parameters WeChat adds on sharing (from, isappinstalled, scene).",
                "签名时去掉了微信分享附加的参数（from、isappinstalled、scene）。"
            )
        case .loginParametersDropped:
            (
                "The URL was signed without the code and state that a login left in it.",
                "签名时去掉了网页授权留下的 code 与 state 参数。"
            )
        case .urlMissing:
            (
                "No URL was signed at all: the parameter did not reach the server.",
                "签名时没有 URL：页面的参数没有传到服务器。"
            )
        case .parameterName:
            (
                "nonceStr was used in the signed text; there it is noncestr, in lower case.",
                "签名串里应使用全小写的 noncestr，而不是 nonceStr。"
            )
        case .milliseconds:
            ("The timestamp is in milliseconds; WeChat wants seconds.", "timestamp 用了毫秒，应为秒。")
        case .timestampShape:
            (
                "The timestamp is no whole number of seconds: use Math.floor(Date.now() / 1000).",
                "timestamp 不是整数秒，请使用 Math.floor(Date.now() / 1000)。"
            )
        case .unknownAppID:
            ("This appId is not among the configured accounts.", "该 appId 不在已配置的公众号之中。")
        case .badSignatureShape:
            ("The signature is not 40 lower-case hexadecimal digits.", "signature 不是 40 位小写十六进制。")
        }
    }
}
