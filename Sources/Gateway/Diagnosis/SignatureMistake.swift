/// What was wrong with a signature, with the words to mend it.
enum SignatureMistake: String, Sendable, Encodable {
    case fragmentSigned = "fragment_signed"
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
    case parameterName = "parameter_name"
    case milliseconds
    case previousTicket = "previous_ticket"
    case otherAccount = "other_account"
    case unknownAppID = "unknown_app_id"
    case badSignatureShape = "bad_signature_shape"

    var english: String {
        switch self {
        case .fragmentSigned: "The part after # was signed. Sign location.href.split('#')[0]."
        case .otherPageSigned:
            "Another page's URL was signed than WeChat verified. iOS verifies the page that was entered first, "
                + "Android the current one: sign what realAuthUrl names."
        case .otherScheme: "http was signed for https, or the reverse. Let the page send its own location.href."
        case .queryDropped: "The query was left out of the signed URL. The whole URL up to # is signed."
        case .encodedOnceMore: "The URL was signed in its encoded form. Decode the parameter once before signing."
        case .decoded: "The URL was decoded before signing. Sign it as location.href has it, with its % escapes."
        case .portAdded: "A port was added to the signed URL."
        case .portDropped: "The port was left out of the signed URL."
        case .ampersandEscaped: "&amp; was signed for &: the URL went through an HTML template."
        case .trailingSlash: "A trailing slash was added or dropped. A bare host becomes https://host/ in a browser."
        case .lineBreak: "A line break stands at the end of the signed URL."
        case .shareParametersDropped:
            "The URL was signed without the parameters WeChat adds on sharing (from, isappinstalled)."
        case .parameterName: "nonceStr was used in the signed text; there it is noncestr, in lower case."
        case .milliseconds: "The timestamp is in milliseconds; WeChat wants seconds."
        case .previousTicket: "It was signed with the ticket before the current one. Fetch a fresh signature."
        case .otherAccount: "It was signed with another account's ticket. appId and ticket must be of one account."
        case .unknownAppID: "This appId is not among the configured accounts."
        case .badSignatureShape: "The signature is not 40 lower-case hexadecimal digits."
        }
    }

    var chinese: String {
        switch self {
        case .fragmentSigned: "签名时带上了 # 之后的部分，请使用 location.href.split('#')[0]。"
        case .otherPageSigned: "签名的页面与微信校验的页面不同：iOS 校验首次进入的 URL，Android 校验当前 URL，请以 realAuthUrl 为准。"
        case .otherScheme: "http 与 https 不一致，请由页面传来 location.href。"
        case .queryDropped: "签名的 URL 丢掉了查询参数，# 之前的部分要完整参与签名。"
        case .encodedOnceMore: "签名的是编码后的 URL，请先解码一次再签名。"
        case .decoded: "签名前对 URL 做了解码，请保持 location.href 中的 % 转义。"
        case .portAdded: "签名的 URL 多了端口。"
        case .portDropped: "签名的 URL 少了端口。"
        case .ampersandEscaped: "URL 中的 & 被写成了 &amp;，多半经过了 HTML 模板转义。"
        case .trailingSlash: "末尾的斜杠多了或少了，浏览器会把裸域名变成 https://域名/。"
        case .lineBreak: "签名的 URL 末尾有换行。"
        case .shareParametersDropped: "签名时去掉了微信分享附加的参数（from、isappinstalled）。"
        case .parameterName: "签名串里应使用全小写的 noncestr，而不是 nonceStr。"
        case .milliseconds: "timestamp 用了毫秒，应为秒。"
        case .previousTicket: "使用的是上一个 jsapi_ticket，请重新获取签名。"
        case .otherAccount: "使用了另一个公众号的 ticket，appId 与 ticket 必须属于同一账号。"
        case .unknownAppID: "该 appId 不在已配置的公众号之中。"
        case .badSignatureShape: "signature 不是 40 位小写十六进制。"
        }
    }
}
