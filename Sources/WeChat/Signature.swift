import Secure
import Wire

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
        let digits = digits(
            ticket: ticket, nonce: nonce.utf8Span.span, timestamp: timestamp.utf8Span.span, url: url.utf8Span.span)
        return String(decoding: digits.indices.map { digits[$0] }, as: UTF8.self)
    }

    /// What is hashed is put together on the stack, unless the URL is very long: the hot path allocates nothing.
    static func digits(
        ticket: Secret, nonce: Span<UInt8>, timestamp: Span<UInt8>, url: Span<UInt8>
    ) -> InlineArray<40, UInt8> {
        ticket.withBytes { ticket in
            let count = 39 + ticket.count + nonce.count + timestamp.count + url.count
            // Each piece goes behind the one before, and the count is the sum of their lengths.
            return unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { text in
                var writer = unsafe ByteWriter(text)
                writer.put("jsapi_ticket=")
                writer.put(ticket)
                writer.put("&noncestr=")
                writer.put(nonce)
                writer.put("&timestamp=")
                writer.put(timestamp)
                writer.put("&url=")
                writer.put(url)
                return unsafe Digest.sha1Hex(of: writer.written.span)
            }
        }
    }

    /// The part of a URL before its first `#`, which is what WeChat's client verifies against.
    ///
    /// By bytes, and nothing else is touched: wechat-jssdk parsed the URL for this and cut it at the text "null".
    public static func withoutFragment(_ url: String) -> String {
        guard let mark = url.utf8.firstIndex(of: UInt8(ascii: "#")) else { return url }
        return String(url[..<mark])
    }
}
