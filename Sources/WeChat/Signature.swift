import Secure

/// The signature of a page, as `wx.config` has it verified.
///
/// Source: "附录1-JS-SDK使用权限签名算法": the lower-case hexadecimal SHA-1 of
/// `jsapi_ticket=…&noncestr=…&timestamp=…&url=…`, in this order, nothing percent-encoded.
public enum Signature {
    /// 40 hexadecimal digits.
    ///
    /// - Parameters:
    ///   - timestamp: Seconds since 1970, as `wx.config` gets it.
    ///   - url: As the page has it, without its fragment; see `withoutFragment`. Not a character of it is changed.
    public static func sign(ticket: String, nonce: String, timestamp: String, url: String) -> String {
        sign(Secret(ticket), nonce, timestamp, url)
    }

    /// The signature that a ticket gives, for a page or for the explanation of one.
    public static func sign(ticket: Ticket, nonce: String, timestamp: String, url: String) -> String {
        sign(ticket.secret, nonce, timestamp, url)
    }

    private static func sign(_ ticket: Secret, _ nonce: String, _ timestamp: String, _ url: String) -> String {
        var signature: [UInt8] = []
        let text = signedText(
            ticket: ticket, nonce: nonce.utf8Span.span, timestamp: timestamp.utf8Span.span, url: url.utf8Span.span)
        append(of: text, to: &signature)
        return String(decoding: signature, as: UTF8.self)
    }

    /// What is hashed: the one allocation of the hot path.
    static func signedText(
        ticket: Secret, nonce: Span<UInt8>, timestamp: Span<UInt8>, url: Span<UInt8>
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(192 + url.count)
        text.append(contentsOf: "jsapi_ticket=".utf8)
        ticket.withBytes { text.append($0) }
        text.append(contentsOf: "&noncestr=".utf8)
        text.append(nonce)
        text.append(contentsOf: "&timestamp=".utf8)
        text.append(timestamp)
        text.append(contentsOf: "&url=".utf8)
        text.append(url)
        return text
    }

    /// Appends the 40 digits to a reply under construction.
    static func append(of text: [UInt8], to output: inout [UInt8]) {
        Digest.appendSHA1Hex(of: text.span, to: &output)
    }

    /// The part of a URL before its first `#`, which is what WeChat's client verifies against.
    ///
    /// By bytes, and nothing else is touched: wechat-jssdk parsed the URL for this and cut it at the text "null".
    public static func withoutFragment(_ url: String) -> String {
        guard let mark = url.utf8.firstIndex(of: UInt8(ascii: "#")) else { return url }
        return String(url[..<mark])
    }
}

extension [UInt8] {
    mutating func append(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { append(contentsOf: $0) }
    }
}
